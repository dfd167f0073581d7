import type { KallsymsNames } from '../source/kallsymsNames.js'
import type { KallsymsEncoding } from '../source/kallsymsAddresses.js'
import { NameIndex, nameKey } from './nameIndex.js'
import type { SymbolRecord } from './symbolTable.js'

/**
 * The kernel's own symbols as its kallsyms tables hold them, in address order. A name becomes a string when asked for: a look-up of a
 * dozen names does not pay for a hundred thousand.
 */
export class Kallsyms {
  #keys: Uint16Array | undefined
  #index: NameIndex | undefined
  readonly #text: Buffer

  constructor(readonly names: KallsymsNames, readonly addresses: BigUint64Array, readonly encoding: KallsymsEncoding) {
    this.#text = Buffer.from(names.text.buffer, names.text.byteOffset, names.text.byteLength)
  }

  get length(): number {
    return this.names.length
  }

  name(index: number): string {
    const { starts } = this.names
    return this.#text.toString('latin1', starts[index], starts[index + 1])
  }

  /** Address of the symbol of that name; the first one where static functions share it, undefined where there is none. */
  address(name: string): bigint | undefined {
    const index = this.find(name)
    return index < 0 ? undefined : this.addresses[index]
  }

  /** Place of the first symbol of that name, or -1. */
  find(name: string): number {
    this.#index ??= new NameIndex(this.keys)
    return this.#index.placesOf(name).find((index) => this.isNamed(index, name)) ?? -1
  }

  /** The {@link nameKey} of each name. */
  get keys(): Uint16Array {
    if (this.#keys === undefined) {
      const { text, starts } = this.names
      this.#keys = new Uint16Array(this.length)
      for (let index = 0; index < this.length; index++) {
        const start = starts[index]
        const length = starts[index + 1] - start
        this.#keys[index] = nameKey(length, text[start], text[start + (length >>> 1)], text[start + length - 1])
      }
    }
    return this.#keys
  }

  /** All symbols in address order, named lazily. */
  records(): SymbolRecord[] {
    const records: SymbolRecord[] = []
    for (let index = 0; index < this.length; index++) records.push(new KallsymsRecord(this, index))
    return records
  }

  isNamed(index: number, name: string): boolean {
    const { text, starts } = this.names
    const start = starts[index]
    if (starts[index + 1] - start !== name.length) return false
    for (let i = 0; i < name.length; i++) if (text[start + i] !== name.charCodeAt(i)) return false
    return true
  }
}

/** A symbol of {@link Kallsyms}: its place only. There are a hundred thousand of them, and few are ever looked at. */
class KallsymsRecord implements SymbolRecord {
  constructor(private readonly kallsyms: Kallsyms, private readonly index: number) {}

  get address(): bigint {
    return this.kallsyms.addresses[this.index]
  }

  get name(): string {
    return this.kallsyms.name(this.index)
  }

  get type(): string {
    return String.fromCharCode(this.kallsyms.names.letters[this.index])
  }

  get module(): null {
    return null
  }

  get nameKey(): number {
    return this.kallsyms.keys[this.index]
  }

  isNamed(name: string): boolean {
    return this.kallsyms.isNamed(this.index, name)
  }
}
