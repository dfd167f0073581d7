import { FormatError } from '../../errors.js'
import type { ByteSource } from '../../source/bytes.js'
import type { FileRange } from '../../source/kdumpHeader.js'
import type { Run } from './blockStore.js'

/** Bits of one chunk: 32 KiB of bitmap, 1 GiB of memory in 4 KiB blocks. Chunks without a bit take no memory. */
const CHUNK_BITS = 1 << 18
const CHUNK_BYTES = CHUNK_BITS / 8
/** Bits between two entries of the table of counts. */
const STEP_BITS = 256
const STEP_BYTES = STEP_BITS / 8

interface Chunk {
  readonly bytes: Uint8Array
  /** Bits set before each step, from the start of the chunk. */
  readonly before: Uint32Array
}

const bitsOfByte = Uint8Array.from({ length: 256 }, (_, byte) => {
  let bits = 0
  for (let rest = byte; rest > 0; rest &= rest - 1) bits++
  return bits
})

/** A bitmap of a kdump-compressed file, lowest bit first in each byte, with its bits counted so that {@link rank} takes constant time. */
export class FrameBitmap {
  readonly #chunks: (Chunk | undefined)[] = []
  /** Bits set before each chunk. */
  readonly #before: number[] = []
  /** Bits set in all. */
  readonly count: number

  /** @throws FormatError where the source ends inside the bitmap. */
  constructor(source: ByteSource, range: FileRange, readonly bits: number) {
    const chunks = Math.ceil(bits / CHUNK_BITS)
    let count = 0
    for (let i = 0; i < chunks; i++) {
      const wanted = Math.min(CHUNK_BYTES, Math.ceil(bits / 8) - i * CHUNK_BYTES)
      const bytes = source.read(range.offset + i * CHUNK_BYTES, wanted)
      if (bytes.length < wanted) {
        throw new FormatError('truncated inside a bitmap', { source: source.name, offset: range.offset + i * CHUNK_BYTES + bytes.length })
      }
      // Bits behind the last block are padding.
      if (i === chunks - 1 && bits % 8 !== 0) bytes[wanted - 1] &= (1 << bits % 8) - 1
      const chunk = countedChunk(bytes)
      this.#before.push(count)
      this.#chunks.push(chunk?.chunk)
      count += chunk?.count ?? 0
    }
    this.count = count
  }

  has(bit: number): boolean {
    if (bit < 0 || bit >= this.bits) return false
    const chunk = this.#chunks[Math.floor(bit / CHUNK_BITS)]
    if (chunk === undefined) return false
    const inside = bit % CHUNK_BITS
    return (chunk.bytes[inside >>> 3] & (1 << (inside & 7))) !== 0
  }

  /** How many bits are set below `bit`. */
  rank(bit: number): number {
    if (bit >= this.bits) return this.count
    const number = Math.floor(bit / CHUNK_BITS)
    const chunk = this.#chunks[number]
    if (chunk === undefined) return this.#before[number]
    const inside = bit % CHUNK_BITS
    const step = Math.floor(inside / STEP_BITS)
    let rank = this.#before[number] + chunk.before[step]
    const last = inside >>> 3
    for (let i = step * STEP_BYTES; i < last; i++) rank += bitsOfByte[chunk.bytes[i]]
    return (inside & 7) === 0 ? rank : rank + bitsOfByte[chunk.bytes[last] & ((1 << (inside & 7)) - 1)]
  }

  /** Runs of set bits, in order. */
  *runs(): Generator<Run> {
    let start = -1
    for (let number = 0; number < this.#chunks.length; number++) {
      const base = number * CHUNK_BITS
      const bytes = this.#chunks[number]?.bytes
      if (bytes === undefined) {
        if (start >= 0) yield { start, end: base }
        start = -1
        continue
      }
      for (let i = 0; i < bytes.length; i++) {
        const byte = bytes[i]
        if (byte === (start >= 0 ? 0xff : 0)) continue
        for (let bit = 0; bit < 8; bit++) {
          const set = (byte & (1 << bit)) !== 0
          if (set === start >= 0) continue
          if (set) start = base + i * 8 + bit
          else {
            yield { start, end: base + i * 8 + bit }
            start = -1
          }
        }
      }
    }
    if (start >= 0) yield { start, end: this.bits }
  }
}

const zeros = new Uint8Array(CHUNK_BYTES)

function countedChunk(bytes: Uint8Array): { chunk: Chunk; count: number } | undefined {
  if (Buffer.compare(bytes, bytes.length === CHUNK_BYTES ? zeros : zeros.subarray(0, bytes.length)) === 0) return undefined
  const steps = Math.ceil(bytes.length / STEP_BYTES)
  const before = new Uint32Array(steps)
  const padded = new Uint8Array(steps * STEP_BYTES)
  padded.set(bytes)
  // The order of bytes in a word makes no difference to how many bits are set.
  const words = new Uint32Array(padded.buffer)
  let count = 0
  for (let step = 0, at = 0; step < steps; step++) {
    before[step] = count
    for (const end = at + STEP_BYTES / 4; at < end; at++) count += bitsOfWord(words[at])
  }
  return { chunk: { bytes: padded, before }, count }
}

/** Sums the bits in pairs, then in fours, then in bytes. */
function bitsOfWord(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555)
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333)
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
