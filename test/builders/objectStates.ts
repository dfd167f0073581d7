import { objectStates, type SlabObjects } from '../../lib/slab/model.js'

/** Slots of one slab by state, allocated ones left out: `{ free: [1, 3], cached: [7] }`. `base` is where slot 0's payload lies. */
export function slotsByState(objects: SlabObjects, slab: bigint, base: bigint, slotBytes: number): Record<string, number[]> {
  const found: Record<string, number[]> = {}
  for (let i = 0; i < objects.length; i++) {
    if (objects.slabs[objects.slab[i]] !== slab) continue
    const state = objectStates[objects.state[i]]
    if (state !== 'allocated') (found[state] ??= []).push(Number(objects.address[i] - base) / slotBytes)
  }
  return found
}
