import type { Memory } from '../../memory/memory.js'

/** Contents of some objects, as words in two halves each, low first. */
export interface Contents {
  /** Which of the objects were read. */
  readonly rows: Uint32Array
  /** The words of the i-th that was read start at `i * halves`. */
  readonly words: Uint32Array
  readonly halves: number
}

/** Reads the first `bytes` (a multiple of 8) of at most `most` objects, spread evenly; those that the dump lacks are left out. */
export function readContents(memory: Memory, addresses: BigUint64Array, bytes: number, most: number): Contents {
  const step = Math.max(1, addresses.length / most)
  const count = Math.min(addresses.length, most)
  const rows = Uint32Array.from({ length: count }, (_, i) => Math.floor(i * step))
  const content = new Uint8Array(count * bytes)
  const present = new Uint8Array(count)
  memory.readMany(step === 1 ? addresses : BigUint64Array.from(rows, (row) => addresses[row]), bytes, content, present)
  let kept = 0
  for (let i = 0; i < count; i++) {
    if (present[i] === 0) continue
    if (kept !== i) content.copyWithin(kept * bytes, i * bytes, (i + 1) * bytes)
    rows[kept++] = rows[i]
  }
  const words = new Uint32Array(content.buffer, 0, (kept * bytes) / 4)
  if (!memory.littleEndian) swapWords(words)
  return { rows: rows.subarray(0, kept), words, halves: bytes / 4 }
}

/** Bytes as words in two halves each, low first. */
export function wordsOf(content: Uint8Array, littleEndian: boolean): Uint32Array {
  const words = new Uint32Array(content.slice().buffer)
  if (!littleEndian) swapWords(words)
  return words
}

/** A word as one number, of two halves from `at` on. */
export function word64(words: Uint32Array, at: number): bigint {
  return (BigInt(words[at + 1]) << 32n) | BigInt(words[at])
}

/** Big-endian words as low and high halves. */
function swapWords(words: Uint32Array): void {
  const view = new DataView(words.buffer, words.byteOffset, words.byteLength)
  for (let i = 0; i + 1 < words.length; i += 2) {
    const high = view.getUint32(i * 4, false)
    words[i] = view.getUint32(i * 4 + 4, false)
    words[i + 1] = high
  }
}

/** Whether a word with that high half is an address of the kernel's half: of all 64-bit machines, x86-64 with five levels of page tables has the lowest. */
export function isKernelAddress(high: number): boolean {
  return high >>> 24 === 0xff
}
