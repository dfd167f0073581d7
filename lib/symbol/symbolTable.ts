/** A symbol as it enters the table. `type` is the letter of nm and kallsyms. */
export interface SymbolRecord {
  readonly address: bigint
  readonly name: string
  readonly type: string
  readonly module: string | null
  /** Bytes; null where the source does not say and the next symbol's address must do. */
  readonly bytes?: number | null
  readonly file?: string | null
  readonly line?: number | null
}

/** A symbol that holds an address, and how far in the address lies. */
export interface SymbolHit extends SymbolRecord {
  /** Bytes from the symbol's start. */
  readonly offset: number
}

/** How far behind the last symbol of a stretch an address may lie and still be called that symbol + offset. */
const farthest = 0x100000

/**
 * Address ↔ name over one machine's symbols: the kernel's and the modules', from whatever sources showed them.
 * Several names may share an address; the first added wins a look-up by address unless a later one is global (upper-case type)
 * and it is not.
 *
 * @example
 * const symbols = new SymbolTable([{ address: 0xffff00000824edd8n, name: 'single_start', type: 't', module: null }])
 * symbols.at(0xffff00000824eddcn)?.offset // 4
 */
export class SymbolTable {
  readonly #records: SymbolRecord[]
  readonly #addresses: BigUint64Array
  #byName: Map<string, SymbolRecord[]> | undefined

  constructor(records: Iterable<SymbolRecord>) {
    const list = [...records]
    let sorted = true
    for (let i = 1; i < list.length && sorted; i++) sorted = list[i - 1].address <= list[i].address
    if (!sorted) list.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0))
    this.#records = list
    this.#addresses = BigUint64Array.from(list, (record) => record.address)
  }

  get length(): number {
    return this.#records.length
  }

  /** All symbols, in address order. */
  all(): readonly SymbolRecord[] {
    return this.#records
  }

  /** The symbol that holds `address`, or undefined: before the first one, behind a symbol's known end, or too far from any. */
  at(address: bigint): SymbolHit | undefined {
    let low = 0
    let high = this.#addresses.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#addresses[middle] <= address) low = middle + 1
      else high = middle
    }
    if (low === 0) return undefined
    const start = this.#addresses[low - 1]
    const offset = Number(address - start)
    if (offset >= farthest) return undefined
    let best = this.#records[low - 1]
    for (let i = low - 2; i >= 0 && this.#addresses[i] === start; i--) {
      const other = this.#records[i]
      if (isGlobal(other) || !isGlobal(best)) best = other
    }
    if (best.bytes != null && best.bytes > 0 && offset >= best.bytes) return undefined
    return { ...best, offset }
  }

  /** All symbols of that name, in address order: static functions share names. */
  named(name: string): readonly SymbolRecord[] {
    if (this.#byName === undefined) {
      this.#byName = new Map()
      for (const record of this.#records) {
        const same = this.#byName.get(record.name)
        if (same) same.push(record)
        else this.#byName.set(record.name, [record])
      }
    }
    return this.#byName.get(name) ?? []
  }
}

function isGlobal(record: SymbolRecord): boolean {
  return record.type >= 'A' && record.type <= 'Z'
}
