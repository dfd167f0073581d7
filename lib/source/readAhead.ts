import type { ByteSource } from './bytes.js'

/** Bytes fetched for a read that does not follow the one before it, and for one that does. */
const SHORT = 1 << 14
const LONG = 1 << 18

/**
 * Views of a source's bytes with few system calls: a read that goes on where the last one stopped fetches far ahead, any other only a
 * little. Holds one buffer.
 */
export class ReadAhead {
  readonly #source: ByteSource
  #buffer: Uint8Array<ArrayBuffer> = new Uint8Array(SHORT)
  #start = 0
  #filled = 0
  #expected = -1

  constructor(source: ByteSource) {
    this.#source = source
  }

  /** `length` bytes from `offset`, fewer at the source's end; a view that holds until the next call. */
  view(offset: number, length: number): Uint8Array<ArrayBuffer> {
    const sequential = offset >= this.#expected && offset - this.#expected <= SHORT && this.#expected >= 0
    this.#expected = offset + length
    let from = offset - this.#start
    if (from < 0 || from + length > this.#filled) {
      const want = Math.max(length, sequential ? LONG : SHORT)
      if (this.#buffer.length < want) this.#buffer = new Uint8Array(want)
      this.#start = offset
      this.#filled = readInto(this.#source, offset, this.#buffer, want)
      from = 0
    }
    return this.#buffer.subarray(from, Math.min(from + length, this.#filled))
  }
}

/** Reads to the start of `target`, without an allocation where the source can; returns how many bytes came. */
export function readInto(source: ByteSource, offset: number, target: Uint8Array, length: number): number {
  if (source.readInto) return source.readInto(offset, target, length)
  const bytes = source.read(offset, length)
  target.set(bytes)
  return bytes.length
}
