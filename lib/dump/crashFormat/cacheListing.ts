import type { SlabCache } from '../../slab/model.js'
import type { System } from '../../system/system.js'
import { bareAddress, column } from './text.js'
import { noSuchCache } from '../../slab/noSuchCache.js'

/** The heading of `kmem -s` since crash 7.2.4. */
export const cacheHeading = 'CACHE             OBJSIZE  ALLOCATED     TOTAL  SLABS  SSIZE  NAME\n'

/**
 * A cache's row in `kmem -s`. Of SLAB, crash takes the distance between objects for their size; it counts what is in slabs, which KFENCE's
 * objects are not.
 */
export function cacheRow(system: System, cache: SlabCache): string {
  const objectBytes = system.slabs?.allocator === 'SLAB' ? cache.slotBytes : (cache.objectBytes ?? cache.slotBytes)
  const kilobytes = cache.slabBytes === null ? null : Math.floor(cache.slabBytes / 1024)
  const { allocated, total } = inSlabs(system, cache)
  return `${bareAddress(cache.address ?? 0n)} ${column(objectBytes, 8)}  ${column(allocated, 9)}  ${column(total, 8)}  ` +
    `${column(cache.slabs, 5)}  ${column(kilobytes, 4)}k  ${cache.name}\n`
}

/** A cache's counts without the objects that KFENCE keeps for it. */
function inSlabs({ slabs }: System, cache: SlabCache): Pick<SlabCache, 'allocated' | 'total'> {
  let { allocated, total } = cache
  const row = slabs?.caches().indexOf(cache) ?? -1
  if (slabs === undefined || row < 0 || allocated === null || total === null) return cache
  for (const slab of slabs.table.ofCache(row)) {
    if (slabs.table.guarded[slab] === 0) continue
    allocated -= slabs.table.allocated(slab)
    total -= slabs.table.objects[slab]
  }
  return { allocated, total }
}

/**
 * What crash's `kmem -s` prints of a machine, or `kmem -s CACHE` where names are given.
 *
 * @throws UsageError for a name that is no cache
 *
 * @example crashCaches(dump.system) // 'CACHE             OBJSIZE  ALLOCATED …'
 */
export function crashCaches(system: System, names?: readonly string[]): string {
  if (names === undefined) return cacheHeading + system.caches().map((cache) => cacheRow(system, cache)).join('')
  return cachesNamed(system, names).map((cache) => cacheHeading + cacheRow(system, cache)).join('')
}

/** The caches of the given names (also of merged caches), in the order of the names. @throws UsageError */
export function cachesNamed(system: System, names: readonly string[]): SlabCache[] {
  return names.flatMap((name) => {
    const found = system.caches().filter((cache) => cache.name === name)
    const merged = found.length > 0 ? found : system.caches().filter(({ aliases }) => aliases.includes(name))
    if (merged.length === 0) throw noSuchCache(name, system.caches())
    return merged
  })
}
