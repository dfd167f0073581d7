import { FaultError } from '../../errors.js'
import { readU64 } from '../../memory/memory.js'
import { hex } from '../../util/hex.js'
import { CacheNodes } from '../cacheNodes.js'
import type { KernelView } from '../kernelView.js'
import type { KmemCache } from '../kmemCache.js'
import type { MemoryRange } from '../slabs.js'
import { StructReader } from '../structReader.js'

/** Free objects that SLAB keeps in front of its slabs (`struct array_cache`, mm/slab.c). */
export interface ArrayCache {
  /** `the array cache of CPU 0`, for messages. */
  readonly place: string
  /** The CPU it belongs to; null for a node's shared and alien ones. */
  readonly cpu: number | null
  /** Slot addresses, the last one freed last. */
  readonly objects: BigUint64Array
  /** Where the array lies, entries that are not in use any more included. */
  readonly memory: MemoryRange
}

/** Entries of the largest array cache; the kernel's own limit is a few hundred. */
const MOST_ENTRIES = 1 << 16
const POINTER_BYTES = 8

/** Reads array caches: every possible CPU's, each node's shared one and those for objects of other nodes. */
export class ArrayCaches {
  readonly #array: StructReader
  readonly #cache: StructReader
  readonly #node: StructReader
  readonly #alien: StructReader

  constructor(readonly view: KernelView, readonly nodes: CacheNodes) {
    const reader = (name: string): StructReader => new StructReader(view.memory, view.types, name)
    this.#array = reader('array_cache')
    this.#cache = reader('kmem_cache')
    this.#node = reader('kmem_cache_node')
    this.#alien = reader('alien_cache')
  }

  read(cache: KmemCache): ArrayCache[] {
    return [...this.#ofCpus(cache), ...this.#ofNodes(cache)]
  }

  #ofCpus(cache: KmemCache): ArrayCache[] {
    const { view } = this
    const found: ArrayCache[] = []
    // Per-CPU memory since v3.18; before, an array of pointers in the cache.
    const perCpu = this.#cache.has('cpu_cache') ? this.#cache.pointer(cache.address, 'cpu_cache') : 0n
    const array = this.#cache.find('array')
    for (const cpu of view.cpus) {
      const place = `the array cache of CPU ${cpu}`
      found.push(...this.#guard(cache, place, () => {
        const address = perCpu !== 0n ? view.perCpu(perCpu, cpu)
          : array === undefined ? 0n : readU64(view.memory, cache.address + BigInt(array.offset + cpu * POINTER_BYTES), 'kmem_cache.array')
        return this.#at(cache, address, place, cpu)
      }))
    }
    return found
  }

  #ofNodes(cache: KmemCache): ArrayCache[] {
    const found: ArrayCache[] = []
    for (const { node, address } of this.nodes.of(cache)) {
      if (address === 0n) continue
      if (this.#node.has('shared')) {
        const place = `the shared cache of node ${node}`
        found.push(...this.#guard(cache, place, () => this.#at(cache, this.#node.pointer(address, 'shared'), place, null)))
      }
      if (!this.#node.has('alien')) continue
      found.push(...this.#guard(cache, `the alien caches of node ${node}`, () => this.#aliens(cache, node, this.#node.pointer(address, 'alien'))))
    }
    return found
  }

  /** One for each node that objects may come home to; `struct alien_cache` wraps them since v3.18. */
  #aliens(cache: KmemCache, node: number, array: bigint): ArrayCache[] {
    if (array === 0n) return []
    const inner = BigInt(this.#alien.find('ac')?.offset ?? 0)
    const found: ArrayCache[] = []
    for (let home = 0; home < this.nodes.count; home++) {
      const place = `the alien cache of node ${node} for node ${home}`
      found.push(...this.#guard(cache, place, () => {
        const address = readU64(this.view.memory, array + BigInt(home * POINTER_BYTES), place)
        return address === 0n ? [] : this.#at(cache, address + inner, place, null)
      }))
    }
    return found
  }

  #at(cache: KmemCache, address: bigint, place: string, cpu: number | null): ArrayCache[] {
    if (address === 0n) return []
    const avail = this.#array.number(address, 'avail')
    const limit = Math.max(this.#array.number(address, 'limit'), 1)
    if (avail > MOST_ENTRIES || avail > limit) {
      this.view.warnings.add(`${cache.name}: ${place} at ${hex(address)} claims ${avail} objects where ${limit} fit`)
      return []
    }
    const first = address + BigInt(this.#array.offset('entry'))
    const bytes = this.view.memory.tryRead(first, avail * POINTER_BYTES)
    if (typeof bytes === 'string') throw new FaultError(first, bytes, place)
    const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const objects = new BigUint64Array(avail)
    for (let i = 0; i < avail; i++) objects[i] = words.getBigUint64(i * POINTER_BYTES, this.view.memory.littleEndian)
    return [{ place, cpu, objects, memory: { start: first, end: first + BigInt(limit * POINTER_BYTES) } }]
  }

  #guard(cache: KmemCache, place: string, read: () => ArrayCache[]): ArrayCache[] {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof FaultError)) throw error
      this.view.warnings.add(`${cache.name}: ${place}: ${error.message}; what it holds counts as allocated`)
      return []
    }
  }
}
