import { fillInput, INPUT_START, MOST_BYTES, scratch } from './scratch.js'
import { fseTable, fseTableOf, readFseTable, repeatSymbol, type FseTable } from './zstdEntropy.js'
import { forgetHuffman, literalCount, literals, readLiterals, streamEnd } from './zstdLiterals.js'

const { input, inputWords, output, outputWords } = scratch

/*
 * Zstandard (RFC 8878), one frame into a buffer of known size. Node's zlib has it from version 22.15 on only, and takes a stream object a
 * call; this one allocates nothing and runs on every Node.
 */

const MAGIC = 0xfd2fb528
const RAW_BLOCK = 0
const REPEAT_BLOCK = 1
const PACKED_BLOCK = 2

/** Kinds of tables for sequences (3.1.1.3.2.1). */
const PREDEFINED = 0
const ONE_SYMBOL = 1
const DESCRIBED = 2

/** Base values and extra bits of literal lengths and match lengths (3.1.1.3.2.1.1). */
const literalBits = Uint8Array.from([...Array<number>(16).fill(0), 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16])
const literalBase = basesOf(literalBits, 0)
const matchBits = Uint8Array.from([...Array<number>(32).fill(0), 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16])
const matchBase = basesOf(matchBits, 3)
/** Distances of more bits reach behind the largest block. */
const MOST_OFFSET_BITS = 18

function basesOf(bits: Uint8Array, first: number): Int32Array {
  let base = first
  return Int32Array.from(bits, (width) => {
    const value = base
    base += 1 << width
    return value
  })
}

/** Default distributions (3.1.1.3.2.2). */
const literalDefault = fseTableOf(6, [
  4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1
])
const matchDefault = fseTableOf(6, [
  1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
  1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1
])
const offsetDefault = fseTableOf(5, [1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1])

const literalOwn = fseTable()
const offsetOwn = fseTable()
const matchOwn = fseTable()

/** What one block leaves to the next (a table of undefined: none yet). */
let literalTable: FseTable | undefined
let offsetTable: FseTable | undefined
let matchTable: FseTable | undefined
let recent1 = 1
let recent2 = 4
let recent3 = 8

/** Where the last part that was read ends. */
let readTo = 0

/** One Zstandard frame, as makedumpfile's `-z` writes it for each page. Its checksum, if it has one, is not looked at. */
export function decodeZstd(packed: Uint8Array, target: Uint8Array): boolean {
  const end = fillInput(packed)
  const room = target.length
  if (end < 0 || room > MOST_BYTES || packed.length < 9 || inputWords.getUint32(INPUT_START, true) !== MAGIC) return false
  let at = frameHeader(INPUT_START + 4, room)
  if (at < 0) return false
  literalTable = offsetTable = matchTable = undefined
  forgetHuffman()
  recent1 = 1
  recent2 = 4
  recent3 = 8
  let written = 0
  let last: number
  do {
    if (at + 3 > end) return false
    const head = input[at] | (input[at + 1] << 8) | (input[at + 2] << 16)
    at += 3
    last = head & 1
    const kind = head >> 1 & 3
    const bytes = head >> 3
    if (kind === PACKED_BLOCK) {
      if (at + bytes > end) return false
      written = packedBlock(at, at + bytes, written, room)
      if (written < 0) return false
      at += bytes
    } else {
      if (written + bytes > room) return false
      if (kind === RAW_BLOCK) {
        if (at + bytes > end) return false
        output.set(input.subarray(at, at + bytes), written)
        at += bytes
      } else if (kind === REPEAT_BLOCK) {
        if (at >= end) return false
        output.fill(input[at++], written, written + bytes)
      } else return false
      written += bytes
    }
  } while (last === 0)
  if (written !== room) return false
  target.set(output.subarray(0, room))
  return true
}

/** Where the blocks begin, or -1: no frame, one that needs a dictionary, or one of another size. */
function frameHeader(start: number, room: number): number {
  const flags = input[start]
  const single = (flags & 0x20) !== 0
  if ((flags & 0x08) !== 0) return -1
  let at = start + (single ? 1 : 2)
  const dictionaryBytes = [0, 1, 2, 4][flags & 3]
  for (let i = 0; i < dictionaryBytes; i++) if (input[at++] !== 0) return -1
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][flags >> 6]
  if (sizeBytes === 0) return at
  let bytes = sizeBytes === 2 ? 256 : 0
  for (let i = sizeBytes - 1; i >= 0; i--) bytes += input[at + i] * 2 ** (8 * i)
  return bytes === room ? at + sizeBytes : -1
}

/** Decodes a block to `written` on; the new count of written bytes, or -1. */
function packedBlock(at: number, end: number, written: number, room: number): number {
  at = readLiterals(at, end)
  if (at < 0 || at >= end) return -1
  let sequences = input[at++]
  if (sequences > 127) {
    sequences = sequences < 255 ? ((sequences - 128) << 8) + input[at++] : input[at++] + (input[at++] << 8) + 0x7f00
  }
  let used = 0
  if (sequences > 0) {
    if (at >= end) return -1
    const modes = input[at++]
    if ((modes & 3) !== 0) return -1
    readTo = at
    literalTable = readTable(modes >> 6, literalTable, literalDefault, literalOwn, end, 9, literalBits.length - 1)
    if (literalTable === undefined) return -1
    offsetTable = readTable(modes >> 4 & 3, offsetTable, offsetDefault, offsetOwn, end, 8, 31)
    if (offsetTable === undefined) return -1
    matchTable = readTable(modes >> 2 & 3, matchTable, matchDefault, matchOwn, end, 9, matchBits.length - 1)
    if (matchTable === undefined) return -1
    const before = written
    written = runSequences(sequences, readTo, end, written, room, literalTable, offsetTable, matchTable)
    if (written < before) return -1
    used = readTo
  } else if (at !== end) return -1
  const rest = literalCount - used
  if (written + rest > room) return -1
  output.set(literals.subarray(used, literalCount), written)
  return written + rest
}

/** The table of one part of the sequences; moves `readTo` behind its description. Undefined: there is none. */
function readTable(
  mode: number, last: FseTable | undefined, predefined: FseTable, own: FseTable, end: number, mostBits: number, mostSymbol: number
): FseTable | undefined {
  if (mode === PREDEFINED) return predefined
  if (mode === ONE_SYMBOL) {
    if (readTo >= end || input[readTo] > mostSymbol) return undefined
    repeatSymbol(own, input[readTo++])
    return own
  }
  if (mode === DESCRIBED) {
    readTo = readFseTable(own, readTo, end, mostBits, mostSymbol)
    return readTo < 0 ? undefined : own
  }
  return last
}

/** Runs the sequences (3.1.1.4): literals, then a match. Returns the new count of written bytes or -1; `readTo` is the literals used. */
function runSequences(
  sequences: number, start: number, end: number, from: number, room: number,
  literalCodes: FseTable, offsetCodes: FseTable, matchCodes: FseTable
): number {
  const first = start * 8
  let position = streamEnd(start, end)
  if (position < 0) return -1
  const { symbols: literalSymbols, nextBits: literalNextBits, nextBase: literalNextBase } = literalCodes
  const { symbols: offsetSymbols, nextBits: offsetNextBits, nextBase: offsetNextBase } = offsetCodes
  const { symbols: matchSymbols, nextBits: matchNextBits, nextBase: matchNextBase } = matchCodes

  position -= literalCodes.bits
  let literalState = bitsAt(position, literalCodes.bits)
  position -= offsetCodes.bits
  let offsetState = bitsAt(position, offsetCodes.bits)
  position -= matchCodes.bits
  let matchState = bitsAt(position, matchCodes.bits)

  let written = from
  let used = 0
  for (let left = sequences; left > 0; left--) {
    const offsetBits = offsetSymbols[offsetState]
    if (offsetBits > MOST_OFFSET_BITS || position < first) return -1
    position -= offsetBits
    const offsetValue = (1 << offsetBits) + bitsAt(position, offsetBits)
    const matchSymbol = matchSymbols[matchState]
    const literalSymbol = literalSymbols[literalState]
    let width = matchBits[matchSymbol]
    position -= width
    const matchLength = matchBase[matchSymbol] + bitsAt(position, width)
    width = literalBits[literalSymbol]
    position -= width
    const literalLength = literalBase[literalSymbol] + bitsAt(position, width)
    if (left > 1) {
      width = literalNextBits[literalState]
      position -= width
      literalState = literalNextBase[literalState] + bitsAt(position, width)
      width = matchNextBits[matchState]
      position -= width
      matchState = matchNextBase[matchState] + bitsAt(position, width)
      width = offsetNextBits[offsetState]
      position -= width
      offsetState = offsetNextBase[offsetState] + bitsAt(position, width)
    }

    // Values up to 3 stand for one of the last three distances (3.1.1.5).
    let distance = offsetValue - 3
    if (distance > 0) {
      recent3 = recent2
      recent2 = recent1
      recent1 = distance
    } else {
      const which = literalLength === 0 ? offsetValue + 1 : offsetValue
      distance = which === 1 ? recent1 : which === 2 ? recent2 : which === 3 ? recent3 : recent1 - 1
      if (which > 2) recent3 = recent2
      if (which > 1) {
        recent2 = recent1
        recent1 = distance
      }
    }

    const matchAt = written + literalLength
    const matchEnd = matchAt + matchLength
    if (used + literalLength > literalCount || matchEnd > room || distance <= 0 || distance > matchAt) return -1
    if (literalLength > 32) output.set(literals.subarray(used, used + literalLength), written)
    else for (let i = 0; i < literalLength; i++) output[written + i] = literals[used + i]
    used += literalLength
    written = matchAt
    if (distance >= 4) {
      do {
        outputWords.setInt32(written, outputWords.getInt32(written - distance, true), true)
        written += 4
      } while (written < matchEnd)
    } else if (distance === 1) output.fill(output[written - 1], written, matchEnd)
    else for (; written < matchEnd; written++) output[written] = output[written - distance]
    written = matchEnd
  }
  readTo = used
  return position === first ? written : -1
}

/** Up to 25 bits from a position in bits. A position before the input's start (a damaged stream) still lies inside of the buffer. */
function bitsAt(position: number, width: number): number {
  return (inputWords.getUint32(position >> 3, true) >>> (position & 7)) & ((1 << width) - 1)
}
