import type { TypeTable } from '../type/typeTable.js'

/** The flags of a cache that change how it is read. */
export interface CacheFlags {
  readonly value: bigint
  readonly redZone: boolean
  readonly poison: boolean
  /** Allocation and free tracks lie behind each object. */
  readonly storeUser: boolean
  readonly reclaimable: boolean
  /** Its memory is charged to memory cgroups. */
  readonly account: boolean
  readonly typesafeByRcu: boolean
  readonly kmalloc: boolean
}

/** Flag bits until v6.8 (include/linux/slab.h); later kernels number them with an enum, differently in each configuration. */
const fixedBits: Readonly<Record<string, bigint>> = {
  RED_ZONE: 0x400n,
  POISON: 0x800n,
  KMALLOC: 0x1000n,
  STORE_USER: 0x10000n,
  RECLAIM_ACCOUNT: 0x20000n,
  TYPESAFE_BY_RCU: 0x80000n,
  ACCOUNT: 0x4000000n
}

/**
 * How this kernel's `kmem_cache.flags` reads: by `enum _slab_flag_bits` where it has one
 * (Linux commit cc61eb851461 ("mm, slab: use an enum to define SLAB_ cache creation flags") in v6.9), else by the fixed bits.
 */
export function cacheFlags(types: TypeTable): (value: bigint) => CacheFlags {
  const numbered = types.enumerator('_SLAB_FLAGS_LAST_BIT') !== undefined || types.enumerator('_SLAB_RED_ZONE') !== undefined ||
    types.enumerator('_SLAB_PANIC') !== undefined
  const bit = (name: string): bigint => {
    if (!numbered) return fixedBits[name]
    const number = types.enumerator(`_SLAB_${name}`)
    return number === undefined ? 0n : 1n << number
  }
  const bits = Object.fromEntries(Object.keys(fixedBits).map((name) => [name, bit(name)]))
  return (value) => ({
    value,
    redZone: (value & bits.RED_ZONE) !== 0n,
    poison: (value & bits.POISON) !== 0n,
    storeUser: (value & bits.STORE_USER) !== 0n,
    reclaimable: (value & bits.RECLAIM_ACCOUNT) !== 0n,
    account: (value & bits.ACCOUNT) !== 0n,
    typesafeByRcu: (value & bits.TYPESAFE_BY_RCU) !== 0n,
    kmalloc: (value & bits.KMALLOC) !== 0n
  })
}
