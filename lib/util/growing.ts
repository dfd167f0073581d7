type Numbers = Uint8Array | Uint16Array | Uint32Array | Float64Array

/**
 * A typed array that grows at its end: what a reader fills when it cannot know how many there will be.
 *
 * @example
 * const lines = new Growing(Uint32Array)
 * lines.push(7)
 * lines.taken() // Uint32Array [7]
 */
export class Growing<T extends Numbers> {
  values: T
  length = 0
  readonly #kind: new (length: number) => T

  constructor(kind: new (length: number) => T, capacity = 16) {
    this.#kind = kind
    this.values = new kind(capacity)
  }

  push(value: number): void {
    if (this.length === this.values.length) {
      const larger = new this.#kind(this.length * 2)
      larger.set(this.values)
      this.values = larger
    }
    this.values[this.length++] = value
  }

  /** The values pushed so far, over the same memory: valid until the next push. */
  taken(): T {
    return this.values.subarray(0, this.length) as T
  }
}

/** A growing list of 64-bit addresses, given and kept as halves: hot loops make no bigint. */
export class GrowingAddresses {
  #halves = new Uint32Array(32)
  #addresses = new BigUint64Array(this.#halves.buffer)
  length = 0

  push(high: number, low: number): void {
    if (this.length === this.#addresses.length) {
      const larger = new Uint32Array(this.length * 4)
      larger.set(this.#halves)
      this.#halves = larger
      this.#addresses = new BigUint64Array(larger.buffer)
    }
    this.#halves[this.length * 2] = low
    this.#halves[this.length * 2 + 1] = high
    this.length++
  }

  /** The addresses pushed so far, over the same memory: valid until the next push. */
  taken(): BigUint64Array {
    return this.#addresses.subarray(0, this.length)
  }
}
