/** What the allocator says of an object. `unknown` is for objects the evidence cannot tell, and is counted. */
export const objectStates = ['allocated', 'free', 'cached', 'pending', 'unknown'] as const
export type ObjectState = (typeof objectStates)[number]

/** Positions in {@link objectStates}, as typed arrays hold them. */
export const ALLOCATED = 0
export const FREE = 1
export const CACHED = 2
export const PENDING = 3
export const UNKNOWN = 4

/** A slab cache. Null is unknown: what a transcript did not show, or a dump does not hold. */
export interface SlabCache {
  readonly name: string
  /** Of the `kmem_cache`. */
  readonly address: bigint | null
  /** Payload of one object. */
  readonly objectBytes: number | null
  /** Stride from one object to the next: what slabinfo calls objsize. */
  readonly slotBytes: number | null
  readonly allocated: number | null
  readonly total: number | null
  readonly slabs: number | null
  /** Of one slab. */
  readonly slabBytes: number | null
  /** Of all slabs. */
  readonly bytes: number | null
  /** Other names that share this cache after merging. */
  readonly aliases: readonly string[]
  /** Whether its memory is reclaimable under pressure. */
  readonly reclaimable: boolean | null
}

/**
 * Objects in address order, one typed array a property: object i is the i-th entry of each. Addresses are payload addresses.
 * `cache` and `slab` index {@link SlabObjects.caches} and `slabs`; 0xffffffff is none.
 */
export interface SlabObjects {
  readonly length: number
  readonly caches: readonly SlabCache[]
  readonly address: BigUint64Array
  readonly cache: Uint32Array
  /** Address of the first byte of each slab. */
  readonly slabs: BigUint64Array
  readonly slab: Uint32Array
  /** Positions in {@link objectStates}. */
  readonly state: Uint8Array
  /** 1: waits in a kfree_rcu queue. The object is still `allocated`. */
  readonly queued: Uint8Array
}

export const NO_INDEX = 0xffffffff
