import type { SlabPages } from './pageScan.js'
import type { SlabTable } from './slabTable.js'
import type { OwnArray } from './slabs.js'

/** What differs between the allocators. Each step fills in a part of the {@link SlabTable}. */
export interface AllocatorReader {
  /** Objects and counters of every slab, from the scanned page structures. */
  count(table: SlabTable, pages: SlabPages): void
  /** Marks what lists outside the slabs hold of one cache's objects: per-CPU lists, array caches, sheaves. */
  hold(table: SlabTable, cache: number): void
  /** Marks the objects of sheaves that wait for RCU, by the `rcu_head` of each. Comes before every `hold`. Only where the kernel has sheaves. */
  readonly holdWaiting?: (table: SlabTable, heads: readonly bigint[]) => void
  /** Marks one cache's free objects by the slabs' own free lists. Comes after `hold`. */
  free(table: SlabTable, cache: number): void
  /** How many free objects of a cache may lie in sheaves that the dump lacks: they count as allocated. */
  lostObjects?(cache: bigint): number
  /** The arrays outside of slabs in which it keeps free objects. Comes after every `hold`. */
  ownArrays(): readonly OwnArray[]
}
