import type { SlabObjects } from '../slab/model.js'

/**
 * The objects of some caches, in the same order and over the same lists of caches and slabs.
 *
 * @param caches indexes into `objects.caches`; all objects where undefined
 */
export function selectObjects(objects: SlabObjects, caches: ReadonlySet<number> | undefined): SlabObjects {
  if (caches === undefined) return objects
  const rows = new Uint32Array(objects.length)
  let length = 0
  for (let row = 0; row < objects.length; row++) if (caches.has(objects.cache[row])) rows[length++] = row
  const chosen = rows.subarray(0, length)
  return {
    length,
    caches: objects.caches,
    slabs: objects.slabs,
    address: BigUint64Array.from(chosen, (row) => objects.address[row]),
    cache: Uint32Array.from(chosen, (row) => objects.cache[row]),
    slab: Uint32Array.from(chosen, (row) => objects.slab[row]),
    state: Uint8Array.from(chosen, (row) => objects.state[row]),
    queued: Uint8Array.from(chosen, (row) => objects.queued[row])
  }
}
