import type { ColumnTable } from 'arquero'
import type { SampleOptions } from '../slab/sample/sampleSlabs.js'
import { describedTable } from '../table/columns.js'
import { hex } from '../util/hex.js'
import { systemOf, type MachineEvidence } from './evidence.js'
import { SampledObjects } from './sampledObjects.js'
import { describeSignatures, type SignaturesOptions } from './signatures.js'

/**
 * `sample` bounds both how many stretches of page structures are looked at, and how many objects of each cache are read.
 */
export type SampledSignaturesOptions = SignaturesOptions & SampleOptions

/**
 * Groups as {@link signatures} gives them, from a sample: for machines so large that looking at all memory takes long. About `sample` stretches
 * of 64 pages are drawn at random (the same ones for the same `seed`), and of the allocated objects in them at most `sample` of each cache are
 * read. `objects`, its bounds and `bytes` are then estimates; the true share lies between `shareLow` and `shareHigh` in 95 of 100 cases, which
 * takes into account that neighbours are alike. Where everything was read, the bounds equal `share`. `readObjects` of an estimated
 * `askedObjects` were read.
 *
 * @throws UsageError where `sample` is no positive integer, or a name is no cache
 * @example sampledSignatures(dump, { sample: 10_000 }).objects()
 */
export function sampledSignatures(evidence: MachineEvidence, { sample, seed, ...options }: SampledSignaturesOptions): ColumnTable {
  const drawn = new SampledObjects(systemOf(evidence), { sample, seed }, options.cache)
  const groups = describeSignatures(drawn.system, drawn.addresses, options)
  const parts = drawn.estimate(groups.map(({ cache, group, signatures: all }) => ({ cache: cache?.name ?? null, addresses: all.addressesOf(group) })))
  const rows = groups.map((described, i) => ({ ...described, group: described.group, cache: described.cache, words: described.words, type: described.type, part: parts[i] }))
    .sort((a, b) => b.part.objects.value! - a.part.objects.value! || (a.group.example < b.group.example ? -1 : 1))
  return describedTable({
    cache: rows.map(({ cache }) => cache?.name ?? null),
    objects: rows.map(({ part }) => part.objects.value),
    objectsLow: rows.map(({ part }) => part.objects.low),
    objectsHigh: rows.map(({ part }) => part.objects.high),
    share: rows.map(({ part }) => part.share),
    shareLow: rows.map(({ part }) => part.shareLow),
    shareHigh: rows.map(({ part }) => part.shareHigh),
    bytes: rows.map(({ cache, part }) => (cache?.slotBytes == null ? null : part.objects.value! * cache.slotBytes)),
    words: rows.map(({ words }) => words),
    example: rows.map(({ group }) => hex(group.example)),
    type: rows.map(({ type }) => type?.type ?? null),
    readObjects: rows.map(({ part }) => part.readObjects),
    askedObjects: rows.map(({ part }) => part.askedObjects)
  })
}
