import type { SymbolTable } from '../../symbol/symbolTable.js'
import type { BtfTypes } from '../../type/btfTypes.js'
import { isComposite } from '../../type/members.js'

/** What a linker puts between two variables at most. */
const PADDING = 64

/** What macros of the kernel call the variables that they define. */
const namedStructs = [
  { prefix: '__tracepoint_', struct: 'tracepoint' }, { prefix: '__SCK__', struct: 'static_call_key' }, { prefix: '__syscall_meta__', struct: 'syscall_metadata' },
  { prefix: '__bpf_trace_tp_map_', struct: 'bpf_raw_event_map' }
]

/** A variable of the kernel or a module that is known to hold a struct. */
export interface HeldStatic {
  readonly address: bigint
  readonly name: string
  /** BTF id. */
  readonly struct: number
}

/** Variables of the kernel and its modules whose struct is told by declared pointers that lead to them: BTF tells the types of none but per-CPU ones. */
export class HeldStatics {
  /** By position of the symbol. */
  readonly #found = new Map<number, HeldStatic | undefined>()
  #fresh: HeldStatic[] = []

  constructor(readonly symbols: SymbolTable, readonly types: BtfTypes) {}

  /** Takes notice of a pointer, declared as to a type, whose word is given in halves. */
  lead(low: number, high: number, pointee: number): void {
    const position = this.symbols.positionAt(high, low)
    if (position < 0 || this.#found.has(position)) return
    const record = this.symbols.all()[position]
    const { address, name } = record
    if (Number(address & 0xffffffffn) !== low || this.symbols.holds(record) !== 'data' || !isComposite(this.types.graph, pointee)) return
    const bytes = this.types.graph.bytesOf(pointee) ?? 0
    const own = this.symbols.bytesAt(address) ?? 0
    // A pointer to what it starts with, or to the first of many, is not to the whole.
    if (bytes > 0 && own >= bytes && own < bytes + PADDING) this.add(position, { address, name, struct: pointee })
  }

  add(position: number, found: HeldStatic): void {
    if (this.#found.has(position)) return
    this.#found.set(position, found)
    this.#fresh.push(found)
  }

  /** The struct of the variable that starts at an address; 0 where nothing tells. */
  structAt(low: number, high: number): number {
    const position = this.symbols.positionAt(high, low)
    const found = position < 0 ? undefined : this.#found.get(position) ?? this.#byName(position)
    return found !== undefined && Number(found.address & 0xffffffffn) === low ? found.struct : 0
  }

  /** Variables that became known since this was asked last. */
  takeFresh(): HeldStatic[] {
    const fresh = this.#fresh
    this.#fresh = []
    return fresh
  }

  #byName(position: number): HeldStatic | undefined {
    const { address, name } = this.symbols.all()[position]
    const known = name.startsWith('__') ? namedStructs.find(({ prefix }) => name.startsWith(prefix)) : undefined
    const struct = known === undefined ? undefined : this.types.find(`struct ${known.struct}`)
    if (struct === undefined) return undefined
    const found = { address, name, struct }
    this.add(position, found)
    return found
  }
}
