import { FormatError } from '../errors.js'

/**
 * How a kernel stores its symbols' addresses (Linux scripts/kallsyms.c over time):
 * `absolute` 64-bit addresses (`kallsyms_addresses`, gone in 6.11);
 * `relative` unsigned 32-bit offsets from `kallsyms_relative_base` (since 4.6);
 * `absolutePerCpu` signed offsets: 0 and above are addresses themselves, below 0 they count down from the base, less one
 * (KALLSYMS_ABSOLUTE_PERCPU, 4.6 to 6.14);
 * `placeRelative` signed 32-bit distances from each entry itself (7.0 on).
 */
export type KallsymsEncoding = 'absolute' | 'relative' | 'absolutePerCpu' | 'placeRelative'

/** The tables as read: entries of 4 bytes, or of 8 for absolute addresses. */
export interface KallsymsEntries {
  readonly bytes: Uint8Array
  readonly littleEndian: boolean
  /** Where the first entry lies in the kernel's memory. */
  readonly address: bigint
  /** `kallsyms_relative_base`; undefined where the kernel has none. */
  readonly base: bigint | undefined
}

/** The addresses that `count` entries stand for in one encoding. */
export function decodeKallsymsAddresses(entries: KallsymsEntries, count: number, encoding: KallsymsEncoding): BigUint64Array {
  const entryBytes = encoding === 'absolute' ? 8 : 4
  if (count * entryBytes > entries.bytes.byteLength) {
    throw new FormatError('symbol addresses cut short', {
      source: encoding === 'absolute' ? 'kallsyms_addresses' : 'kallsyms_offsets',
      found: `${entries.bytes.byteLength} bytes`, expected: `${count * entryBytes}`
    })
  }
  if (entries.base === undefined && (encoding === 'relative' || encoding === 'absolutePerCpu')) {
    throw new FormatError('no base for relative symbol addresses', { source: 'kallsyms_offsets', expected: 'kallsyms_relative_base' })
  }
  const addresses = new BigUint64Array(count)
  const halves = new Uint32Array(addresses.buffer)
  const view = new DataView(entries.bytes.buffer, entries.bytes.byteOffset, entries.bytes.byteLength)
  const origin = encoding === 'placeRelative' ? entries.address : (entries.base ?? 0n)
  // 64-bit sums of two halves: exact, and without a bigint for each of a hundred thousand symbols.
  const originLow = Number(origin & 0xffffffffn)
  const originHigh = Number(origin >> 32n)
  const [low, high] = halvesInOrder()
  for (let i = 0; i < count; i++) {
    if (encoding === 'absolute') {
      addresses[i] = view.getBigUint64(i * 8, entries.littleEndian)
      continue
    }
    let sum: number
    if (encoding === 'relative') sum = originLow + view.getUint32(i * 4, entries.littleEndian)
    else {
      const offset = view.getInt32(i * 4, entries.littleEndian)
      if (encoding === 'placeRelative') sum = originLow + i * 4 + offset
      else if (offset < 0) sum = originLow - 1 - offset
      else {
        halves[i * 2 + low] = offset
        continue
      }
    }
    halves[i * 2 + low] = sum
    halves[i * 2 + high] = originHigh + Math.floor(sum / 0x1_0000_0000)
  }
  return addresses
}

/** Positions of the low and the high half of a 64-bit element on the host that runs us. */
function halvesInOrder(): [low: number, high: number] {
  return new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? [0, 1] : [1, 0]
}

/** What is known of some symbols' addresses, by their place in the table. */
export interface KnownAddress {
  readonly index: number
  readonly address: bigint
}

/** Tells how likely `addresses` are the symbols': kernels sort them, and some are known from elsewhere. */
export interface KallsymsFit {
  readonly encoding: KallsymsEncoding
  readonly addresses: BigUint64Array
  /** Known addresses that came out right, and how many were asked. */
  readonly known: number
  readonly asked: number
  /** Neighbours in ascending order, as a share of all. */
  readonly sorted: number
}

/**
 * Decodes the entries in the encoding under which known symbols come out right and the addresses ascend: kernels do not say which one
 * they use. Undefined where none fits: a known symbol wrong in all of them, or, with none known, addresses that do not ascend.
 */
export function fitKallsymsAddresses(entries: KallsymsEntries, count: number, encodings: readonly KallsymsEncoding[], known: readonly KnownAddress[]): KallsymsFit | undefined {
  let best: KallsymsFit | undefined
  for (const encoding of encodings) {
    if (entries.base === undefined && (encoding === 'relative' || encoding === 'absolutePerCpu')) continue
    if (count * (encoding === 'absolute' ? 8 : 4) > entries.bytes.byteLength) continue
    const addresses = decodeKallsymsAddresses(entries, count, encoding)
    const asked = known.filter(({ index }) => index < count)
    const right = asked.filter(({ index, address }) => addresses[index] === address).length
    const fit: KallsymsFit = { encoding, addresses, known: right, asked: asked.length, sorted: ascending(addresses) }
    if (best === undefined || fit.known > best.known || (fit.known === best.known && fit.sorted > best.sorted)) best = fit
  }
  if (best === undefined) return undefined
  const fits = best.asked > 0 ? best.known * 2 > best.asked : best.sorted === 1
  return fits ? best : undefined
}

function ascending(addresses: BigUint64Array): number {
  if (addresses.length < 2) return 1
  const halves = new Uint32Array(addresses.buffer, addresses.byteOffset, addresses.length * 2)
  const [low, high] = halvesInOrder()
  let right = 0
  for (let i = 1; i < addresses.length; i++) {
    const difference = halves[i * 2 + high] - halves[i * 2 - 2 + high]
    if (difference > 0 || (difference === 0 && halves[i * 2 + low] >= halves[i * 2 - 2 + low])) right++
  }
  return right / (addresses.length - 1)
}
