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
  if (length === objects.length) return objects
  const chosen = rows.subarray(0, length)
  return {
    length,
    caches: objects.caches,
    slabs: objects.slabs,
    address: picked(objects.address, chosen, new BigUint64Array(length)),
    cache: picked(objects.cache, chosen, new Uint32Array(length)),
    slab: picked(objects.slab, chosen, new Uint32Array(length)),
    state: picked(objects.state, chosen, new Uint8Array(length)),
    queued: picked(objects.queued, chosen, new Uint8Array(length))
  }
}

function picked<T extends BigUint64Array | Uint32Array | Uint8Array>(values: T, rows: Uint32Array, out: T): T {
  for (let i = 0; i < rows.length; i++) out[i] = values[rows[i]]
  return out
}
