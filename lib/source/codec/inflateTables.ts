/* Codes of DEFLATE (RFC 1951) and the tables by which they are looked up. */

/** Lengths of codes go up to 15 bits (RFC 1951, 3.2.7). */
const MOST_BITS = 15
/** Bits looked up at once; longer codes go on in a second table. */
export const LITERAL_BITS = 10
export const DISTANCE_BITS = 8
export const ORDER_BITS = 7

/** What an entry of a table is. Bits 0-7: bits of the code (in this table), 8-15: kind, 16-31: value. Extra bits are in the kind's low 4. */
export const LITERAL = 0x00
export const LENGTH = 0x10
export const END = 0x20
export const SUBTABLE = 0x40
export const INVALID = 0x80

/** Order of the code lengths of the code length alphabet (3.2.7). */
export const order = Uint8Array.of(16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)

export const END_OF_BLOCK = 256
const MOST_LITERALS = 288
const MOST_DISTANCES = 32

/** Entries without the code's bits, by symbol (3.2.5). */
export const literalEntries = new Int32Array(MOST_LITERALS)
export const distanceEntries = new Int32Array(MOST_DISTANCES)
export const orderEntries = Int32Array.from({ length: 19 }, (_, symbol) => symbol << 16)

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
export const literalTable = new Int32Array(2048)
export const distanceTable = new Int32Array(1024)
export const orderTable = new Int32Array(1 << ORDER_BITS)
export const fixedLiteralTable = new Int32Array(1 << LITERAL_BITS)
export const fixedDistanceTable = new Int32Array(1 << DISTANCE_BITS)

export const lengths = new Uint8Array(MOST_LITERALS + MOST_DISTANCES)
const counts = new Uint16Array(MOST_BITS + 1)
const places = new Uint16Array(MOST_BITS + 2)
const sorted = new Uint16Array(MOST_LITERALS)

let fixedReady = false

/** Fills the tables of the fixed codes (3.2.6), the first time. */
export function makeFixedTables(): void {
  if (fixedReady) return
  lengths.fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280, 288)
  buildTable(fixedLiteralTable, LITERAL_BITS, literalEntries, 0, 288)
  lengths.fill(5, 0, 32)
  buildTable(fixedDistanceTable, DISTANCE_BITS, distanceEntries, 0, 32)
  fixedReady = true
}

/** Builds the table of the canonical code whose lengths stand in `lengths` from `first` on; false where they make no code. */
export function buildTable(table: Int32Array, bits: number, entries: Int32Array, first: number, symbols: number): boolean {
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
