import type { ColumnTable } from 'arquero'
import { UsageError } from '../errors.js'
import { tableRows } from '../table/tableRows.js'

/** Slots and those in use, over the slabs of one cache or of all. */
export interface SlabOccupancy {
  /** Slots of each slab, of which … */
  readonly slots: Uint32Array
  /** … so many are in use. */
  readonly used: Uint32Array
  /** Of slabs of which no object's state is known, only their number. */
  readonly unknown: number
}

/** What is in a slot that counts as used: objects that wait to be freed still hold their slot. */
const usedStates = new Set(['allocated', 'pending'])

/**
 * Counts slots and used ones slab by slab. `objects` is a table of `slab` and `state` that lists free slots as well,
 * with `cache` where `cache` is asked for. One pass, a few typed arrays: millions of rows take a fraction of a second.
 */
export function slabOccupancy(objects: ColumnTable, cache?: string): SlabOccupancy {
  const { count, column, key } = tableRows(objects)
  const slabKey = key('slab')
  const stateAt = column('state')
  const cacheAt = cache === undefined ? undefined : column('cache')
  const places = new Map<unknown, number>()
  const slots: number[] = []
  const used: number[] = []
  const known: boolean[] = []
  let slab: unknown
  let place = -1
  for (let row = 0; row < count; row++) {
    if (cacheAt !== undefined && cacheAt(row) !== cache) continue
    const next = slabKey(row)
    if (next !== slab || place < 0) {
      slab = next
      place = places.get(slab) ?? places.size
      if (place === slots.length) {
        places.set(slab, place)
        slots.push(0)
        used.push(0)
        known.push(false)
      }
    }
    slots[place]++
    const state = stateAt(row) as string
    if (usedStates.has(state)) used[place]++
    if (state !== 'unknown') known[place] = true
  }
  if (cache !== undefined && slots.length === 0) throw new UsageError(`no objects of a cache named ${cache} in the table`)
  const told = known.flatMap((isKnown, i) => isKnown ? [i] : [])
  return {
    slots: Uint32Array.from(told, (i) => slots[i]), used: Uint32Array.from(told, (i) => used[i]),
    unknown: known.length - told.length
  }
}
