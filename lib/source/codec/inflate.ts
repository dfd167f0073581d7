import { fillInput, INPUT_START, MOST_BYTES, scratch } from './scratch.js'

const { input, inputWords, output, outputWords } = scratch

/**
 * DEFLATE (RFC 1951) into a buffer of known size. Node's own zlib makes a new stream object for each call, which costs several times
 * what decompressing one page does; this one keeps its tables and allocates nothing.
 */

/** Lengths of codes go up to 15 bits (RFC 1951, 3.2.7). */
const MOST_BITS = 15
/** Bits looked up at once; longer codes go on in a second table. */
const LITERAL_BITS = 10
const DISTANCE_BITS = 8
const ORDER_BITS = 7

/** What an entry of a table is. Bits 0-7: bits of the code (in this table), 8-15: kind, 16-31: value. Extra bits are in the kind's low 4. */
const LITERAL = 0x00
const LENGTH = 0x10
const END = 0x20
const SUBTABLE = 0x40
const INVALID = 0x80

/** Order of the code lengths of the code length alphabet (3.2.7). */
const order = Uint8Array.of(16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)

const END_OF_BLOCK = 256
const MOST_LITERALS = 288
const MOST_DISTANCES = 32

/** Entries without the code's bits, by symbol (3.2.5). */
const literalEntries = new Int32Array(MOST_LITERALS)
const distanceEntries = new Int32Array(MOST_DISTANCES)
const orderEntries = Int32Array.from({ length: 19 }, (_, symbol) => symbol << 16)

for (let symbol = 0; symbol < END_OF_BLOCK; symbol++) literalEntries[symbol] = (symbol << 16) | (LITERAL << 8)
literalEntries[END_OF_BLOCK] = END << 8
for (let code = 0, base = 3; code < 31; code++) {
  const extra = code < 8 || code === 28 ? 0 : (code >> 2) - 1
  // Code 285 stands for 258 alone; 286 and 287 must not occur.
  literalEntries[257 + code] = code > 28 ? INVALID << 8 : ((code === 28 ? 258 : base) << 16) | ((LENGTH | extra) << 8)
  base += 1 << extra
}
for (let code = 0, base = 1; code < MOST_DISTANCES; code++) {
  const extra = code < 4 ? 0 : (code >> 1) - 1
  distanceEntries[code] = code > 29 ? INVALID << 8 : (base << 16) | ((LENGTH | extra) << 8)
  base += 1 << extra
}

/** No complete code of so many symbols needs more for its second tables (zlib's examples/enough.c counts 1334 and 402 in all). */
const literalTable = new Int32Array(2048)
const distanceTable = new Int32Array(1024)
const orderTable = new Int32Array(1 << ORDER_BITS)
const fixedLiteralTable = new Int32Array(1 << LITERAL_BITS)
const fixedDistanceTable = new Int32Array(1 << DISTANCE_BITS)

const lengths = new Uint8Array(MOST_LITERALS + MOST_DISTANCES)
const counts = new Uint16Array(MOST_BITS + 1)
const places = new Uint16Array(MOST_BITS + 2)
const sorted = new Uint16Array(MOST_LITERALS)

let fixedReady = false

function makeFixedTables(): void {
  lengths.fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280, 288)
  buildTable(fixedLiteralTable, LITERAL_BITS, literalEntries, 0, 288)
  lengths.fill(5, 0, 32)
  buildTable(fixedDistanceTable, DISTANCE_BITS, distanceEntries, 0, 32)
  fixedReady = true
}

/** Builds the table of the canonical code whose lengths stand in `lengths` from `first` on; false where they make no code. */
function buildTable(table: Int32Array, bits: number, entries: Int32Array, first: number, symbols: number): boolean {
  counts.fill(0)
  for (let i = 0; i < symbols; i++) counts[lengths[first + i]]++
  const used = symbols - counts[0]
  let left = 1
  for (let length = 1; length <= MOST_BITS; length++) {
    left = left * 2 - counts[length]
    if (left < 0) return false
  }
  if (left > 0) {
    // Only a code of one symbol of one bit, or of none, may leave codes unused.
    if (used > 1 || (used === 1 && counts[1] !== 1)) return false
    table.fill((INVALID << 8) | 1, 0, 1 << bits)
    if (used === 0) return true
  }
  places[1] = 0
  for (let length = 1; length <= MOST_BITS; length++) places[length + 1] = places[length] + counts[length]
  for (let i = 0; i < symbols; i++) {
    const length = lengths[first + i]
    if (length !== 0) sorted[places[length]++] = i
  }
  if (left > 0) {
    for (let i = 0; i < 1 << bits; i += 2) table[i] = entries[sorted[0]] | 1
    return true
  }

  // Codes come in order of length; a table of one bit less is doubled rather than filled anew.
  let length = 1
  while (counts[length] === 0) length++
  let filled = 1 << Math.min(length, bits)
  let code = 0
  let next = 0
  let prefix = -1
  let start = 0
  let end = 1 << bits
  let inside = 0
  while (true) {
    for (let i = counts[length]; i > 0; i--) {
      const entry = entries[sorted[next++]]
      if (length <= bits) table[code] = entry | length
      else {
        if ((code & ((1 << bits) - 1)) !== prefix) {
          prefix = code & ((1 << bits) - 1)
          start = end
          inside = length - bits
          // Big enough for all longer codes with this prefix: they follow in order and fill it.
          for (let room = i; room < 1 << inside; inside++) room = room * 2 + counts[bits + inside + 1]
          end = start + (1 << inside)
          table[prefix] = (start << 16) | (SUBTABLE << 8) | inside
        }
        for (let at = start + (code >>> bits); at < end; at += 1 << (length - bits)) table[at] = entry | (length - bits)
      }
      // The next code, its first bit lowest: clear the leading ones, set the zero above them.
      const zeros = code ^ ((1 << length) - 1)
      if (zeros === 0) {
        for (; filled < 1 << bits; filled <<= 1) table.copyWithin(filled, 0, filled)
        return true
      }
      const bit = 1 << (31 - Math.clz32(zeros))
      code = (code & (bit - 1)) | bit
    }
    do {
      length++
      if (length <= bits) {
        table.copyWithin(filled, 0, filled)
        filled <<= 1
      }
    } while (counts[length] === 0)
  }
}

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
      if (!fixedReady) makeFixedTables()
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
