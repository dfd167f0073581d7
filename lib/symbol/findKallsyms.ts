import { namesPerMarker, tokenCount } from '../source/kallsymsNames.js'
import { readUpTo, type KallsymsPlaces, type ReadKernel } from './kallsymsFromMemory.js'

/** A stretch of kernel addresses. */
export interface AddressRange {
  readonly start: bigint
  readonly end: bigint
}

/** Every digit occurs in symbol names, so each is a token of its own, at its character code (Linux scripts/kallsyms.c). */
const digitTokens = Buffer.from([...'0123456789'].map((digit) => `${digit}\0`).join(''), 'latin1')
const firstDigit = 0x30
const pieceBytes = 1 << 20
/** Two indices take 512 bytes; labels are aligned to at most 8 bytes. */
const alignments = [8n, 4n, 2n]
/** Names and markers of a full kernel take 3 MB. */
const mostNameBytes = 1 << 23
/** One marker alone, the 0, would prove nothing; every kernel has more than 256 symbols. */
const leastMarkers = 2
/** Shortest and longest 256 compressed names: 2 bytes each, and 512 characters none of which is compressed. */
const leastMarkerStep = namesPerMarker * 2
const mostMarkerStep = namesPerMarker * 514

/**
 * Looks for the kernel's symbol tables by their shape, for kernels whose VMCOREINFO does not tell where they are (before 6.0). The token
 * table is recognised by its digits, its index by pointing at the tokens, the markers by ascending from 0 in front of it, the names by
 * being as many as the count in front of them says and in step with the markers. The addresses lie in front of the count (before 6.4) or
 * behind the index: each possibility is given, for the reader to choose by decoding.
 */
export function* findKallsyms(read: ReadKernel, ranges: Iterable<AddressRange>, littleEndian: boolean): Iterable<KallsymsPlaces> {
  for (const digits of findDigits(read, ranges)) {
    const tokens = tokensAround(read, digits, littleEndian)
    if (tokens === undefined) continue
    const names = namesBefore(read, tokens.table, littleEndian)
    if (names === undefined) continue
    yield* addressPlaces({ ...names, tokenTable: tokens.table, tokenIndex: tokens.index })
  }
}

function* findDigits(read: ReadKernel, ranges: Iterable<AddressRange>): Iterable<bigint> {
  for (const { start, end } of ranges) {
    for (let at = start; at < end; at += BigInt(pieceBytes)) {
      // Pieces overlap, for the digits may lie across their border.
      const piece = pieceAt(read, at, Math.min(Number(end - at), pieceBytes + digitTokens.length - 1))
      for (let found = piece.indexOf(digitTokens); found >= 0; found = piece.indexOf(digitTokens, found + 1)) yield at + BigInt(found)
    }
  }
}

const smallestPage = 0x1000

/** Bytes of a range, zeros where pages are missing. */
function pieceAt(read: ReadKernel, address: bigint, bytes: number): Buffer {
  const whole = read(address, bytes)
  if (whole !== undefined) return Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength)
  const piece = Buffer.alloc(bytes)
  for (let done = 0; done < bytes;) {
    const at = address + BigInt(done)
    const length = Math.min(smallestPage - Number(at & BigInt(smallestPage - 1)), bytes - done)
    const part = read(at, length)
    if (part !== undefined) piece.set(part, done)
    done += length
  }
  return piece
}

/** The token table whose digits lie at `digits`, and its index behind it. */
function tokensAround(read: ReadKernel, digits: bigint, littleEndian: boolean): { table: bigint; index: bigint } | undefined {
  const most = 0x4000
  const before = readBackwards(read, digits, most)
  // Ends of the tokens before the digits, the last one first: behind the last of them starts token 1.
  let at = before.length - 1
  const starts: number[] = []
  for (let token = firstDigit - 1; token >= 1; token--) {
    if (before[at] !== 0) return undefined
    at = before.lastIndexOf(0, at - 1)
    if (at < 0) return undefined
    starts[token] = at + 1 - before.length
  }
  const after = readUpTo(read, digits, most)
  at = 0
  for (let token = firstDigit; token < tokenCount; token++) {
    starts[token] = at
    at = after.indexOf(0, at) + 1
    if (at === 0) return undefined
  }
  const end = digits + BigInt(at)
  for (const alignment of alignments) {
    const index = (end + alignment - 1n) / alignment * alignment
    const bytes = read(index, tokenCount * 2)
    if (bytes === undefined) continue
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const offset = (token: number): number => view.getUint16(token * 2, littleEndian)
    let agrees = offset(0) === 0 && offset(1) > 0
    for (let token = 1; token < tokenCount && agrees; token++) agrees = offset(token) - offset(1) === starts[token] - starts[1]
    if (agrees) return { table: digits + BigInt(starts[1] - offset(1)), index }
  }
  return undefined
}

/** Up to `bytes` bytes in front of an address, back to the first missing page. */
function readBackwards(read: ReadKernel, end: bigint, bytes: number): Buffer {
  const parts: Uint8Array[] = []
  let at = end
  let left = bytes
  while (left > 0) {
    const toPage = Number(at & BigInt(smallestPage - 1)) || smallestPage
    const length = Math.min(toPage, left)
    const part = read(at - BigInt(length), length)
    if (part === undefined) break
    parts.unshift(part)
    at -= BigInt(length)
    left -= length
  }
  return Buffer.concat(parts)
}

/** `kallsyms_num_syms` and `kallsyms_names` in front of a token table. */
function namesBefore(read: ReadKernel, tokenTable: bigint, littleEndian: boolean): { numSyms: bigint; names: bigint; count: number } | undefined {
  const bytes = readBackwards(read, tokenTable, mostNameBytes)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const base = tokenTable - BigInt(bytes.length)
  // Markers are 4 bytes since 4.20, unsigned long before. Between them and the tokens there may be kallsyms_seqs_of_names.
  for (const width of [4, 8]) {
    const marker = (at: number): number => width === 4 ? view.getUint32(at, littleEndian) : Number(view.getBigUint64(at, littleEndian))
    const aligned = Number(BigInt.asUintN(64, -base) & BigInt(width - 1))
    const last = bytes.length - ((bytes.length - aligned) % width) - width
    for (let at = last - width; at >= aligned; at -= width) {
      if (marker(at) !== 0 || !isStep(marker(at + width))) continue
      const markers = [0]
      for (let next = at + width; next <= last && isStep(marker(next) - markers[markers.length - 1]); next += width) markers.push(marker(next))
      const found = namesOf(bytes, view, at, markers, littleEndian)
      if (found !== undefined) return { numSyms: base + BigInt(found.numSyms), names: base + BigInt(found.names), count: found.count }
    }
  }
  return undefined
}

function isStep(bytes: number): boolean {
  return bytes >= leastMarkerStep && bytes <= mostMarkerStep
}

/** Names that end in front of the markers at `markersAt` and are in step with them. */
function namesOf(bytes: Buffer, view: DataView, markersAt: number, markers: readonly number[], littleEndian: boolean): { numSyms: number; names: number; count: number } | undefined {
  const nearest = markersAt - 2
  // The number of markers is at least what the count needs: an ascending value may follow them by chance.
  for (let kept = markers.length; kept >= Math.max(leastMarkers, markers.length - 1); kept--) {
    const lastMarker = markers[kept - 1]
    const farthest = markersAt - lastMarker - mostMarkerStep - 8
    for (let names = (nearest - lastMarker) & ~3; names >= Math.max(8, farthest); names -= 4) {
      for (const numSyms of [names - 8, names - 4]) {
        const count = view.getUint32(numSyms, littleEndian)
        if (Math.ceil(count / namesPerMarker) !== kept) continue
        if (inStep(bytes, names, markers.slice(0, kept), count, markersAt)) return { numSyms, names, count }
      }
    }
  }
  return undefined
}

function inStep(bytes: Buffer, names: number, markers: readonly number[], count: number, end: number): boolean {
  for (const bigSymbols of [true, false]) {
    let at = names
    let made = 0
    for (; made < count && at < end; made++) {
      if (made % namesPerMarker === 0 && at - names !== markers[made / namesPerMarker]) break
      let length = bytes[at++]
      if (bigSymbols && (length & 0x80) !== 0) length = (length & 0x7f) | (bytes[at++] << 7)
      at += length
    }
    // What is left to the markers is padding.
    if (made === count && at <= end && end - at < 8) return true
  }
  return false
}

function* addressPlaces(found: { numSyms: bigint; names: bigint; count: number; tokenTable: bigint; tokenIndex: bigint }): Iterable<KallsymsPlaces> {
  const { count, ...places } = found
  const align = (address: bigint): bigint => (address + 7n) & ~7n
  const offsetsBytes = BigInt(count * 4)
  // Before 6.4: offsets (or addresses), base, count, names.
  const base = places.numSyms - 8n
  yield { ...places, addresses: undefined, offsets: (base - offsetsBytes) & ~7n, relativeBase: base }
  yield { ...places, addresses: places.numSyms - BigInt(count * 8), offsets: undefined, relativeBase: undefined }
  // Since 6.4: behind the token index, with a base or relative to themselves.
  for (const offsets of new Set([align(places.tokenIndex + BigInt(tokenCount * 2)), (places.tokenIndex + BigInt(tokenCount * 2) + 3n) & ~3n])) {
    yield { ...places, addresses: undefined, offsets, relativeBase: align(offsets + offsetsBytes) }
    yield { ...places, addresses: undefined, offsets, relativeBase: undefined }
  }
}
