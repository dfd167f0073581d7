/*
 * DEFLATE (RFC 1951) in the frame of zlib (RFC 1950), for one block of a dump at a time: AssemblyScript, which the build makes WebAssembly of.
 * The same algorithm as lib/source/codec/inflate.ts, where its steps are explained, with 64 bits of input at hand: a length with its
 * distance, or several literals, take one refill. Input and output lie in areas of fixed size with room behind them, so that words may be
 * read and written a little beyond the end.
 */

const MOST_BITS: i32 = 15
const LITERAL_BITS: i32 = 10
const DISTANCE_BITS: i32 = 8
const ORDER_BITS: i32 = 7

const LENGTH: i32 = 0x10
const END: i32 = 0x20
const SUBTABLE: i32 = 0x40
const INVALID: i32 = 0x80

const END_OF_BLOCK: i32 = 256
const MOST_LITERALS: i32 = 288
const MOST_DISTANCES: i32 = 32

/** The most bytes in or out of one block: a dump's has 4 to 64 KiB. */
const MOST_BYTES: usize = 1 << 17
/** Behind the areas: a copy writes up to 8 bytes too many, a refill reads up to 24 behind what it found to be the end. */
const AFTER: usize = 512

const order: StaticArray<u8> = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

const literalEntries = memory.data(MOST_LITERALS * 4, 16)
const distanceEntries = memory.data(MOST_DISTANCES * 4, 16)
const literalTable = memory.data(2048 * 4, 16)
const distanceTable = memory.data(1024 * 4, 16)
const orderTable = memory.data(128 * 4, 16)
const fixedLiteralTable = memory.data(1024 * 4, 16)
const fixedDistanceTable = memory.data(256 * 4, 16)
const lengths = memory.data(320, 16)
const counts = memory.data(16 * 4, 16)
const places = memory.data(17 * 4, 16)
const sorted = memory.data(MOST_LITERALS * 2, 16)
const outputArea = memory.data(MOST_BYTES + AFTER, 16)
const inputArea = memory.data(MOST_BYTES + AFTER, 16)

let ready = false

function makeEntries(): void {
  for (let symbol = 0; symbol < END_OF_BLOCK; symbol++) store<i32>(literalEntries + (<usize>symbol << 2), symbol << 16)
  store<i32>(literalEntries + (END_OF_BLOCK << 2), END << 8)
  for (let code = 0, base = 3; code < 31; code++) {
    const extra = code < 8 || code === 28 ? 0 : (code >> 2) - 1
    store<i32>(literalEntries + (<usize>(257 + code) << 2), code > 28 ? INVALID << 8 : ((code === 28 ? 258 : base) << 16) | ((LENGTH | extra) << 8))
    base += 1 << extra
  }
  for (let code = 0, base = 1; code < MOST_DISTANCES; code++) {
    const extra = code < 4 ? 0 : (code >> 1) - 1
    store<i32>(distanceEntries + (<usize>code << 2), code > 29 ? INVALID << 8 : (base << 16) | ((LENGTH | extra) << 8))
    base += 1 << extra
  }
  memory.fill(lengths, 8, 144)
  memory.fill(lengths + 144, 9, 112)
  memory.fill(lengths + 256, 7, 24)
  memory.fill(lengths + 280, 8, 8)
  buildTable(fixedLiteralTable, LITERAL_BITS, literalEntries, lengths, 288)
  memory.fill(lengths, 5, 32)
  buildTable(fixedDistanceTable, DISTANCE_BITS, distanceEntries, lengths, 32)
  ready = true
}

// @ts-ignore
@inline function count(length: i32): i32 { return load<i32>(counts + (<usize>length << 2)) }
// @ts-ignore
@inline function entryOf(entries: usize, symbol: i32): i32 { return entries === 0 ? symbol << 16 : load<i32>(entries + (<usize>symbol << 2)) }
// @ts-ignore
@inline function put(table: usize, i: i32, value: i32): void { store<i32>(table + (<usize>i << 2), value) }

function buildTable(table: usize, bits: i32, entries: usize, first: usize, symbols: i32): bool {
  memory.fill(counts, 0, 64)
  for (let i = 0; i < symbols; i++) {
    const at = counts + (<usize>load<u8>(first + i) << 2)
    store<i32>(at, load<i32>(at) + 1)
  }
  const used = symbols - count(0)
  let left = 1
  for (let length = 1; length <= MOST_BITS; length++) {
    left = left * 2 - count(length)
    if (left < 0) return false
  }
  if (left > 0) {
    if (used > 1 || (used === 1 && count(1) !== 1)) return false
    for (let i = 0; i < 1 << bits; i++) put(table, i, (INVALID << 8) | 1)
    if (used === 0) return true
  }
  store<i32>(places + 4, 0)
  for (let length = 1; length <= MOST_BITS; length++) {
    store<i32>(places + (<usize>(length + 1) << 2), load<i32>(places + (<usize>length << 2)) + count(length))
  }
  for (let i = 0; i < symbols; i++) {
    const length = load<u8>(first + i)
    if (length !== 0) {
      const at = places + (<usize>length << 2)
      const place = load<i32>(at)
      store<u16>(sorted + (<usize>place << 1), <u16>i)
      store<i32>(at, place + 1)
    }
  }
  if (left > 0) {
    for (let i = 0; i < 1 << bits; i += 2) put(table, i, entryOf(entries, load<u16>(sorted)) | 1)
    return true
  }
  let length = 1
  while (count(length) === 0) length++
  let filled = 1 << min(length, bits)
  let code = 0
  let next: usize = sorted
  let prefix = -1
  let start = 0
  let end = 1 << bits
  let inside = 0
  while (true) {
    for (let i = count(length); i > 0; i--) {
      const entry = entryOf(entries, load<u16>(next))
      next += 2
      if (length <= bits) put(table, code, entry | length)
      else {
        if ((code & ((1 << bits) - 1)) !== prefix) {
          prefix = code & ((1 << bits) - 1)
          start = end
          inside = length - bits
          for (let room = i; room < 1 << inside; inside++) room = room * 2 + count(bits + inside + 1)
          end = start + (1 << inside)
          put(table, prefix, (start << 16) | (SUBTABLE << 8) | inside)
        }
        for (let at = start + (code >>> bits); at < end; at += 1 << (length - bits)) put(table, at, entry | (length - bits))
      }
      const zeros = code ^ ((1 << length) - 1)
      if (zeros === 0) {
        for (; filled < 1 << bits; filled <<= 1) memory.copy(table + (<usize>filled << 2), table, <usize>filled << 2)
        return true
      }
      const bit = 1 << (31 - clz(zeros))
      code = (code & (bit - 1)) | bit
    }
    do {
      length++
      if (length <= bits) {
        memory.copy(table + (<usize>filled << 2), table, <usize>filled << 2)
        filled <<= 1
      }
    } while (count(length) === 0)
  }
}

let inputEnd: usize = 0
let inputAt: usize = 0
let hold: u64 = 0
let held: i32 = 0

// @ts-ignore
@inline function refill(): void {
  hold |= load<u64>(inputAt) << held
  inputAt += (63 - held) >> 3
  held |= 56
}

// @ts-ignore
@inline function take(bits: i32): i32 {
  const value = <i32>hold & ((1 << bits) - 1)
  hold >>>= bits
  held -= bits
  return value
}

// @ts-ignore
@inline function inputUsed(): usize { return inputAt - (held >> 3) }

export function inputAddress(): usize { return inputArea }
export function outputAddress(): usize { return outputArea }

/** Decompresses the input from `from` on to exactly `targetBytes`; how many bytes it took, or -1. */
function inflate(from: i32, packedBytes: i32, targetBytes: i32): i32 {
  if (!ready) makeEntries()
  inputEnd = inputArea + packedBytes
  memory.fill(inputEnd, 0, 64)
  inputAt = inputArea + from
  hold = 0
  held = 0
  const room = outputArea + targetBytes
  let written: usize = outputArea
  let last: i32
  do {
    refill()
    last = take(1)
    const kind = take(2)
    if (kind === 0) written = stored(written, room)
    else if (kind === 1) written = coded(written, room, fixedLiteralTable, fixedDistanceTable)
    else if (kind === 2 && readTables()) written = coded(written, room, literalTable, distanceTable)
    else return -1
    if (written === 0 || inputUsed() > inputEnd) return -1
  } while (last === 0)
  return written === room ? <i32>(inputUsed() - inputArea) - from : -1
}

function stored(written: usize, room: usize): usize {
  let at = inputUsed()
  hold = 0
  held = 0
  const bytes = <usize>load<u16>(at)
  const check = <usize>load<u16>(at, 2)
  at += 4
  if ((bytes ^ check) !== 0xffff || at + bytes > inputEnd || written + bytes > room) return 0
  memory.copy(written, at, bytes)
  inputAt = at + bytes
  return written + bytes
}

function readTables(): bool {
  refill()
  const literals = take(5) + 257
  const distances = take(5) + 1
  const orders = take(4) + 4
  if (literals > 286 || distances > 30) return false
  memory.fill(lengths, 0, 19)
  for (let i = 0; i < orders; i++) {
    if (held < 8) refill()
    store<u8>(lengths + unchecked(order[i]), take(3))
  }
  if (!buildTable(orderTable, ORDER_BITS, 0, lengths, 19)) return false
  const all = literals + distances
  let i = 0
  while (i < all) {
    if (inputAt > inputEnd + 16) return false
    if (held < 16) refill()
    const entry = load<i32>(orderTable + (<usize>(<i32>hold & 127) << 2))
    if ((entry & (INVALID << 8)) !== 0) return false
    take(entry & 0xff)
    const symbol = entry >>> 16
    if (symbol < 16) {
      store<u8>(lengths + i, symbol)
      i++
      continue
    }
    if (symbol === 16 && i === 0) return false
    const value: u8 = symbol === 16 ? load<u8>(lengths + i - 1) : 0
    const times = symbol === 16 ? 3 + take(2) : symbol === 17 ? 3 + take(3) : 11 + take(7)
    if (i + times > all) return false
    for (const end = i + times; i < end; i++) store<u8>(lengths + i, value)
  }
  if (load<u8>(lengths + END_OF_BLOCK) === 0) return false
  return buildTable(literalTable, LITERAL_BITS, literalEntries, lengths, literals) &&
    buildTable(distanceTable, DISTANCE_BITS, distanceEntries, lengths + literals, distances)
}

const LITERAL_MASK: u64 = (1 << 10) - 1
const DISTANCE_MASK: u64 = (1 << 8) - 1

function coded(from: usize, room: usize, literalCodes: usize, distanceCodes: usize): usize {
  let at = inputAt
  let bits = hold
  let count = held
  let written = from
  const limit = inputEnd + 16
  while (at <= limit) {
    bits |= load<u64>(at) << count
    at += (63 - count) >> 3
    count |= 56
    let entry = load<i32>(literalCodes + (<usize>(bits & LITERAL_MASK) << 2))
    // Two more literals of at most ten bits fit into what is held; a length and its distance take 15 + 5 + 15 + 13 = 48 bits at most.
    if ((entry & 0xff00) === 0) {
      if (written + 3 > room) {
        if (written >= room) return 0
        bits >>>= entry & 0xff
        count -= entry & 0xff
        store<u8>(written, entry >>> 16)
        written++
        continue
      }
      bits >>>= entry & 0xff
      count -= entry & 0xff
      store<u8>(written, entry >>> 16)
      written++
      entry = load<i32>(literalCodes + (<usize>(bits & LITERAL_MASK) << 2))
      if ((entry & 0xff00) === 0) {
        bits >>>= entry & 0xff
        count -= entry & 0xff
        store<u8>(written, entry >>> 16)
        written++
        entry = load<i32>(literalCodes + (<usize>(bits & LITERAL_MASK) << 2))
        if ((entry & 0xff00) === 0) {
          bits >>>= entry & 0xff
          count -= entry & 0xff
          store<u8>(written, entry >>> 16)
          written++
          continue
        }
      }
      if (count < 48) {
        bits |= load<u64>(at) << count
        at += (63 - count) >> 3
        count |= 56
      }
    }
    if ((entry & (SUBTABLE << 8)) !== 0) {
      bits >>>= LITERAL_BITS
      count -= LITERAL_BITS
      entry = load<i32>(literalCodes + (<usize>((entry >>> 16) + (<i32>bits & ((1 << (entry & 0xff)) - 1))) << 2))
    }
    bits >>>= entry & 0xff
    count -= entry & 0xff
    const kind = (entry >>> 8) & 0xff
    if ((kind & LENGTH) === 0) {
      if (kind === 0) {
        if (written >= room) return 0
        store<u8>(written, entry >>> 16)
        written++
        continue
      }
      if (kind !== END) return 0
      inputAt = at
      hold = bits
      held = count
      return written
    }
    let extra = kind & 0xf
    const length = <usize>((entry >>> 16) + (<i32>bits & ((1 << extra) - 1)))
    bits >>>= extra
    count -= extra
    entry = load<i32>(distanceCodes + (<usize>(bits & DISTANCE_MASK) << 2))
    if ((entry & (SUBTABLE << 8)) !== 0) {
      bits >>>= DISTANCE_BITS
      count -= DISTANCE_BITS
      entry = load<i32>(distanceCodes + (<usize>((entry >>> 16) + (<i32>bits & ((1 << (entry & 0xff)) - 1))) << 2))
    }
    bits >>>= entry & 0xff
    count -= entry & 0xff
    if ((entry & (INVALID << 8)) !== 0) return 0
    extra = (entry >>> 8) & 0xf
    const distance = <usize>((entry >>> 16) + (<i32>bits & ((1 << extra) - 1)))
    bits >>>= extra
    count -= extra
    const end = written + length
    if (distance > written - outputArea || end > room) return 0
    let source = written - distance
    if (distance >= 8) {
      do {
        store<u64>(written, load<u64>(source))
        written += 8
        source += 8
      } while (written < end)
    } else if (distance === 1) {
      const word = <u64>load<u8>(source) * 0x0101010101010101
      do {
        store<u64>(written, word)
        written += 8
      } while (written < end)
    } else {
      do {
        store<u8>(written++, load<u8>(source++))
      } while (written < end)
    }
    written = end
  }
  return 0
}

/** The largest prime below 2^16. */
const MODULUS: u32 = 65521
/** Bytes that can be summed before the second sum leaves 32 bits. */
const STRIDE: usize = 2048

/** Decompresses the zlib stream in the input to exactly `targetBytes`; false where it is damaged, its checksum included. */
export function zlib(packedBytes: i32, targetBytes: i32): bool {
  if (packedBytes < 6 || <usize>packedBytes > MOST_BYTES || <usize>targetBytes > MOST_BYTES) return false
  const cmf = load<u8>(inputArea)
  const flg = load<u8>(inputArea, 1)
  if ((cmf & 0x0f) !== 8 || cmf >> 4 > 7 || (flg & 0x20) !== 0 || (<i32>cmf * 256 + flg) % 31 !== 0) return false
  const taken = inflate(2, packedBytes, targetBytes)
  if (taken < 0 || taken + 6 > packedBytes) return false
  return adler32(outputArea, targetBytes) === bswap(load<u32>(inputArea + taken + 2))
}

function adler32(start: usize, bytes: i32): u32 {
  let a: u32 = 1
  let b: u32 = 0
  const end = start + bytes
  let at = start
  while (at < end) {
    const stop = min(at + STRIDE, end)
    // 16 bytes a step: their sum, and their sum weighted by how often each is in the second one.
    for (; at + 16 <= stop; at += 16) {
      const v = v128.load(at)
      const low = i16x8.extend_low_i8x16_u(v)
      const high = i16x8.extend_high_i8x16_u(v)
      const sums = i32x4.extadd_pairwise_i16x8_u(i16x8.add(low, high))
      const weighted = i32x4.add(i32x4.dot_i16x8_s(low, i16x8(16, 15, 14, 13, 12, 11, 10, 9)), i32x4.dot_i16x8_s(high, i16x8(8, 7, 6, 5, 4, 3, 2, 1)))
      b += (a << 4) + <u32>(i32x4.extract_lane(weighted, 0) + i32x4.extract_lane(weighted, 1) + i32x4.extract_lane(weighted, 2) + i32x4.extract_lane(weighted, 3))
      a += <u32>(i32x4.extract_lane(sums, 0) + i32x4.extract_lane(sums, 1) + i32x4.extract_lane(sums, 2) + i32x4.extract_lane(sums, 3))
    }
    for (; at < stop; at++) {
      a += load<u8>(at)
      b += a
    }
    a %= MODULUS
    b %= MODULUS
  }
  return (b << 16) | a
}
