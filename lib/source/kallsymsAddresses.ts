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

const upperHalf = 1n << 63n
/** Symbols that decide on the order; the rest follows them. */
const trialSymbols = 4096

/**
 * The encoding under which known symbols come out right and the addresses ascend: kernels do not say which one they use. Undefined where
 * none fits: known symbols come out wrong in all of them, or, with none known, addresses do not ascend.
 */
export function kallsymsEncodingOf(
  entries: KallsymsEntries, count: number, encodings: readonly KallsymsEncoding[], known: readonly KnownAddress[]
): KallsymsEncoding | undefined {
  const asked = known.filter(({ index }) => index < count)
  let best: { encoding: KallsymsEncoding; right: number; sorted: number } | undefined
  for (const encoding of encodings) {
    if (entries.base === undefined && (encoding === 'relative' || encoding === 'absolutePerCpu')) continue
    const entryBytes = encoding === 'absolute' ? 8 : 4
    if (count * entryBytes > entries.bytes.byteLength) continue
    const right = asked.filter(({ index, address }) => {
      const one = { ...entries, bytes: entries.bytes.subarray(index * entryBytes), address: entries.address + BigInt(index * entryBytes) }
      return decodeKallsymsAddresses(one, 1, encoding)[0] === address
    }).length
    const trial = decodeKallsymsAddresses(entries, asked.length > 0 ? Math.min(count, trialSymbols) : count, encoding)
    // The last symbols of a kernel are its own, whatever stands first.
    if (asked.length === 0 && trial[count - 1] < upperHalf) continue
    const sorted = ascending(trial)
    if (best === undefined || right > best.right || (right === best.right && sorted > best.sorted)) best = { encoding, right, sorted }
  }
  if (best === undefined) return undefined
  const fits = asked.length > 0 ? best.right * 2 > asked.length : best.sorted === 1
  return fits ? best.encoding : undefined
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
