import { scratch } from './scratch.js'

const { input, inputWords } = scratch

/** Tables of Zstandard's two entropy codes (RFC 8878, section 4), read from the decoders' input. */

/** The widest tables that a sequence code or Huffman code may have. */
const MOST_FSE_BITS = 9
const MOST_HUFFMAN_BITS = 11
const MOST_WEIGHT_BITS = 6

/** A table of finite state entropy: by state, the symbol, and how the next state is found. */
export interface FseTable {
  bits: number
  readonly symbols: Uint8Array
  /** Bits to read for the next state. */
  readonly nextBits: Uint8Array
  /** What they are added to. */
  readonly nextBase: Uint16Array
}

export function fseTable(): FseTable {
  const states = 1 << MOST_FSE_BITS
  return { bits: 0, symbols: new Uint8Array(states), nextBits: new Uint8Array(states), nextBase: new Uint16Array(states) }
}

const counts = new Int16Array(256)
const nexts = new Uint16Array(256)

function highestBit(value: number): number {
  return 31 - Math.clz32(value)
}

/**
 * Reads a table's description (4.1.1) at `at` and makes the table. Returns where it ends, or -1 where it is none.
 * @param mostBits the largest table allowed
 * @param mostSymbol the largest symbol allowed
 */
export function readFseTable(table: FseTable, at: number, end: number, mostBits: number, mostSymbol: number): number {
  if (at >= end) return -1
  const bits = (input[at] & 0xf) + 5
  if (bits > mostBits) return -1
  let position = at * 8 + 4
  let remaining = 1 << bits
  let symbol = 0
  while (remaining > 0) {
    if (symbol > mostSymbol || position > end * 8) return -1
    // Values up to remaining + 1; the lowest of them take one bit less.
    const width = highestBit(remaining + 1) + 1
    let value = (inputWords.getUint32(position >> 3, true) >>> (position & 7)) & ((1 << width) - 1)
    const low = (1 << (width - 1)) - 1
    const spare = (1 << width) - 2 - remaining
    if ((value & low) < spare) {
      value &= low
      position += width - 1
    } else {
      if (value > low) value -= spare
      position += width
    }
    const count = value - 1
    remaining -= Math.abs(count)
    counts[symbol++] = count
    if (count !== 0) continue
    for (let repeat = 3; repeat === 3;) {
      repeat = (inputWords.getUint16(position >> 3, true) >>> (position & 7)) & 3
      position += 2
      if (symbol + repeat > mostSymbol + 1 || position > end * 8) return -1
      for (let i = 0; i < repeat; i++) counts[symbol++] = 0
    }
  }
  const next = (position + 7) >> 3
  if (remaining !== 0 || next > end) return -1
  return makeFseTable(table, bits, symbol) ? next : -1
}

/** Makes a table from given counts, as those that the format predefines. */
export function fseTableOf(bits: number, given: readonly number[]): FseTable {
  const table = fseTable()
  counts.set(given)
  makeFseTable(table, bits, given.length)
  return table
}

/** The table that gives one symbol, always. */
export function repeatSymbol(table: FseTable, symbol: number): void {
  table.bits = 0
  table.symbols[0] = symbol
  table.nextBits[0] = 0
  table.nextBase[0] = 0
}

/** Spreads the symbols of `counts` over the states (4.1.1, "From normalized distribution to decoding tables"). */
function makeFseTable(table: FseTable, bits: number, symbols: number): boolean {
  const states = 1 << bits
  const { symbols: symbolOf, nextBits, nextBase } = table
  table.bits = bits
  let high = states
  for (let symbol = 0; symbol < symbols; symbol++) {
    nexts[symbol] = Math.abs(counts[symbol])
    // Less than one state's worth: a state at the end.
    if (counts[symbol] === -1) symbolOf[--high] = symbol
  }
  const step = (states >> 1) + (states >> 3) + 3
  let state = 0
  for (let symbol = 0; symbol < symbols; symbol++) {
    for (let i = 0; i < counts[symbol]; i++) {
      symbolOf[state] = symbol
      do state = (state + step) & (states - 1)
      while (state >= high)
    }
  }
  if (state !== 0) return false
  for (state = 0; state < states; state++) {
    const next = nexts[symbolOf[state]]++
    const width = bits - highestBit(next)
    nextBits[state] = width
    nextBase[state] = (next << width) - states
  }
  return true
}

/** A Huffman code: by the next `bits` bits, symbol << 8 | bits that its code takes. */
export interface HuffmanTable {
  bits: number
  readonly entries: Uint16Array
}

export function huffmanTable(): HuffmanTable {
  return { bits: 0, entries: new Uint16Array(1 << MOST_HUFFMAN_BITS) }
}

const weights = new Uint8Array(256)
const weightTable = fseTable()
const perWeight = new Uint16Array(MOST_HUFFMAN_BITS + 2)

/** Reads the description of a Huffman code (4.2.1) at `at` and makes the table. Returns where it ends, or -1. */
export function readHuffmanTable(table: HuffmanTable, at: number, end: number): number {
  if (at >= end) return -1
  const head = input[at++]
  const bytes = head < 128 ? head : (head - 126) >> 1
  const next = at + bytes
  if (next > end) return -1
  const symbols = head < 128 ? readWeights(at, next) : head - 127
  if (symbols < 0) return -1
  if (head >= 128) for (let i = 0; i < symbols; i++) weights[i] = i % 2 === 0 ? input[at + (i >> 1)] >> 4 : input[at + (i >> 1)] & 0xf
  return makeHuffmanTable(table, symbols) ? next : -1
}

/** Weights packed with two states that take turns; how many, or -1. */
function readWeights(at: number, end: number): number {
  const start = readFseTable(weightTable, at, end, MOST_WEIGHT_BITS, MOST_HUFFMAN_BITS + 1)
  if (start < 0 || start >= end || input[end - 1] === 0) return -1
  const { bits, symbols, nextBits, nextBase } = weightTable
  const first = start * 8
  let position = (end - 1) * 8 + highestBit(input[end - 1])
  const take = (width: number): number => {
    position -= width
    return (inputWords.getUint32(position >> 3, true) >>> (position & 7)) & ((1 << width) - 1)
  }
  let one = take(bits)
  let two = take(bits)
  if (position < first) return -1
  let count = 0
  while (count < 254) {
    weights[count++] = symbols[one]
    one = nextBase[one] + take(nextBits[one])
    if (position < first) {
      weights[count++] = symbols[two]
      return count
    }
    // The states change places.
    const other = one
    one = two
    two = other
  }
  return -1
}

/** The last symbol's weight is not written: it fills the sum up to a power of two (4.2.1.1). */
function makeHuffmanTable(table: HuffmanTable, given: number): boolean {
  let sum = 0
  perWeight.fill(0)
  for (let i = 0; i < given; i++) {
    const weight = weights[i]
    if (weight > MOST_HUFFMAN_BITS) return false
    if (weight > 0) sum += 1 << (weight - 1)
    perWeight[weight]++
  }
  if (sum === 0) return false
  const bits = highestBit(sum) + 1
  const rest = (1 << bits) - sum
  if (bits > MOST_HUFFMAN_BITS || (rest & (rest - 1)) !== 0) return false
  weights[given] = highestBit(rest) + 1
  perWeight[weights[given]]++

  // Codes of low weight stand first, those of one weight in order of their symbols.
  table.bits = bits
  let start = 0
  for (let weight = 1; weight <= bits; weight++) {
    const next = start + (perWeight[weight] << (weight - 1))
    perWeight[weight] = start
    start = next
  }
  for (let symbol = 0; symbol <= given; symbol++) {
    const weight = weights[symbol]
    if (weight === 0) continue
    const from = perWeight[weight]
    perWeight[weight] += 1 << (weight - 1)
    table.entries.fill((symbol << 8) | (bits + 1 - weight), from, perWeight[weight])
  }
  return true
}
