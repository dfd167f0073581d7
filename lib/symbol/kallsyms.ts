import { hashName, type KallsymsNames } from '../source/kallsymsNames.js'
import type { KallsymsEncoding } from '../source/kallsymsAddresses.js'
import type { SymbolRecord } from './symbolTable.js'

/**
 * The kernel's own symbols as its kallsyms tables hold them, in address order. A name becomes a string when asked for: a look-up of a
 * dozen names does not pay for a hundred thousand.
 */
export class Kallsyms {
  #slots: Int32Array | undefined

  constructor(readonly names: KallsymsNames, readonly addresses: BigUint64Array, readonly encoding: KallsymsEncoding) {}

  get length(): number {
    return this.names.length
  }

  name(index: number): string {
    const { text, starts } = this.names
    return Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString('latin1', starts[index], starts[index + 1])
  }

  /** Address of the symbol of that name; the first one where static functions share it, undefined where there is none. */
  address(name: string): bigint | undefined {
    const index = this.find(name)
    return index < 0 ? undefined : this.addresses[index]
  }

  /** Place of the first symbol of that name, or -1. */
  find(name: string): number {
    const slots = (this.#slots ??= slotsOf(this.names))
    const hash = hashName(name)
    const mask = slots.length - 1
    let first = -1
    for (let slot = hash & mask; slots[slot] >= 0; slot = (slot + 1) & mask) {
      const index = slots[slot]
      if (this.names.hashes[index] === hash && this.#isNamed(index, name) && (first < 0 || index < first)) first = index
    }
    return first
  }

  /** All symbols in address order, named lazily. */
  records(): SymbolRecord[] {
    const records = new Array<SymbolRecord>(this.length)
    const bytes = Buffer.from(this.names.text.buffer, this.names.text.byteOffset, this.names.text.byteLength)
    for (let index = 0; index < records.length; index++) records[index] = new KallsymsRecord(this, bytes, index)
    return records
  }

  #isNamed(index: number, name: string): boolean {
    const { text, starts } = this.names
    const start = starts[index]
    if (starts[index + 1] - start !== name.length) return false
    for (let i = 0; i < name.length; i++) if (text[start + i] !== name.charCodeAt(i)) return false
    return true
  }
}

/** A symbol of {@link Kallsyms}. It keeps its place only, and its name once that was asked for. */
class KallsymsRecord implements SymbolRecord {
  readonly #kallsyms: Kallsyms
  readonly #text: Buffer
  readonly #index: number
  readonly module = null
  readonly bytes = null
  readonly file = null
  readonly line = null

  constructor(kallsyms: Kallsyms, text: Buffer, index: number) {
    this.#kallsyms = kallsyms
    this.#text = text
    this.#index = index
  }

  get address(): bigint {
    return this.#kallsyms.addresses[this.#index]
  }

  get name(): string {
    const { starts } = this.#kallsyms.names
    return this.#text.toString('latin1', starts[this.#index], starts[this.#index + 1])
  }

  get type(): string {
    return String.fromCharCode(this.#kallsyms.names.letters[this.#index])
  }
}

/** An open hash table of places, at most half full. */
function slotsOf(names: KallsymsNames): Int32Array {
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(names.length * 2 + 2))).fill(-1)
  const mask = slots.length - 1
  for (let index = 0; index < names.length; index++) {
    let slot = names.hashes[index] & mask
    while (slots[slot] >= 0) slot = (slot + 1) & mask
    slots[slot] = index
  }
  return slots
}
