import { MissingSymbolError } from '../../errors.js'
import type { System } from '../../system/system.js'
import { cacheHeading, cacheRow, cachesNamed } from './cacheListing.js'
import { slabAllocatorListing } from './slabAllocatorListing.js'
import { slubListing } from './slubListing.js'

/**
 * What crash's `kmem -S CACHE` prints: for SLUB the slabs that CPUs own with their objects and rows of those on the nodes' lists, for SLAB
 * all slabs with their objects. Objects are the starts of their slots, as crash has them with its default `set redzone on`.
 * It comes in pieces, for a cache of millions.
 *
 * @throws UsageError for a name that is no cache; MissingSymbolError for a session, which holds no lists
 *
 * @example for (const text of crashObjects(system, 'kmalloc-128')) process.stdout.write(text)
 */
export function* crashObjects(system: System, name: string): Generator<string> {
  const { slabs, kernel } = system
  if (slabs === undefined || kernel === undefined) throw new MissingSymbolError('the allocator\'s lists', 'only a dump holds what kmem -S prints')
  for (const cache of cachesNamed(system, [name])) {
    yield cacheHeading + cacheRow(system, cache)
    const row = system.caches().indexOf(cache)
    slabs.settle(row)
    yield* slabs.allocator === 'SLUB' ? slubListing(kernel, slabs, row) : slabAllocatorListing(kernel, slabs, row)
  }
}
