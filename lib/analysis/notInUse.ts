import { ALLOCATED, UNKNOWN, type SlabObjects } from '../slab/model.js'

/** Bytes of the slots that hold no object in use: free, cached, or waiting to be freed. */
export function bytesNotInUse({ length, state, cache, caches }: SlabObjects): number {
  let bytes = 0
  for (let i = 0; i < length; i++) {
    if (state[i] !== ALLOCATED && state[i] !== UNKNOWN) bytes += caches[cache[i]].slotBytes ?? 0
  }
  return bytes
}
