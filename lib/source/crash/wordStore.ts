import { Growing } from '../../util/growing.js'
import { settleRuns } from './settleRuns.js'
import { chunkBytes, type Words } from './words.js'

/** Repeated reads of the same memory are folded together when this much, or twice what was left after the last time, has come in. */
const foldAt = 1 << 26

/** Stretches of memory in the order in which they were printed, as columns. */
export interface Runs {
  high: Growing<Uint32Array>
  low: Growing<Uint32Array>
  /** Where the first byte lies: chunk * chunkBytes + offset in the chunk. */
  position: Growing<Float64Array>
  bytes: Growing<Uint32Array>
  /** Bytes of one printed value. */
  element: Growing<Uint8Array>
  /** Which file, and the line of the first row. */
  file: Growing<Uint16Array>
  line: Growing<Uint32Array>
}

export function emptyRuns(): Runs {
  return {
    high: new Growing(Uint32Array), low: new Growing(Uint32Array), position: new Growing(Float64Array), bytes: new Growing(Uint32Array),
    element: new Growing(Uint8Array), file: new Growing(Uint16Array), line: new Growing(Uint32Array)
  }
}

/**
 * Memory words as `rd` rows come in: values are kept as little-endian machines hold them, 16 bytes for a row of 70 characters, with
 * one record for each stretch of adjacent rows. A big-endian machine's are turned around once that is known.
 */
export class WordStore {
  #chunks: Uint32Array[] = []
  #words = new Uint32Array(0)
  #bytes = new Uint8Array(0)
  #used = chunkBytes
  #runs = emptyRuns()
  /** Where a row must start to continue the current run. Halves are signed: hexadecimal digits shifted together. */
  #nextHigh = 0
  #nextLow = 0
  #element = 0
  #file = 0
  #stored = 0
  #foldAt = foldAt
  #settled: Words | undefined
  /** Whether the machine's values have their highest byte first in memory. */
  bigEndian = false

  /** @param settled words to add to: what is added counts as printed later */
  constructor(settled?: Words) {
    this.#settled = settled
  }

  /** Rows from now on come from this file. */
  begin(file: number): void {
    this.#file = file
    this.#element = 0
  }

  /** Whether anything was added since the last {@link WordStore.finish}. */
  get isChanged(): boolean {
    return this.#runs.high.length > 0
  }

  /** Two 64-bit values at an address. All halves are signed or unsigned 32-bit. */
  addPair(high: number, low: number, firstHigh: number, firstLow: number, secondHigh: number, secondLow: number, line: number): void {
    if (low !== this.#nextLow || high !== this.#nextHigh || this.#element !== 8 || this.#used > chunkBytes - 16) this.#start(high, low, 8, 16, line)
    const word = this.#used >> 2
    const words = this.#words
    words[word] = firstLow
    words[word + 1] = firstHigh
    words[word + 2] = secondLow
    words[word + 3] = secondHigh
    this.#advance(16)
  }

  /** Values of 1, 2, 4 or 8 bytes at an address, as their halves (`highs` is only read for 8). All 32-bit numbers. */
  addRow(high: number, low: number, element: number, highs: Int32Array, lows: Int32Array, count: number, line: number): void {
    const bytes = element * count
    if (low !== this.#nextLow || high !== this.#nextHigh || this.#element !== element || this.#used > chunkBytes - bytes) {
      this.#start(high, low, element, bytes, line)
    }
    let at = this.#used
    for (let i = 0; i < count; i++) {
      let value = lows[i]
      for (let part = 0; part < element; part++) {
        if (part === 4) value = highs[i]
        this.#bytes[at++] = value
        value >>>= 8
      }
    }
    this.#advance(bytes)
  }

  #start(high: number, low: number, element: number, bytes: number, line: number): void {
    if (this.#stored > this.#foldAt) this.#fold()
    // Runs start on a word, so that rows of 64-bit values are stored as words.
    this.#used = (this.#used + 7) & ~7
    if (this.#used > chunkBytes - bytes) {
      this.#words = new Uint32Array(chunkBytes >> 2)
      this.#bytes = new Uint8Array(this.#words.buffer)
      this.#chunks.push(this.#words)
      this.#used = 0
    }
    this.#element = element
    this.#nextHigh = high
    this.#nextLow = low
    const runs = this.#runs
    runs.high.push(high)
    runs.low.push(low)
    runs.position.push((this.#chunks.length - 1) * chunkBytes + this.#used)
    runs.bytes.push(0)
    runs.element.push(element)
    runs.file.push(this.#file)
    runs.line.push(line)
  }

  #advance(bytes: number): void {
    this.#used += bytes
    this.#stored += bytes
    const { bytes: lengths } = this.#runs
    lengths.values[lengths.length - 1] += bytes
    const low = (this.#nextLow + bytes) | 0
    if ((low >>> 0) < (this.#nextLow >>> 0)) this.#nextHigh = (this.#nextHigh + 1) | 0
    this.#nextLow = low
  }

  /** Everything so far, in address order, each byte once: where statements disagree, the later one, and a note of both. */
  finish(): Words {
    this.#fold()
    return this.#settled!
  }

  #fold(): void {
    this.#settled = settleRuns(this.#settled, this.#runs, this.#chunks, this.bigEndian)
    this.#runs = emptyRuns()
    this.#chunks = []
    this.#words = new Uint32Array(0)
    this.#bytes = new Uint8Array(0)
    this.#used = chunkBytes
    this.#element = 0
    const kept = this.#settled.heldBytes
    this.#stored = kept
    this.#foldAt = Math.max(foldAt, kept * 2)
  }
}
