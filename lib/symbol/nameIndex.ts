/** Keys that names are sorted by. */
const KEYS = 1 << 14

/** What is quickly known of a name, as a number of 14 bits: of its length and its first, middle and last character. */
export function nameKey(length: number, first: number, middle: number, last: number): number {
  return Math.imul(length + 31 * first + 1009 * middle + 32_749 * last, 0x9e3779b1) >>> 18
}

export function nameKeyOf(name: string): number {
  return nameKey(name.length, name.charCodeAt(0), name.charCodeAt(name.length >>> 1), name.charCodeAt(name.length - 1))
}

/** Places of names by their keys: strings of a hundred thousand symbols would take longer to make than all else that is done with them. */
export class NameIndex {
  readonly #starts = new Uint32Array(KEYS + 1)
  readonly #places: Uint32Array

  /** @param keys of each name its {@link nameKey} */
  constructor(keys: Uint16Array) {
    const starts = this.#starts
    for (let place = 0; place < keys.length; place++) starts[keys[place] + 1]++
    for (let key = 0; key < KEYS; key++) starts[key + 1] += starts[key]
    this.#places = new Uint32Array(keys.length)
    const next = starts.slice()
    for (let place = 0; place < keys.length; place++) this.#places[next[keys[place]]++] = place
  }

  /** Where a name may stand, ascending; others have the same key. */
  placesOf(name: string): Uint32Array {
    const key = nameKeyOf(name)
    return this.#places.subarray(this.#starts[key], this.#starts[key + 1])
  }
}
