import type { SlabCache } from '../slab/model.js'

/** A general-purpose cache: kmalloc-128, kmalloc-cg-1k, dma-kmalloc-64, kmalloc-rnd-05-96, and size-128 of SLAB up to 3.10. */
const general = /^(?<family>(?:dma-)?kmalloc-(?:cg-|dma-|rcl-|rnd-\d+-)?|size-)(?<size>\d+)(?<unit>[kM]?)$/

export interface KmallocSize {
  readonly family: string
  readonly bytes: number
}

/**
 * Family and size of a general-purpose cache, by its name; undefined for a cache of one type.
 *
 * @example kmallocSize('kmalloc-cg-1k') // { family: 'kmalloc-cg-', bytes: 1024 }
 */
export function kmallocSize(cacheName: string): KmallocSize | undefined {
  const groups = general.exec(cacheName)?.groups
  if (groups === undefined) return undefined
  const unit = groups.unit === 'k' ? 1024 : groups.unit === 'M' ? 1024 * 1024 : 1
  return { family: groups.family, bytes: Number(groups.size) * unit }
}

/**
 * Bytes that every object of the cache has at least: one more than the next smaller cache of its family holds, for kmalloc takes the
 * smallest that fits; the whole payload in a cache of one type. Null where the evidence does not show the smaller caches.
 *
 * `caches` are all of the machine's, or what is known of them; `complete` says whether a cache not among them does not exist.
 */
export function leastObjectBytes(cache: SlabCache, caches: readonly SlabCache[], complete: boolean): number | null {
  const own = kmallocSize(cache.name)
  if (own === undefined) return cache.objectBytes
  const smaller = caches.map(({ name }) => kmallocSize(name)).filter((size) => size !== undefined && size.family === own.family && size.bytes < own.bytes)
  if (smaller.length > 0) return Math.max(...smaller.map((size) => size!.bytes)) + 1
  return complete ? 1 : null
}
