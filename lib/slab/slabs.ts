import type { SlabCache, SlabObjects } from './model.js'
import type { ArrayCache } from './slabAllocator/arrayCaches.js'
import type { SlabTable } from './slabTable.js'
import type { CpuSlab } from './slub/cpuSlabs.js'

/** Where an address lies in slab memory. */
export interface SlabPlace {
  readonly cache: SlabCache
  /** Row of {@link SlabRecords}; -1 for a slab outside of a sample. */
  readonly slab: number
  /** Address of the slab's first byte. */
  readonly slabAddress: bigint
  /** Position of the slot in its slab, counted from 0; null between the last slot and the end of the slab. */
  readonly slot: number | null
  /** Payload address of the slot's object; null where `slot` is. */
  readonly object: bigint | null
  /** Bytes from the payload's start: negative in the left red zone, `objectBytes` and more in metadata and padding. */
  readonly offset: number
  /** Position in `objectStates`; null where `slot` is. */
  readonly state: number | null
  /** Whether the object waits in a kfree_rcu queue. */
  readonly queued: boolean
}

/** A stretch of memory: `end` is one past the last byte. */
export interface MemoryRange {
  readonly start: bigint
  readonly end: bigint
}

/** An array of the allocator's own. */
export interface OwnArray extends MemoryRange {
  /** The struct that ends with it (`slab_sheaf`); undefined where it stands alone. */
  readonly owner?: string
}

/** All slabs in address order, one typed array a property. */
export interface SlabRecords {
  readonly length: number
  /** Address of the first byte. */
  readonly address: BigUint64Array
  /** Physical page frame of the first byte. */
  readonly frame: Float64Array
  readonly pages: Uint32Array
  /** Row of `Slabs.caches()`; NO_INDEX where the slab names no cache that can be. */
  readonly cache: Uint32Array
  readonly objects: Uint32Array
  /** Objects in use; of a slab whose free list could not be followed to its end, as its counter says. */
  readonly allocated: Uint32Array
  /** Pages of the slab that the dump does not hold. */
  readonly missingPages: Uint32Array
  /** 1: its bookkeeping cannot be true; a warning says what was found. */
  readonly corrupt: Uint8Array
}

/** The slab allocator's state in one dump. Everything is read when first asked for, and once. */
export interface Slabs {
  readonly allocator: 'SLUB' | 'SLAB'
  /** All caches, in the allocator's order. */
  caches(): readonly SlabCache[]
  /** Objects of the named caches (of all, where undefined), in address order. @throws UsageError for a name that is no cache. */
  objects(cacheNames?: readonly string[]): SlabObjects
  slabs(): SlabRecords
  /** Where a virtual address lies in slab memory; undefined where it does not. */
  find(address: bigint): SlabPlace | undefined
  /**
   * The arrays in which the allocator itself keeps addresses of objects: array caches, sheaves, KFENCE's records. What they hold, stale entries too, is
   * no use of these objects.
   */
  ownArrays(): readonly OwnArray[]
  /** Row of {@link SlabRecords} whose slab holds a page frame, or -1: for scans. */
  slabOfFrame(frame: number): number
  /** The raw state behind all of these, for readers that go through slabs themselves: rows as in {@link SlabRecords}, caches as in `caches()`. */
  readonly table: SlabTable
  /** Brings the states of one cache's objects (row of `caches()`) in `table` up to what the dump says. */
  settle(cache: number): void
  /** SLUB before v7.0: each possible CPU's part of a cache. */
  cpuSlabs(cache: number): readonly CpuSlab[]
  /** Objects of a settled cache in sheaves: of a sample, those outside of it too. */
  inSheaves(cache: number): number
  /** SLAB: what CPUs and nodes keep of a cache's free objects. */
  arrayCaches(cache: number): readonly ArrayCache[]
}
