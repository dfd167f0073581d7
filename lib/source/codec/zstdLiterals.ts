import { MOST_BYTES, scratch } from './scratch.js'
import { huffmanTable, readHuffmanTable, type HuffmanTable } from './zstdEntropy.js'

const { input, inputWords } = scratch

/** Kinds of literals (3.1.1.3.1.1): as they are, one byte repeated, Huffman with a new table, Huffman with the last one. */
const RAW_LITERALS = 0
const REPEAT_LITERALS = 1
const PACKED_LITERALS = 2

/** Literals of the block at hand; a copy may run over their end. */
export const literals = new Uint8Array(MOST_BYTES + 512)
export let literalCount = 0

/** The last table of a frame, where there was one. */
const huffman: HuffmanTable = huffmanTable()
let hasHuffman = false

/** For a new frame. */
export function forgetHuffman(): void {
  hasHuffman = false
}

/** Fills {@link literals}, {@link literalCount} of them, from a section that starts at `at` and ends before `end`: where it ends, or -1. */
export function readLiterals(at: number, end: number): number {
  const head = inputWords.getUint32(at, true)
  const kind = head & 3
  const form = head >> 2 & 3
  if (kind === RAW_LITERALS || kind === REPEAT_LITERALS) {
    const headBytes = form === 1 ? 2 : form === 3 ? 3 : 1
    literalCount = form === 1 ? head >> 4 & 0xfff : form === 3 ? head >> 4 & 0xfffff : head >> 3 & 0x1f
    at += headBytes
    const behind = at + (kind === RAW_LITERALS ? literalCount : 1)
    if (literalCount > MOST_BYTES || behind > end) return -1
    if (kind === RAW_LITERALS) literals.set(input.subarray(at, behind))
    else literals.fill(input[at], 0, literalCount)
    return behind
  }
  const width = form < 2 ? 10 : form === 2 ? 14 : 18
  const headBytes = form < 2 ? 3 : form === 2 ? 4 : 5
  const mask = (1 << width) - 1
  literalCount = head >>> 4 & mask
  const bytes = form === 3 ? (head >>> 22) | (input[at + 4] << 10) : head >>> (4 + width) & mask
  at += headBytes
  const behind = at + bytes
  if (literalCount > MOST_BYTES || behind > end) return -1
  if (kind === PACKED_LITERALS) {
    hasHuffman = false
    at = readHuffmanTable(huffman, at, behind)
    if (at < 0) return -1
    hasHuffman = true
  }
  if (!hasHuffman) return -1
  return (form === 0 ? huffmanStream(at, behind, 0, literalCount) : fourStreams(at, behind)) ? behind : -1
}

/** Four streams, each of a quarter of the literals; the sizes of the first three stand before them. */
function fourStreams(at: number, end: number): boolean {
  if (at + 6 > end) return false
  const quarter = (literalCount + 3) >> 2
  if (literalCount < quarter * 3) return false
  const first = at + 6
  const second = first + inputWords.getUint16(at, true)
  const third = second + inputWords.getUint16(at + 2, true)
  const fourth = third + inputWords.getUint16(at + 4, true)
  return fourth < end && huffmanStream(first, second, 0, quarter) && huffmanStream(second, third, quarter, 2 * quarter) &&
    huffmanStream(third, fourth, 2 * quarter, 3 * quarter) && huffmanStream(fourth, end, 3 * quarter, literalCount)
}

/** Position, in bits, of the mark that ends a stream which is read backwards; -1 where there is none. */
export function streamEnd(start: number, end: number): number {
  return start >= end || input[end - 1] === 0 ? -1 : (end - 1) * 8 + 31 - Math.clz32(input[end - 1])
}

/** Decodes a Huffman stream (4.2.2) from its end into literals[from..to); all its bits must be used. */
function huffmanStream(start: number, end: number, from: number, to: number): boolean {
  const { bits, entries } = huffman
  const first = start * 8
  const mask = (1 << bits) - 1
  let position = streamEnd(start, end)
  if (position < 0) return false
  let at = from
  // Two codes are at most 22 bits, and 25 can be looked at.
  for (const last = to - 1; at < last && position >= first; at += 2) {
    const word = inputWords.getUint32((position - 24) >> 3, true) >>> ((position - 24) & 7)
    const one = entries[(word >>> (24 - bits)) & mask]
    const used = one & 0xff
    const two = entries[(word >>> (24 - used - bits)) & mask]
    literals[at] = one >> 8
    literals[at + 1] = two >> 8
    position -= used + (two & 0xff)
  }
  for (; at < to && position >= first; at++) {
    const word = inputWords.getUint32((position - 24) >> 3, true) >>> ((position - 24) & 7)
    const entry = entries[(word >>> (24 - bits)) & mask]
    literals[at] = entry >> 8
    position -= entry & 0xff
  }
  return at === to && position === first
}
