import { BtfKind, readBtf, type Btf } from '../source/btf.js'
import type { Warnings } from '../warnings.js'
import { declarator } from './declarator.js'
import { enumeratorAt } from './enumText.js'
import { findMember } from './members.js'
import { NameIndex } from './nameIndex.js'
import { TypeGraph } from './typeGraph.js'
import type { MemberPlace, TypeTable } from './typeTable.js'

/** Kinds that a tag or a plain name can mean, the better answer first. */
const kindsOfTag: Readonly<Record<string, readonly number[]>> = {
  struct: [BtfKind.STRUCT, BtfKind.FWD],
  union: [BtfKind.UNION, BtfKind.FWD],
  enum: [BtfKind.ENUM, BtfKind.ENUM64],
  '': [BtfKind.STRUCT, BtfKind.UNION, BtfKind.TYPEDEF, BtfKind.ENUM, BtfKind.ENUM64, BtfKind.INT, BtfKind.FLOAT, BtfKind.FWD]
}

/** {@link TypeTable} over BTF. Indexes by name are made when first asked for. */
export class BtfTypes implements TypeTable {
  readonly graph: TypeGraph
  #types: NameIndex | undefined
  #enumerators: NameIndex | undefined

  constructor(graph: TypeGraph) {
    this.graph = graph
  }

  get btf(): BtfTypes {
    return this
  }

  get length(): number {
    return this.graph.endId - 1
  }

  sizeOf(name: string): number | undefined {
    const id = this.find(name)
    return id === undefined ? undefined : this.graph.bytesOf(id)
  }

  member(struct: string, path: string): MemberPlace | undefined {
    const id = this.find(struct)
    if (id === undefined) return undefined
    const found = findMember(this.graph, id, path)
    if (found === undefined) return undefined
    const isField = found.bits > 0
    return {
      offset: Math.floor(found.bitOffset / 8),
      bytes: this.graph.bytesOf(found.type) ?? null,
      bitOffset: isField ? found.bitOffset : null,
      bits: isField ? found.bits : null,
      type: declarator(this.graph, found.type)
    }
  }

  enumerator(name: string): bigint | undefined {
    const word = (this.#enumerators ??= this.#indexEnumerators()).find(name)[0]
    return word === undefined ? undefined : this.#enumeratorValue(word)
  }

  /** The type of a name: `kmem_cache`, `struct kmem_cache`, `gfp_t`. A struct with members wins over a declaration, the kernel's over a module's. */
  find(name: string): number | undefined {
    return this.findAll(name)[0]
  }

  /** All types of a name, the best first: several files may each have a struct of that name. */
  findAll(name: string): number[] {
    const [, tag = '', plain] = /^\s*(?:(struct|union|enum)\s+)?(.*?)\s*$/.exec(name) ?? []
    const kinds = kindsOfTag[tag]
    const rank = (id: number): number => kinds.indexOf(this.graph.kind(id))
    return (this.#types ??= this.#indexTypes()).find(plain)
      .filter((id) => rank(id) >= 0)
      .sort((a, b) => rank(a) - rank(b) || a - b)
  }

  /** Names of all structs, unions, enums and typedefs, some of them several times. */
  * names(): Generator<string> {
    for (const kind of kindsOfTag['']) for (const id of this.graph.ofKind(kind)) yield this.graph.name(id)
  }

  #indexTypes(): NameIndex {
    const { graph } = this
    const lists = kindsOfTag[''].map((kind) => graph.ofKind(kind))
    const index = new NameIndex(graph.strings, lists.reduce((sum, { length }) => sum + length, 0))
    for (const ids of lists) {
      for (const id of ids) index.add(graph.nameOffset(id), id)
    }
    return index
  }

  /** Enumerators by the index of their first word, which also tells the enum they belong to. */
  #indexEnumerators(): NameIndex {
    const { graph } = this
    const enums = [[graph.ofKind(BtfKind.ENUM), 2], [graph.ofKind(BtfKind.ENUM64), 3]] as const
    let count = 0
    for (const [ids] of enums) {
      for (const id of ids) count += graph.vlen(id)
    }
    const index = new NameIndex(graph.strings, count)
    for (const [ids, stride] of enums) {
      for (const id of ids) {
        let word = graph.body(id)
        for (let i = graph.vlen(id); i > 0; i--, word += stride) index.add(graph.words[word], word)
      }
    }
    return index
  }

  #enumeratorValue(word: number): bigint {
    const { graph } = this
    // The enum is the last type that starts at or before the word.
    let low = 0
    let high = graph.endId
    while (low < high) {
      const middle = (low + high) >>> 1
      if (graph.starts[middle] <= word) low = middle + 1
      else high = middle
    }
    return enumeratorAt(graph, low - 1, word)
  }
}

export interface OpenBtfOptions {
  /** What to call the bytes in errors. */
  name?: string
  warnings?: Warnings
}

/**
 * The types in a kernel's BTF, as it lies at `__start_BTF` or in /sys/kernel/btf/vmlinux. Opening finds the types; indexes come later.
 *
 * @throws FormatError where the bytes are no BTF.
 *
 * @example
 * const types = openBtf(readFileSync('/sys/kernel/btf/vmlinux'))
 * types.member('kmem_cache', 'oo.x')?.offset
 */
export function openBtf(bytes: Uint8Array, options: OpenBtfOptions = {}): BtfTypes {
  return new BtfTypes(new TypeGraph(readBtf(bytes, options)))
}

/** The types of a kernel and of its modules, whose BTF was split from it. */
export function typesOf(kernel: Btf, modules: readonly (readonly [name: string, btf: Btf])[] = []): BtfTypes {
  return new BtfTypes(new TypeGraph(kernel, modules))
}
