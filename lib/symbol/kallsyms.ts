import type { KallsymsNames } from '../source/kallsymsNames.js'
import type { KallsymsEncoding } from '../source/kallsymsAddresses.js'
import type { SymbolRecord } from './symbolTable.js'

/**
 * The kernel's own symbols as its kallsyms tables hold them, in address order. A name becomes a string when asked for: a look-up of a
 * dozen names does not pay for a hundred thousand.
 */
export class Kallsyms {
  readonly #found = new Map<string, number>()
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

  /** Place of the first symbol of that name, or -1: a look through all of them, a fifth of a millisecond for 100,000. */
  find(name: string): number {
    const known = this.#found.get(name)
    if (known !== undefined) return known
    const { text, starts } = this.names
    const first = name.charCodeAt(0)
    let found = -1
    for (let index = 0; index < this.length && found < 0; index++) {
      const start = starts[index]
      if (starts[index + 1] - start === name.length && text[start] === first && this.isNamed(index, name)) found = index
    }
    this.#found.set(name, found)
    return found
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

  isNamed(name: string): boolean {
    return this.kallsyms.isNamed(this.index, name)
  }
}
