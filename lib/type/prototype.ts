import { BtfKind } from '../source/btf.js'
import type { CanonicalTypes } from './canonical.js'
import { declarator } from './declarator.js'
import { NameIndex } from './nameIndex.js'

/** What a function of some name takes and returns. */
export interface FunctionPrototype {
  /** The FUNC's type id. */
  readonly id: number
  /** Its prototype as a {@link CanonicalTypes} number: equal for functions that can be called alike. */
  readonly prototype: number
  /** Null for the kernel's own. */
  readonly module: string | null
  /** The compiler made this variant of it (`.isra.0`, `.constprop.0`): it may have dropped parameters. */
  readonly weak: boolean
}

/** What the compiler adds to the names of functions it derived from others: the rest of the name is the original's. */
const derived = /^(.+?)\.(?:isra|constprop|part|cold|llvm|lto_priv|resolved)\b/
/** Clang's control flow integrity up to Linux 6.0: function pointers hold the address of a stub of this name. */
const stub = /^(?:__cfi_|__typeid__.*_)(.+)$|^(.+)\.cfi_jt$/

/** Functions of a kernel and its modules by name, with their prototypes. Several static functions may share a name. */
export class Prototypes {
  readonly canonical: CanonicalTypes
  #index: NameIndex | undefined

  constructor(canonical: CanonicalTypes) {
    this.canonical = canonical
  }

  /**
   * The prototypes of all functions of a name, one each.
   *
   * @param name as the symbol table has it; suffixes of the compiler are taken off where the full name is unknown
   * @param module where the function lies: only its own functions are meant. Null is the kernel, undefined anywhere.
   */
  ofFunction(name: string, module?: string | null): FunctionPrototype[] {
    const { graph } = this.canonical
    const [, prefixed, suffixed] = stub.exec(name) ?? []
    const plain = prefixed ?? suffixed ?? name
    const index = (this.#index ??= this.#build())
    let ids = index.find(plain)
    let weak = false
    if (ids.length === 0) {
      const original = derived.exec(plain)?.[1]
      if (original === undefined) return []
      ids = index.find(original)
      weak = true
    }
    const found = new Map<number, FunctionPrototype>()
    for (const id of ids) {
      const home = graph.moduleOf(id)
      if (module !== undefined && home !== module) continue
      const prototype = this.canonical.of(graph.sizeOrType(id))
      if (!found.has(prototype)) found.set(prototype, { id, prototype, module: home, weak })
    }
    return [...found.values()]
  }

  /** How C declares the function: `void *single_start(struct seq_file *, loff_t *)`. */
  text({ id }: FunctionPrototype): string {
    const { graph } = this.canonical
    return declarator(graph, graph.sizeOrType(id), graph.name(id))
  }

  #build(): NameIndex {
    const { graph } = this.canonical
    const ids = graph.ofKind(BtfKind.FUNC)
    const index = new NameIndex(graph.strings, ids.length)
    for (const id of ids) index.add(graph.nameOffset(id), id)
    return index
  }
}
