import type { ColumnTable } from 'arquero'
import type { Estimate } from '../slab/sample/clusterEstimate.js'
import type { CacheEstimate } from '../slab/sample/estimateCaches.js'
import type { SampledMachine } from '../system/sampledSystem.js'
import { hex } from '../util/hex.js'
import { describedTable } from './columns.js'

/** Stretches below which a cache was seen rarely. */
const RARE = 10

/** What a sample says of all caches, in the allocator's order: each number with the bounds of its 95 % interval. */
export function sampledCachesTable(machine: SampledMachine): ColumnTable {
  const caches = machine.system.caches()
  const estimates = machine.estimates()
  const numbers = (name: string, of: (estimate: CacheEstimate) => Estimate): Record<string, (number | null)[]> => ({
    [name]: estimates.map((estimate) => of(estimate).value),
    [`${name}Low`]: estimates.map((estimate) => of(estimate).low),
    [`${name}High`]: estimates.map((estimate) => finite(of(estimate).high))
  })
  return describedTable({
    cache: caches.map(({ name }) => name),
    address: caches.map(({ address }) => (address === null ? null : hex(address))),
    objectBytes: caches.map(({ objectBytes }) => objectBytes),
    slotBytes: caches.map(({ slotBytes }) => slotBytes),
    ...numbers('allocated', ({ allocated }) => allocated),
    ...numbers('total', ({ total }) => total),
    ...numbers('slabs', ({ slabs }) => slabs),
    slabBytes: caches.map(({ slabBytes }) => slabBytes),
    ...numbers('bytes', ({ bytes }) => bytes),
    ...numbers('share', ({ share }) => share),
    scaledBy: estimates.map(({ scaledBy }) => scaledBy),
    seenSlabs: estimates.map(({ seenSlabs }) => seenSlabs),
    note: estimates.map(noteOf),
    aliases: caches.map(({ aliases }) => aliases)
  })
}

/** What weakens the numbers of a row. */
function noteOf({ scaledBy, allocated, seenSlabs, seenStretches }: CacheEstimate): string | null {
  if (scaledBy === 'all read' || allocated.low === allocated.high) return null
  if (seenSlabs === 0) return 'none of its slabs in the sample'
  return seenStretches < RARE ? `rarely seen: in ${seenStretches} stretch${seenStretches === 1 ? '' : 'es'} of the sample` : null
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null
}
