import { BtfKind } from '../source/btf.js'
import type { BtfTypes } from './btfTypes.js'
import { declarator } from './declarator.js'
import { endsOpen } from './memberAt.js'

/** Above any type id (BTF_MAX_TYPE is 2^20, modules come on top), and small enough that sizes times this are exact. */
const ID_ROOM = 2 ** 24

/** All structs that an object can be, in order of size: named ones, unions, and unnamed ones that a typedef names. */
export class StructCatalog {
  readonly ids: Uint32Array
  readonly bytes: Uint32Array
  /** Position plus one by type id; 0 for what is not in the catalog. */
  readonly indexOf: Uint32Array
  readonly #types: BtfTypes
  readonly #typedefs = new Map<number, number>()
  readonly #ofModule = new Map<string, Uint32Array>()

  constructor(types: BtfTypes) {
    this.#types = types
    const { graph } = types
    for (const typedef of graph.ofKind(BtfKind.TYPEDEF)) {
      const target = graph.sizeOrType(typedef)
      if (graph.nameOffset(target) === 0 && !this.#typedefs.has(target)) this.#typedefs.set(target, typedef)
    }
    const list: number[] = []
    for (const kind of [BtfKind.STRUCT, BtfKind.UNION]) {
      for (const id of graph.ofKind(kind)) {
        if (graph.sizeOrType(id) > 0 && (graph.nameOffset(id) !== 0 || this.#typedefs.has(id))) list.push(id)
      }
    }
    // Size and id in one number: sorted as numbers, in a tenth of the time of a comparing function.
    const keys = Float64Array.from(list, (id) => graph.sizeOrType(id) * ID_ROOM + id).sort()
    this.ids = Uint32Array.from(keys, (key) => key % ID_ROOM)
    this.bytes = Uint32Array.from(keys, (key) => Math.floor(key / ID_ROOM))
    this.indexOf = new Uint32Array(graph.endId)
    for (let index = 0; index < this.ids.length; index++) this.indexOf[this.ids[index]] = index + 1
  }

  /** Whether the struct at a position is at least that large, or ends in an array of any length. */
  fills(index: number, bytes: number): boolean {
    return this.bytes[index] >= bytes || endsOpen(this.#types.graph, this.ids[index])
  }

  /** How many structs are at most that large. */
  upTo(bytes: number): number {
    return lowerBound(this.bytes, bytes + 1)
  }

  /** Positions of a module's own structs, ascending. */
  ofModule(module: string): Uint32Array {
    let found = this.#ofModule.get(module)
    if (found === undefined) {
      const own = this.#types.graph.modules.find((candidate) => candidate.module === module)
      const list: number[] = []
      for (let id = own?.firstId ?? 0; id < (own?.endId ?? 0); id++) if (this.indexOf[id] > 0) list.push(this.indexOf[id] - 1)
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
