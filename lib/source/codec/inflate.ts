import {
  buildTable, DISTANCE_BITS, distanceEntries, distanceTable, END, END_OF_BLOCK, fixedDistanceTable, fixedLiteralTable, INVALID, LENGTH, lengths, LITERAL,
  LITERAL_BITS, literalEntries, literalTable, makeFixedTables, order, ORDER_BITS, orderEntries, orderTable, SUBTABLE
} from './inflateTables.js'
import { fillInput, INPUT_START, MOST_BYTES, scratch } from './scratch.js'

const { input, inputWords, output, outputWords } = scratch

/**
 * DEFLATE (RFC 1951) into a buffer of known size. Node's own zlib makes a new stream object for each call, which costs several times
 * what decompressing one page does; this one keeps its tables and allocates nothing.
 */

let inputEnd = 0
let inputAt = 0
/** Bits read and not used: the lowest `held` of `hold` count; what stands above them are the bits that the next refill brings again. */
let hold = 0
let held = 0

/** At least 24 bits in `hold`. */
function refill(): void {
  hold |= inputWords.getInt32(inputAt, true) << held
  inputAt += (31 - held) >> 3
  held |= 24
}

function take(bits: number): number {
  const value = hold & ((1 << bits) - 1)
  hold >>>= bits
  held -= bits
  return value
}

/** Where the first byte lies that no bit was used of. */
function inputUsed(): number {
  return inputAt - (held >> 3)
}

/**
 * Decompresses a DEFLATE stream that gives exactly `target`; both are at most 128 KiB. Returns how many bytes of `packed` it
 * took, or -1 where the stream is damaged, ends too early, or gives more or less.
 */
export function inflate(packed: Uint8Array, target: Uint8Array): number {
  inputEnd = fillInput(packed)
  if (inputEnd < 0 || target.length > MOST_BYTES) return -1
  inputAt = INPUT_START
  hold = 0
  held = 0
  let written = 0
  let last: number
  do {
    refill()
    last = take(1)
    const kind = take(2)
    if (kind === 0) written = stored(written, target.length)
    else if (kind === 1) {
      makeFixedTables()
      written = coded(written, target.length, fixedLiteralTable, fixedDistanceTable)
    } else if (kind === 2 && readTables()) written = coded(written, target.length, literalTable, distanceTable)
    else return -1
    if (written < 0 || inputUsed() > inputEnd) return -1
  } while (last === 0)
  if (written !== target.length) return -1
  target.set(output.subarray(0, written))
  return inputUsed() - INPUT_START
}

function stored(written: number, room: number): number {
  let at = inputUsed()
  hold = 0
  held = 0
  const bytes = inputWords.getUint16(at, true)
  const check = inputWords.getUint16(at + 2, true)
  at += 4
  if ((bytes ^ check) !== 0xffff || at + bytes > inputEnd || written + bytes > room) return -1
  output.set(input.subarray(at, at + bytes), written)
  inputAt = at + bytes
  return written + bytes
}

/** The two codes of a block with its own (3.2.7). */
function readTables(): boolean {
  refill()
  const literals = take(5) + 257
  const distances = take(5) + 1
  const orders = take(4) + 4
  if (literals > 286 || distances > 30) return false
  lengths.fill(0, 0, 19)
  for (let i = 0; i < orders; i++) {
    refill()
    lengths[order[i]] = take(3)
  }
  if (!buildTable(orderTable, ORDER_BITS, orderEntries, 0, 19)) return false
  const all = literals + distances
  for (let i = 0; i < all;) {
    if (inputAt > inputEnd + 8) return false
    refill()
    const entry = orderTable[hold & ((1 << ORDER_BITS) - 1)]
    if ((entry & (INVALID << 8)) !== 0) return false
    take(entry & 0xff)
    const symbol = entry >>> 16
    if (symbol < 16) {
      lengths[i++] = symbol
      continue
    }
    if (symbol === 16 && i === 0) return false
    const value = symbol === 16 ? lengths[i - 1] : 0
    const times = symbol === 16 ? 3 + take(2) : symbol === 17 ? 3 + take(3) : 11 + take(7)
    if (i + times > all) return false
    for (const end = i + times; i < end; i++) lengths[i] = value
  }
  // A block without an end can't be right.
  if (lengths[END_OF_BLOCK] === 0) return false
  return buildTable(literalTable, LITERAL_BITS, literalEntries, 0, literals) &&
    buildTable(distanceTable, DISTANCE_BITS, distanceEntries, literals, distances)
}

/** One block of literals and matches; the new count of written bytes, or -1. */
function coded(from: number, room: number, literalCodes: Int32Array, distanceCodes: Int32Array): number {
  let at = inputAt
  let bits = hold
  let count = held
  let written = from
  const limit = inputEnd + 8
  while (at <= limit) {
    bits |= inputWords.getInt32(at, true) << count
    at += (31 - count) >> 3
    count |= 24
    let entry = literalCodes[bits & ((1 << LITERAL_BITS) - 1)]
    if ((entry & 0xff00) === LITERAL << 8) {
      // Most codes are literals of few bits: another one fits into what is held.
      bits >>>= entry & 0xff
      count -= entry & 0xff
      if (written >= room) return -1
      output[written++] = entry >>> 16
      entry = literalCodes[bits & ((1 << LITERAL_BITS) - 1)]
      if ((entry & 0xff00) !== LITERAL << 8) continue
      bits >>>= entry & 0xff
      count -= entry & 0xff
      if (written >= room) return -1
      output[written++] = entry >>> 16
      continue
    }
    if ((entry & (SUBTABLE << 8)) !== 0) {
      bits >>>= LITERAL_BITS
      count -= LITERAL_BITS
      entry = literalCodes[(entry >>> 16) + (bits & ((1 << (entry & 0xff)) - 1))]
    }
    bits >>>= entry & 0xff
    count -= entry & 0xff
    const kind = entry >>> 8 & 0xff
    if ((kind & LENGTH) === 0) {
      if (kind === LITERAL) {
        if (written >= room) return -1
        output[written++] = entry >>> 16
        continue
      }
      if (kind !== END) return -1
      inputAt = at
      hold = bits
      held = count
      return written
    }
    let extra = kind & 0xf
    const length = (entry >>> 16) + (bits & ((1 << extra) - 1))
    bits >>>= extra
    count -= extra

    bits |= inputWords.getInt32(at, true) << count
    at += (31 - count) >> 3
    count |= 24
    entry = distanceCodes[bits & ((1 << DISTANCE_BITS) - 1)]
    if ((entry & (SUBTABLE << 8)) !== 0) {
      bits >>>= DISTANCE_BITS
      count -= DISTANCE_BITS
      entry = distanceCodes[(entry >>> 16) + (bits & ((1 << (entry & 0xff)) - 1))]
    }
    bits >>>= entry & 0xff
    count -= entry & 0xff
    if ((entry & (INVALID << 8)) !== 0) return -1
    extra = entry >>> 8 & 0xf
    bits |= inputWords.getInt32(at, true) << count
    at += (31 - count) >> 3
    count |= 24
    const distance = (entry >>> 16) + (bits & ((1 << extra) - 1))
    bits >>>= extra
    count -= extra

    const end = written + length
    if (distance > written || end > room) return -1
    if (distance >= 4) {
      do {
        outputWords.setInt32(written, outputWords.getInt32(written - distance, true), true)
        written += 4
      } while (written < end)
      written = end
    } else if (distance === 1) {
      output.fill(output[written - 1], written, end)
      written = end
    } else for (; written < end; written++) output[written] = output[written - distance]
  }
  return -1
}
