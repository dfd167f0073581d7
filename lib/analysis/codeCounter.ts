/** Counts objects per 16-bit word code: an array instead of a map, for it is emptied and filled millions of times. */
export class CodeCounter {
  readonly #counts = new Float64Array(1 << 16)
  readonly #met = new Uint16Array(1 << 16)
  #length = 0

  /** How many different codes were met. */
  get length(): number {
    return this.#length
  }

  add(code: number, objects: number): void {
    if (this.#counts[code] === 0) this.#met[this.#length++] = code
    this.#counts[code] += objects
  }

  /** The i-th code met. */
  code(i: number): number {
    return this.#met[i]
  }

  count(code: number): number {
    return this.#counts[code]
  }

  clear(): void {
    for (let i = 0; i < this.#length; i++) this.#counts[this.#met[i]] = 0
    this.#length = 0
  }
}
