import { FIRST_VALUE_CODE } from './wordEncoder.js'
import { MISSING, ZERO } from './wordClass.js'

/**
 * Objects by what their words look like: a row for every different sequence of word codes, with how many objects have it.
 * A million objects of a leak are a handful of rows, so that everything after the first pass works on rows.
 */
export class WordRows {
  readonly words: number
  #length = 0
  #capacity = 64
  /** Row r's codes start at `r * words`. */
  codes: Uint16Array
  /** Objects of each row. */
  objects: Uint32Array
  /** Position of the first object of each row. */
  first: Uint32Array
  /** Smallest and largest value of each word whose code is only a class: halves. */
  lowHigh: Uint32Array
  lowLow: Uint32Array
  highHigh: Uint32Array
  highLow: Uint32Array
  /** Bits that any, and bits that all of these values have: where the two agree, the values do. */
  anyHigh: Int32Array
  anyLow: Int32Array
  allHigh: Int32Array
  allLow: Int32Array
  #slots = new Int32Array(256)

  constructor(words: number) {
    this.words = words
    this.codes = new Uint16Array(this.#capacity * words)
    this.objects = new Uint32Array(this.#capacity)
    this.first = new Uint32Array(this.#capacity)
    this.lowHigh = new Uint32Array(this.#capacity * words)
    this.lowLow = new Uint32Array(this.#capacity * words)
    this.highHigh = new Uint32Array(this.#capacity * words)
    this.highLow = new Uint32Array(this.#capacity * words)
    this.anyHigh = new Int32Array(this.#capacity * words)
    this.anyLow = new Int32Array(this.#capacity * words)
    this.allHigh = new Int32Array(this.#capacity * words)
    this.allLow = new Int32Array(this.#capacity * words)
  }

  get length(): number {
    return this.#length
  }

  /**
   * Counts an object: its codes, and its words as halves (low first) from `at` on. `object` ascends from call to call.
   * Returns the row.
   */
  add(codes: Uint16Array, values: Int32Array, at: number, object: number): number {
    const row = this.#row(codes, object)
    this.objects[row]++
    const base = row * this.words
    const isFirst = this.objects[row] === 1
    for (let word = 0; word < this.words; word++) {
      const code = codes[word]
      if (code >= FIRST_VALUE_CODE || code === ZERO || code === MISSING) continue
      const low = values[at + word * 2] >>> 0
      const high = values[at + word * 2 + 1] >>> 0
      const cell = base + word
      this.anyHigh[cell] |= high
      this.anyLow[cell] |= low
      this.allHigh[cell] = isFirst ? high : this.allHigh[cell] & high
      this.allLow[cell] = isFirst ? low : this.allLow[cell] & low
      if (isFirst || high < this.lowHigh[cell] || (high === this.lowHigh[cell] && low < this.lowLow[cell])) {
        this.lowHigh[cell] = high
        this.lowLow[cell] = low
      }
      if (isFirst || high > this.highHigh[cell] || (high === this.highHigh[cell] && low > this.highLow[cell])) {
        this.highHigh[cell] = high
        this.highLow[cell] = low
      }
    }
    return row
  }

  #row(codes: Uint16Array, object: number): number {
    const { words } = this
    let hash = 0
    for (let word = 0; word < words; word++) hash = Math.imul(hash ^ codes[word], 0x01000193) ^ (hash >>> 13)
    const mask = this.#slots.length - 1
    let slot = (hash ^ (hash >>> 16)) & mask
    for (;;) {
      const row = this.#slots[slot] - 1
      if (row < 0) break
      const base = row * words
      let word = 0
      while (word < words && this.codes[base + word] === codes[word]) word++
      if (word === words) return row
      slot = (slot + 1) & mask
    }
    const row = this.#length++
    if (row === this.#capacity) this.#grow()
    this.codes.set(codes, row * words)
    this.first[row] = object
    this.#slots[slot] = row + 1
    if (this.#length * 2 > this.#slots.length) this.#rehash()
    return row
  }

  #grow(): void {
    this.#capacity *= 2
    this.codes = grown(this.codes, new Uint16Array(this.#capacity * this.words))
    this.objects = grown(this.objects, new Uint32Array(this.#capacity))
    this.first = grown(this.first, new Uint32Array(this.#capacity))
    this.lowHigh = grown(this.lowHigh, new Uint32Array(this.#capacity * this.words))
    this.lowLow = grown(this.lowLow, new Uint32Array(this.#capacity * this.words))
    this.highHigh = grown(this.highHigh, new Uint32Array(this.#capacity * this.words))
    this.highLow = grown(this.highLow, new Uint32Array(this.#capacity * this.words))
    this.anyHigh = grown(this.anyHigh, new Int32Array(this.#capacity * this.words))
    this.anyLow = grown(this.anyLow, new Int32Array(this.#capacity * this.words))
    this.allHigh = grown(this.allHigh, new Int32Array(this.#capacity * this.words))
    this.allLow = grown(this.allLow, new Int32Array(this.#capacity * this.words))
  }

  #rehash(): void {
    const { words } = this
    this.#slots = new Int32Array(this.#slots.length * 4)
    const mask = this.#slots.length - 1
    for (let row = 0; row < this.#length; row++) {
      let hash = 0
      for (let word = 0; word < words; word++) hash = Math.imul(hash ^ this.codes[row * words + word], 0x01000193) ^ (hash >>> 13)
      let slot = (hash ^ (hash >>> 16)) & mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
      this.#slots[slot] = row + 1
    }
  }
}

function grown<T extends Uint16Array | Uint32Array | Int32Array>(from: T, to: T): T {
  to.set(from)
  return to
}
