import type { Slabs } from '../slabs.js'
import { stretchOf, type StretchSample } from './stretches.js'

/** What stretches hold of a cache. KFENCE's objects count as its objects, their pages not as its slabs. */
interface TallyCounts<T> {
  readonly slabs: T
  readonly bytes: T
  readonly total: T
  readonly allocated: T
}

/** What each stretch holds of one cache: of those where there is any, ascending. */
export interface Tally extends TallyCounts<number[]> {
  readonly stretches: number[]
  /** Of all of them together. */
  readonly seen: TallyCounts<number>
}

/** Counts one cache (a row of `slabs.caches()`). A slab is of the stretch in which its first page lies. */
export function tallyCache(slabs: Slabs, cache: number, sample: StretchSample): Tally {
  const { table } = slabs
  slabs.settle(cache)
  const tally: Tally = { stretches: [], slabs: [], bytes: [], total: [], allocated: [], seen: { slabs: 0, bytes: 0, total: 0, allocated: 0 } }
  for (const slab of table.ofCache(cache)) {
    const stretch = stretchOf(sample, table.frame[slab])
    if (tally.stretches.at(-1) !== stretch) {
      tally.stretches.push(stretch)
      for (const list of [tally.slabs, tally.bytes, tally.total, tally.allocated]) list.push(0)
    }
    const last = tally.stretches.length - 1
    const isSlab = table.guarded[slab] === 0 && table.leaving[slab] === 0
    if (isSlab) {
      tally.slabs[last]++
      tally.bytes[last] += table.bytes(slab)
    }
    tally.total[last] += table.objects[slab]
    tally.allocated[last] += table.allocated(slab)
  }
  const sum = (list: readonly number[]): number => list.reduce((all, one) => all + one, 0)
  return { ...tally, seen: { slabs: sum(tally.slabs), bytes: sum(tally.bytes), total: sum(tally.total), allocated: sum(tally.allocated) } }
}
