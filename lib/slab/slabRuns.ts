import { Growing } from '../util/growing.js'
import { ALLOCATED, type SlabCache, type SlabObjects } from './model.js'

const ends = new WeakMap<Uint32Array, Uint32Array>()

/** Shows the objects of each slab of a dump, which lie together: positions from `first` to `end`. Slabs without objects are not shown. */
export function eachSlab({ slab }: Pick<SlabObjects, 'slab'>, visit: (slab: number, first: number, end: number) => unknown): void {
  let known = ends.get(slab)
  if (known === undefined) ends.set(slab, (known = endsOfRuns(slab)))
  for (let run = 0, first = 0; run < known.length; first = known[run++]) visit(slab[first], first, known[run])
}

/** Positions of a dump's allocated objects in the caches that are wanted: of millions few are. */
export function allocatedIn(objects: SlabObjects, isWanted: (cache: SlabCache) => boolean): number[] {
  const wanted = objects.caches.map(isWanted)
  const found: number[] = []
  if (!wanted.includes(true)) return found
  eachSlab(objects, (_, first, end) => {
    if (wanted[objects.cache[first]]) for (let object = first; object < end; object++) if (objects.state[object] === ALLOCATED) found.push(object)
  })
  return found
}

/** Where entries end that equal those before them: looked for by steps that double as long as they hold, and then halve. */
function endsOfRuns(values: Uint32Array): Uint32Array {
  const { length } = values
  const found = new Growing(Uint32Array)
  for (let last = 0; last < length; last++) {
    const value = values[last]
    let step = 1
    for (; last + step < length && values[last + step] === value; step *= 2) last += step
    for (; step > 0; step >>>= 1) if (last + step < length && values[last + step] === value) last += step
    found.push(last + 1)
  }
  return found.taken()
}
