import { BtfKind } from '../source/btf.js'
import type { BtfTypes } from './btfTypes.js'
import type { CanonicalTypes } from './canonical.js'
import { declarator } from './declarator.js'
import { endsOpen } from './memberAt.js'
import { memberBitOffset, memberBits } from './members.js'
import type { TypeGraph } from './typeGraph.js'

/** Above any type id (BTF_MAX_TYPE is 2^20, modules come on top), and small enough that sizes times this are exact. */
const ID_ROOM = 2 ** 24

/** What a page structure is called by those who use it (include/linux/mm_types.h, mm/slab.h of Linux): the array of these is no object's place. */
const pageStructs: ReadonlySet<string> = new Set(['page', 'folio', 'slab', 'ptdesc', 'zpdesc', 'netmem_desc'])

/**
 * All structs that an object can be, in order of size: named ones, unions, and unnamed ones that a typedef names. Modules carry copies of
 * structs: of the kernel's where their BTF was not made with that of the very kernel, and of those in headers that only modules include. These
 * are the same struct, and the first stands for them.
 */
export class StructCatalog {
  readonly ids: Uint32Array
  readonly bytes: Uint32Array
  /** Position plus one by type id, a copy's is that of its original; 0 for what is not in the catalog. */
  readonly indexOf: Uint32Array
  readonly #types: BtfTypes
  readonly #typedefs = new Map<number, number>()
  readonly #ofModule = new Map<string, Uint32Array>()
  /** By position: 0 for not asked yet, 1 for structs that end in an array of any length, 2 for others. */
  readonly #open: Uint8Array

  constructor(types: BtfTypes, canonical: CanonicalTypes) {
    this.#types = types
    const { graph } = types
    for (const typedef of graph.ofKind(BtfKind.TYPEDEF)) {
      const target = graph.sizeOrType(typedef)
      if (graph.nameOffset(target) === 0 && !this.#typedefs.has(target)) this.#typedefs.set(target, typedef)
    }
    const list: number[] = []
    for (const kind of [BtfKind.STRUCT, BtfKind.UNION]) {
      for (const id of graph.ofKind(kind)) {
        if (graph.sizeOrType(id) === 0 || pageStructs.has(graph.name(id))) continue
        if (graph.nameOffset(id) !== 0 || this.#typedefs.has(id)) list.push(id)
      }
    }
    // Size and id in one number: sorted as numbers, in a tenth of the time of a comparing function.
    const keys = Float64Array.from(list, (id) => graph.sizeOrType(id) * ID_ROOM + id).sort()
    const ids = Uint32Array.from(keys, (key) => key % ID_ROOM)
    const originals = originalsOf(ids, graph, canonical)
    this.ids = ids.filter((id, i) => originals[i] === id)
    this.bytes = this.ids.map((id) => graph.sizeOrType(id))
    this.indexOf = new Uint32Array(graph.endId)
    for (let index = 0; index < this.ids.length; index++) this.indexOf[this.ids[index]] = index + 1
    for (let i = 0; i < ids.length; i++) this.indexOf[ids[i]] = this.indexOf[originals[i]]
    this.#open = new Uint8Array(this.ids.length)
  }

  /** Whether the struct at a position is at least that large, or ends in an array of any length. */
  fills(index: number, bytes: number): boolean {
    return this.bytes[index] >= bytes || this.endsOpen(index)
  }

  /** Whether the struct at a position ends in an array of any length. */
  endsOpen(index: number): boolean {
    if (this.#open[index] === 0) this.#open[index] = endsOpen(this.#types.graph, this.ids[index]) ? 1 : 2
    return this.#open[index] === 1
  }

  /** How many structs are at most that large. */
  upTo(bytes: number): number {
    return lowerBound(this.bytes, bytes + 1)
  }

  /** Positions of the structs that a module declares and the kernel does not, ascending; other modules may as well. */
  ofModule(module: string): Uint32Array {
    let found = this.#ofModule.get(module)
    if (found === undefined) {
      const own = this.#types.graph.modules.find((candidate) => candidate.module === module)
      const list: number[] = []
      for (let id = own?.firstId ?? 0; id < (own?.endId ?? 0); id++) if (this.indexOf[id] > 0 && this.ids[this.indexOf[id] - 1] >= this.#types.graph.kernelEndId) list.push(this.indexOf[id] - 1)
      this.#ofModule.set(module, (found = Uint32Array.from(list).sort()))
    }
    return found
  }

  nameOf(id: number): string {
    const { graph } = this.#types
    const typedef = graph.nameOffset(id) === 0 ? this.#typedefs.get(id) : undefined
    return typedef === undefined ? declarator(graph, id) : graph.name(typedef)
  }
}

/** For each struct, in order of size, the first one of its name that is laid out like it: itself, unless it is a copy. */
function originalsOf(ids: Uint32Array, graph: TypeGraph, canonical: CanonicalTypes): Uint32Array {
  if (graph.modules.length === 0) return ids
  let met = new Map<number, number[]>()
  let bytes = 0
  return ids.map((id) => {
    if (graph.sizeOrType(id) !== bytes) met = new Map()
    bytes = graph.sizeOrType(id)
    const name = canonical.of(id)
    const others = met.get(name)
    const original = id < graph.kernelEndId ? undefined : others?.find((other) => isLaidOutLike(graph, canonical, id, other))
    if (original !== undefined) return original
    if (others === undefined) met.set(name, [id])
    else others.push(id)
    return id
  })
}

function isLaidOutLike(graph: TypeGraph, canonical: CanonicalTypes, struct: number, other: number): boolean {
  const { words } = graph
  const [own, its] = [graph.body(struct), graph.body(other)]
  const length = graph.vlen(struct)
  if (length !== graph.vlen(other)) return false
  for (let i = 0; i < length; i++) {
    if (memberBitOffset(graph, struct, i) !== memberBitOffset(graph, other, i) || memberBits(graph, struct, i) !== memberBits(graph, other, i)) return false
    if (!isSameText(graph.strings, words[own + 3 * i], words[its + 3 * i])) return false
    if (canonical.of(words[own + 3 * i + 1]) !== canonical.of(words[its + 3 * i + 1])) return false
  }
  return true
}

function isSameText(strings: Uint8Array, a: number, b: number): boolean {
  while (strings[a] === strings[b] && strings[a] !== 0 && a < strings.length) {
    a++
    b++
  }
  return strings[a] === strings[b]
}

/** Position of the first value that is not below `limit`, in an ascending list. */
export function lowerBound(values: Uint32Array, limit: number): number {
  let low = 0
  let high = values.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (values[middle] < limit) low = middle + 1
    else high = middle
  }
  return low
}

/** Whether an ascending list has a value. */
export function includes(ascending: Uint32Array, value: number): boolean {
  return ascending[lowerBound(ascending, value)] === value
}
