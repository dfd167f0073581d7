import { readU64 } from '../memory/memory.js'
import type { KernelView } from './kernelView.js'
import type { SlabTable } from './slabTable.js'

/** What RCU calls to give a slab's pages back (mm/slub.c, mm/slab.c). */
const freeingFunctions = ['rcu_free_slab', 'kmem_rcu_free']

/**
 * Empty slabs of SLAB_TYPESAFE_BY_RCU caches that wait for a grace period before their pages go back: the allocator has taken them off
 * its lists and out of its counts, though the pages are marked as slabs still. An `rcu_head` lies where their list link was.
 */
export function findLeavingSlabs(view: KernelView, table: SlabTable): number[] {
  const functions = new Set(freeingFunctions.map((name) => view.symbol(name)).filter((address) => address !== undefined))
  // `#define rcu_head callback_head` (include/linux/types.h) renames the member too.
  const head = view.types.member('slab', 'callback_head') ?? view.types.member('page', 'callback_head')
  if (head === undefined || functions.size === 0) return []
  const place = BigInt(head.offset + (view.types.member('callback_head', 'func')?.offset ?? 8))
  const leaving: number[] = []
  table.caches.forEach(({ flags }, cache) => {
    if (!flags.typesafeByRcu) return
    for (const slab of table.ofCache(cache)) {
      const page = table.inUse[slab] === 0 ? view.pageStructOf(table.frame[slab]) : undefined
      if (page !== undefined && functions.has(readU64(view.memory, page + place, 'rcu_head'))) leaving.push(slab)
    }
  })
  return leaving
}
