import { CacheNodes } from '../cacheNodes.js'
import type { KernelView } from '../kernelView.js'
import { Kfence } from '../kfence.js'
import type { KmemCache } from '../kmemCache.js'
import { ALLOCATED } from '../model.js'
import type { Slabs } from '../slabs.js'
import { StructReader } from '../structReader.js'
import { FaultError } from '../../errors.js'

/** What the kernel itself counts of a cache, KFENCE's objects not among it. */
export interface CacheCounters {
  readonly slabs: number
  readonly objects: number
  /** Objects in use; null where the kernel does not count them. */
  readonly allocated: number | null
  /** No more objects than that can be free; null where nothing bounds them. */
  readonly mostFree: number | null
}

/** Objects of a cache that KFENCE keeps in its own pages. */
export interface GuardedCounts {
  readonly objects: number
  readonly allocated: number
}

/**
 * Reads the counters in each node's part of a cache: SLUB's `nr_slabs` and `total_objects` (CONFIG_SLUB_DEBUG, which distributions have),
 * SLAB's `total_slabs` (`num_slabs` in v4.9) and `free_objects`, which with the array caches tell the objects in use as well.
 */
export class CacheCounting {
  readonly #nodes: CacheNodes
  readonly #node: StructReader
  readonly #slabs: string | undefined

  constructor(readonly view: KernelView, readonly slabs: Slabs) {
    this.#nodes = new CacheNodes(view, slabs.table.caches)
    this.#node = new StructReader(view.memory, view.types, 'kmem_cache_node')
    this.#slabs = this.#node.spelled('nr_slabs', 'total_slabs', 'num_slabs')
  }

  /** The counters of one settled cache (a row of `slabs.caches()`); undefined where the kernel has none, or the dump lacks them. */
  of(cache: number): CacheCounters | undefined {
    const record = this.slabs.table.caches[cache]
    try {
      return this.slabs.allocator === 'SLUB' ? this.#slub(record, cache) : this.#slab(record, cache)
    } catch (error) {
      if (error instanceof FaultError) return undefined
      throw error
    }
  }

  #slub(record: KmemCache, cache: number): CacheCounters | undefined {
    if (!this.#node.has('nr_slabs') || !this.#node.has('total_objects')) return undefined
    return { slabs: this.#sum(record, 'nr_slabs'), objects: this.#sum(record, 'total_objects'), allocated: null, mostFree: this.#mostFree(record, cache) }
  }

  /**
   * Free objects lie in slabs of the nodes' partial lists, of which the kernel keeps the number, in those of CPUs, and in sheaves. A slab on its way
   * from one list to another may be on none: one for each CPU.
   */
  #mostFree(record: KmemCache, cache: number): number | null {
    if (!this.#node.has('nr_partial')) return null
    const cpuSlabs = this.slabs.cpuSlabs(cache)
    const { cpus, types } = this.view
    if (types.member('kmem_cache', 'cpu_slab') !== undefined && cpuSlabs.length < cpus.length) return null
    const slabs = cpuSlabs.reduce((sum, { partialSlabs }) => sum + 1 + partialSlabs, cpus.length + this.#sum(record, 'nr_partial'))
    return slabs * record.slabObjects + this.slabs.inSheaves(cache)
  }

  #slab(record: KmemCache, cache: number): CacheCounters | undefined {
    if (this.#slabs === undefined) return undefined
    const slabs = this.#sum(record, this.#slabs)
    const objects = slabs * record.slabObjects
    if (!this.#node.has('free_objects')) return { slabs, objects, allocated: null, mostFree: null }
    const cached = this.slabs.arrayCaches(cache).reduce((sum, array) => sum + array.objects.length, 0)
    return { slabs, objects, allocated: objects - this.#sum(record, 'free_objects') - cached, mostFree: null }
  }

  #sum(record: KmemCache, member: string): number {
    return this.#nodes.of(record).reduce((sum, { address }) => sum + (address === 0n ? 0 : this.#node.number(address, member)), 0)
  }
}

/** How many objects KFENCE keeps of each cache, by the address of the cache. */
export function guardedCounts(view: KernelView): ReadonlyMap<bigint, GuardedCounts> {
  const counts = new Map<bigint, GuardedCounts>()
  for (const { cache, state } of Kfence.of(view)?.all() ?? []) {
    const { objects, allocated } = counts.get(cache) ?? { objects: 0, allocated: 0 }
    counts.set(cache, { objects: objects + 1, allocated: allocated + (state === ALLOCATED ? 1 : 0) })
  }
  return counts
}
