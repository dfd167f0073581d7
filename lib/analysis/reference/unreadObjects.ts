import type { KernelView } from '../../slab/kernelView.js'
import { ALLOCATED, UNKNOWN } from '../../slab/model.js'
import type { ObjectIndex } from './objectIndex.js'

/** 1 for each object in use, or perhaps in use, that lies in a page, or across pages, of which the dump lacks one. */
export function unreadObjects(view: KernelView, index: ObjectIndex): Uint8Array {
  const { objects } = index
  const unread = new Uint8Array(objects.length)
  const { pageBytes, physical } = view
  for (let slab = 0; slab < objects.slabs.length; slab++) {
    const { first, end } = index.range(slab)
    if (first === end) continue
    const slotBytes = index.slotBytes(slab)
    const start = index.base(slab)
    const stop = start + (end - first - 1) * slotBytes + index.payloadBytes(first)
    for (let frame = Math.floor(start / pageBytes); frame * pageBytes < stop; frame++) {
      if (physical.has(frame)) continue
      const from = Math.max(0, Math.floor((frame * pageBytes - start) / slotBytes))
      const to = Math.min(end - first - 1, Math.floor(((frame + 1) * pageBytes - 1 - start) / slotBytes))
      for (let slot = from; slot <= to; slot++) if (objects.state[first + slot] === ALLOCATED || objects.state[first + slot] === UNKNOWN) unread[first + slot] = 1
    }
  }
  return unread
}
