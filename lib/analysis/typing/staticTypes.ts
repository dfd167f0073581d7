import type { System } from '../../system/system.js'
import type { SymbolHit } from '../../symbol/symbolTable.js'
import type { StructMatcher, WordEvidence } from '../../type/structMatch.js'

/** Tables of functions are within this; larger data is looked at up to here. */
const MOST_BYTES = 512
const WORD_BYTES = 8
/** What a linker puts between two variables at most. */
const PADDING = 64
/** Fewer bits than this may be chance: a thousand structs are as large as a table of functions. */
const ENOUGH_BITS = 9

/** A variable of the kernel or of a module. */
export interface StaticStruct {
  /** BTF id. */
  readonly struct: number
  readonly name: string
}

/**
 * What lies in static data of the kernel and its modules, by the functions it points at: tables of operations, which objects refer to by
 * their start. BTF tells the types of functions and not those of variables.
 */
export class StaticTypes {
  readonly #found = new Map<bigint, StaticStruct | undefined>()

  constructor(readonly system: System, readonly matcher: StructMatcher) {}

  /** The struct of the variable that starts at an address; undefined where none does, or nothing tells. */
  at(address: bigint): StaticStruct | undefined {
    if (this.#found.has(address)) return this.#found.get(address)
    const hit = this.system.symbols.at(address)
    const struct = hit?.offset === 0 ? this.#find(hit) : 0
    const found = struct === 0 ? undefined : { struct, name: hit!.name }
    this.#found.set(address, found)
    return found
  }

  /** BTF id of the struct; 0 where nothing tells. */
  #find(hit: SymbolHit): number {
    const { memory, symbols } = this.system
    const { address } = hit
    if (symbols.holds(hit) !== 'data') return 0
    const bytes = Math.min(symbols.bytesAt(address) ?? 0, MOST_BYTES)
    const content = bytes < WORD_BYTES ? 'absent' : memory.tryRead(address, bytes - (bytes % WORD_BYTES))
    if (typeof content === 'string') return 0
    const view = new DataView(content.buffer, content.byteOffset, content.byteLength)
    const words: WordEvidence[] = []
    for (let offset = 0; offset < content.length; offset += WORD_BYTES) {
      const value = view.getBigUint64(offset, memory.littleEndian)
      const target = value === 0n ? undefined : symbols.at(value)
      if (target?.offset === 0 && symbols.holds(target) === 'code') words.push(this.matcher.functionAt(offset, target.name, target.module))
    }
    if (words.length === 0) return 0
    const { candidates: [best], rivals } = this.matcher.match(words, { slotBytes: bytes, smallestBytes: Math.max(1, bytes - PADDING + 1), limit: 1 })
    return best !== undefined && rivals === 0 && best.contradictions === 0 && best.bits >= ENOUGH_BITS ? best.id : 0
  }
}
