import type { ColumnTable } from 'arquero'
import { UsageError } from '../errors.js'
import { ALLOCATED, type SlabObjects } from '../slab/model.js'
import { describedTable } from '../table/columns.js'
import { addressesAt } from '../util/addressHalves.js'
import { hex } from '../util/hex.js'
import { wilson } from '../util/wilson.js'
import { systemOf, type MachineEvidence } from './evidence.js'
import { describeSignatures, type SignaturesOptions } from './signatures.js'

export interface SampledSignaturesOptions extends SignaturesOptions {
  /** The most objects of one cache that are read. */
  readonly sample: number
}

/**
 * Groups as {@link signatures} gives them, from a sample: for machines so large that reading all objects takes long. Of each cache at most
 * `sample` allocated objects are read, one from each of as many equal stretches of its objects in address order; which one is drawn at
 * random, the same in every run. `objects` and `bytes` are then estimates; the true share lies between `shareLow` and `shareHigh` in 95
 * of 100 cases. Where a cache has no more objects than that, all are read, and both equal `share`. `readObjects` of `askedObjects` were read.
 *
 * @throws UsageError where `sample` is no positive integer
 * @example sampledSignatures(dump, { sample: 10_000 }).objects()
 */
export function sampledSignatures(evidence: MachineEvidence, { sample, ...options }: SampledSignaturesOptions): ColumnTable {
  if (!Number.isSafeInteger(sample) || sample < 1) throw new UsageError(`expected the \`sample\` option to be a positive integer, got ${sample}`)
  const system = systemOf(evidence)
  const { cache: names } = options
  const objects = system.objects(names === undefined ? undefined : typeof names === 'string' ? [names] : names)
  const { chosen, totals } = sampleOf(objects, sample)
  const groups = describeSignatures(system, addressesAt(objects.address, chosen), options)
  const rows = groups.map(({ cache, group, signatures: all, words, type }) => {
    const total = totals.get(cache?.name ?? '') ?? all.objects
    const share = group.objects / all.readObjects
    const { low, high } = total > all.objects ? wilson(group.objects, all.readObjects) : { low: share, high: share }
    const estimate = total > all.objects ? Math.round(share * total) : group.objects
    return { cache, group, words, type, share, low, high, estimate, total, read: all.readObjects }
  }).sort((a, b) => b.estimate - a.estimate || (a.group.example < b.group.example ? -1 : 1))
  return describedTable({
    cache: rows.map(({ cache }) => cache?.name ?? null),
    objects: rows.map(({ estimate }) => estimate),
    share: rows.map(({ share }) => share),
    shareLow: rows.map(({ low }) => low),
    shareHigh: rows.map(({ high }) => high),
    bytes: rows.map(({ cache, estimate }) => (cache?.slotBytes == null ? null : estimate * cache.slotBytes)),
    words: rows.map(({ words }) => words),
    example: rows.map(({ group }) => hex(group.example)),
    type: rows.map(({ type }) => type?.type ?? null),
    readObjects: rows.map(({ read }) => read),
    askedObjects: rows.map(({ total }) => total)
  })
}

/** Positions of the chosen objects, ascending, and how many allocated ones each cache has. */
function sampleOf({ length, caches, cache, state }: SlabObjects, most: number): { chosen: Uint32Array; totals: Map<string, number> } {
  const counts = new Uint32Array(caches.length)
  for (let i = 0; i < length; i++) if (state[i] === ALLOCATED) counts[cache[i]]++
  const met = new Uint32Array(caches.length)
  const stretch = new Uint32Array(caches.length)
  const drawn = Float64Array.from(counts, (count) => drawFrom(0, count, most))
  const chosen: number[] = []
  for (let i = 0; i < length; i++) {
    if (state[i] !== ALLOCATED) continue
    const own = cache[i]
    if (met[own]++ !== drawn[own]) continue
    chosen.push(i)
    drawn[own] = drawFrom(++stretch[own], counts[own], most)
  }
  return { chosen: Uint32Array.from(chosen), totals: new Map(caches.map(({ name }, i) => [name, counts[i]])) }
}

/** Which of `count` objects is drawn from a stretch, of `most` equal ones: every object where there are no more. */
function drawFrom(stretch: number, count: number, most: number): number {
  if (count <= most) return stretch
  const start = Math.floor((stretch * count) / most)
  const end = Math.floor(((stretch + 1) * count) / most)
  // A number that is spread evenly and the same in every run (Knuth's multiplicative hash).
  const fraction = (Math.imul(stretch + 1, 0x9e3779b1) >>> 0) / 2 ** 32
  return start + Math.floor(fraction * (end - start))
}
