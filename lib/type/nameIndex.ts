/**
 * Names to numbers without a string for each name: a hash over the bytes of a NUL-separated string section, entries chained in arrays.
 */
export class NameIndex {
  readonly #strings: Uint8Array
  readonly #heads: Int32Array
  readonly #next: Int32Array
  readonly #offsets: Uint32Array
  readonly #values: Uint32Array
  readonly #mask: number
  #length = 0

  /** @param capacity the most entries that will be added */
  constructor(strings: Uint8Array, capacity: number) {
    let buckets = 16
    while (buckets < capacity) buckets *= 2
    this.#strings = strings
    this.#mask = buckets - 1
    this.#heads = new Int32Array(buckets).fill(-1)
    this.#next = new Int32Array(capacity)
    this.#offsets = new Uint32Array(capacity)
    this.#values = new Uint32Array(capacity)
  }

  /** Files `value` under the string at `offset`; unnamed things (an empty string) are left out. */
  add(offset: number, value: number): void {
    const strings = this.#strings
    if (offset >= strings.length || strings[offset] === 0) return
    let hash = 0
    for (let i = offset; i < strings.length && strings[i] !== 0; i++) hash = Math.imul(hash ^ strings[i], 0x01000193)
    const bucket = (hash ^ (hash >>> 15)) & this.#mask
    const entry = this.#length++
    this.#offsets[entry] = offset
    this.#values[entry] = value
    this.#next[entry] = this.#heads[bucket]
    this.#heads[bucket] = entry
  }

  /** All values of a name, in the order they were added. */
  find(name: string): number[] {
    const bytes = Buffer.from(name, 'latin1')
    let hash = 0
    for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193)
    const found: number[] = []
    for (let entry = this.#heads[(hash ^ (hash >>> 15)) & this.#mask]; entry >= 0; entry = this.#next[entry]) {
      if (this.#holds(this.#offsets[entry], bytes)) found.push(this.#values[entry])
    }
    return found.reverse()
  }

  #holds(offset: number, bytes: Uint8Array): boolean {
    return bytesAre(this.#strings, offset, bytes)
  }
}

/** Whether the NUL-terminated string at `offset` is `bytes`. */
export function bytesAre(strings: Uint8Array, offset: number, bytes: Uint8Array): boolean {
  const end = offset + bytes.length
  if (end > strings.length) return false
  for (let i = 0; i < bytes.length; i++) {
    if (strings[offset + i] !== bytes[i]) return false
  }
  return end === strings.length || strings[end] === 0
}
