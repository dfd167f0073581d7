import { FormatError, MissingSymbolError } from '../errors.js'
import { decodeKallsymsAddresses, kallsymsEncodingOf, type KallsymsEncoding, type KnownAddress } from '../source/kallsymsAddresses.js'
import { expandKallsymsNames, namesPerMarker, parseKallsymsTokens, tokenCount, type KallsymsNames, type KallsymsTokens } from '../source/kallsymsNames.js'
import type { Warnings } from '../warnings.js'
import { Kallsyms } from './kallsyms.js'

/** Bytes at a kernel address; undefined where any of them is missing. */
export type ReadKernel = (address: bigint, bytes: number) => Uint8Array | undefined

/** Where the tables lie, as VMCOREINFO tells (Linux 6.0 on) or as they were found by their shape. */
export interface KallsymsPlaces {
  readonly names: bigint
  readonly numSyms: bigint
  readonly tokenTable: bigint
  readonly tokenIndex: bigint
  /** `kallsyms_addresses`, of kernels that hold 64-bit addresses. */
  readonly addresses: bigint | undefined
  readonly offsets: bigint | undefined
  readonly relativeBase: bigint | undefined
}

/** No kernel has more symbols: a full 6.12 has 200,000. */
const mostSymbols = 8_000_000
/** Tokens are a few characters each. */
const mostTokenBytes = 0x10000
const pieceBytes = 0x10000
const smallestPage = 0x1000

/** Places by the symbols in VMCOREINFO; undefined where the kernel does not tell them. */
export function kallsymsPlaces(symbol: (name: string) => bigint | undefined): KallsymsPlaces | undefined {
  const names = symbol('kallsyms_names')
  const numSyms = symbol('kallsyms_num_syms')
  const tokenTable = symbol('kallsyms_token_table')
  const tokenIndex = symbol('kallsyms_token_index')
  const addresses = symbol('kallsyms_addresses')
  const offsets = symbol('kallsyms_offsets')
  if (names === undefined || numSyms === undefined || tokenTable === undefined || tokenIndex === undefined) return undefined
  if (addresses === undefined && offsets === undefined) return undefined
  return { names, numSyms, tokenTable, tokenIndex, addresses, offsets, relativeBase: symbol('kallsyms_relative_base') }
}

/**
 * Reads the kernel's symbols out of its memory. `known` are addresses that are told elsewhere (VMCOREINFO's symbols): they choose between
 * the encodings.
 *
 * Where a page of the tables is missing, the symbols before it are given and a warning says how many there should be.
 *
 * @throws MissingSymbolError where no symbol can be read, FormatError where the tables are damaged
 */
export function readKallsyms(
  read: ReadKernel, places: KallsymsPlaces, known: ReadonlyMap<string, bigint>, littleEndian: boolean, warnings: Warnings
): Kallsyms {
  const count = readCount(read, places.numSyms, littleEndian)
  const tokens = readTokens(read, places, littleEndian)
  const names = readNames(read, places.names, count, tokens)
  if (names.length === 0) throw new MissingSymbolError('kallsyms_names', 'its page is not in the dump, so there are no kernel symbols')
  if (names.length < count) warnings.add(`kernel symbols cut short by a missing page: ${names.length} of ${count}`)
  const wide = places.offsets === undefined
  const at = (places.offsets ?? places.addresses)!
  const bytes = readUpTo(read, at, names.length * (wide ? 8 : 4))
  const usable = Math.min(names.length, Math.floor(bytes.length / (wide ? 8 : 4)))
  if (usable === 0) throw new MissingSymbolError(wide ? 'kallsyms_addresses' : 'kallsyms_offsets', 'its page is not in the dump, so kernel symbols have no addresses')
  if (usable < names.length) warnings.add(`kernel symbol addresses cut short by a missing page: ${usable} of ${names.length}`)
  const shown = usable === names.length ? names : firstNames(names, usable)
  const base = places.relativeBase === undefined ? undefined : readU64Or(read, places.relativeBase, littleEndian)
  const encodings: KallsymsEncoding[] = wide ? ['absolute'] : ['relative', 'absolutePerCpu', 'placeRelative']
  const entries = { bytes, littleEndian, address: at, base }
  const encoding = kallsymsEncodingOf(entries, usable, encodings, knownPlaces(shown, known))
  if (encoding === undefined) {
    throw new FormatError('kernel symbol addresses in no known encoding', {
      source: wide ? 'kallsyms_addresses' : 'kallsyms_offsets', expected: known.has('_stext') ? `_stext at 0x${known.get('_stext')!.toString(16)}` : 'ascending addresses'
    })
  }
  return new Kallsyms(shown, decodeKallsymsAddresses(entries, usable, encoding), encoding)
}

function readCount(read: ReadKernel, address: bigint, littleEndian: boolean): number {
  const bytes = read(address, 4)
  if (bytes === undefined) throw new MissingSymbolError('kallsyms_num_syms', 'its page is not in the dump, so there are no kernel symbols')
  const count = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, littleEndian)
  if (count === 0 || count > mostSymbols) {
    throw new FormatError('impossible number of kernel symbols', { source: 'kallsyms_num_syms', found: `${count}`, expected: `1 to ${mostSymbols}` })
  }
  return count
}

function readTokens(read: ReadKernel, places: KallsymsPlaces, littleEndian: boolean): KallsymsTokens {
  const index = read(places.tokenIndex, tokenCount * 2)
  if (index === undefined) throw new MissingSymbolError('kallsyms_token_index', 'its page is not in the dump, so symbol names cannot be expanded')
  const last = new DataView(index.buffer, index.byteOffset, index.byteLength).getUint16(tokenCount * 2 - 2, littleEndian)
  const table = readUpTo(read, places.tokenTable, Math.min(last + 1024, mostTokenBytes))
  if (table.length <= last) throw new MissingSymbolError('kallsyms_token_table', 'its page is not in the dump, so symbol names cannot be expanded')
  return parseKallsymsTokens(table, index, littleEndian)
}

/** Reads and expands names, as many bytes as it takes. */
function readNames(read: ReadKernel, address: bigint, count: number, tokens: KallsymsTokens): KallsymsNames {
  // Compressed names take about 12 bytes; reading on is cheap where they take more.
  for (let bytes = count * 16 + 4096; ; bytes *= 2) {
    const compressed = readUpTo(read, address, bytes)
    const names = expandOnce(compressed, count, tokens)
    if (names.length === count || compressed.length < bytes) return names
  }
}

/**
 * Names with a length byte of 128 and more do not say whether a second byte follows. The markers, which lie right behind the names, do:
 * they hold the offset of every 256th name.
 */
function expandOnce(compressed: Uint8Array, count: number, tokens: KallsymsTokens): KallsymsNames {
  let failure: unknown
  let fallback: KallsymsNames | undefined
  for (const bigSymbols of [true, false]) {
    try {
      const names = expandKallsymsNames(compressed, count, tokens, bigSymbols)
      if (markersFollow(compressed, names)) return names
      fallback ??= names
    } catch (error) {
      failure ??= error
    }
  }
  if (fallback === undefined) throw failure
  return fallback
}

function markersFollow(compressed: Uint8Array, names: KallsymsNames): boolean {
  if (names.markers.length < 2) return true
  const view = new DataView(compressed.buffer, compressed.byteOffset, compressed.byteLength)
  // Offsets are 4 bytes since 4.20, unsigned long before; aligned to 4 or 8.
  for (const [align, bytes] of [[4, 4], [8, 4], [8, 8]]) {
    const start = Math.ceil(names.bytes / align) * align
    if (start + 2 * bytes > compressed.length) continue
    for (const littleEndian of [true, false]) {
      const at = (i: number): number => bytes === 4 ? view.getUint32(start + i * 4, littleEndian) : Number(view.getBigUint64(start + i * 8, littleEndian))
      if (at(0) === 0 && at(1) === names.markers[1]) return true
    }
  }
  return false
}

/** Bytes from `address` up to the first missing page. */
export function readUpTo(read: ReadKernel, address: bigint, bytes: number): Uint8Array {
  const whole = read(address, bytes)
  if (whole !== undefined) return whole
  const parts: Uint8Array[] = []
  let done = 0
  while (done < bytes) {
    const at = address + BigInt(done)
    const toPage = smallestPage - Number(at & BigInt(smallestPage - 1))
    const part = read(at, Math.min(pieceBytes, bytes - done)) ?? read(at, Math.min(toPage, bytes - done))
    if (part === undefined) break
    parts.push(part)
    done += part.length
  }
  return Buffer.concat(parts)
}

function readU64Or(read: ReadKernel, address: bigint, littleEndian: boolean): bigint | undefined {
  const bytes = read(address, 8)
  return bytes && new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, littleEndian)
}

function firstNames(names: KallsymsNames, length: number): KallsymsNames {
  return {
    ...names, length, starts: names.starts.subarray(0, length + 1), letters: names.letters.subarray(0, length),
    markers: names.markers.subarray(0, Math.ceil(length / namesPerMarker))
  }
}

/** Where symbols of known addresses stand in the table. A name that comes twice tells nothing. */
function knownPlaces(names: KallsymsNames, known: ReadonlyMap<string, bigint>): KnownAddress[] {
  const finder = new Kallsyms(names, new BigUint64Array(0), 'absolute')
  const places: KnownAddress[] = []
  for (const [name, address] of known) {
    const index = finder.find(name)
    if (index >= 0) places.push({ index, address })
  }
  return places
}
