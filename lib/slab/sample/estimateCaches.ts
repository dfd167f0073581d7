import type { KernelView } from '../kernelView.js'
import type { KmemCache } from '../kmemCache.js'
import type { Slabs } from '../slabs.js'
import { CacheCounting, guardedCounts, type CacheCounters, type GuardedCounts } from './cacheCounters.js'
import { estimateShare, estimateTotal, exactly, weightedSum, type Estimate } from './clusterEstimate.js'
import { estimateShares } from './estimateShares.js'
import { tallyCache, type Tally } from './tally.js'
import { STRETCH_FRAMES, type StretchSample } from './stretches.js'

/** What numbers are scaled up by: nothing was left out; the kernel's own counters; how many stretches there are for each that was read. */
export type ScaledBy = 'all read' | 'counters' | 'stretches'

/** A cache as a sample shows it. */
export interface CacheEstimate {
  readonly slabs: Estimate
  /** In all slabs, in use or not. */
  readonly total: Estimate
  readonly allocated: Estimate
  readonly bytes: Estimate
  /** Of the memory of all slabs. */
  readonly share: Estimate
  readonly scaledBy: ScaledBy
  /** Slabs of the cache that were read, and in how many stretches. */
  readonly seenSlabs: number
  readonly seenStretches: number
}

/** {@link CacheEstimate} before shares are known. */
export type CacheCount = Omit<CacheEstimate, 'share'>

const NONE: GuardedCounts = { objects: 0, allocated: 0 }

/**
 * What all caches have, by row, from the slabs of a sample. Slabs and objects are the kernel's own counts where it keeps them; how many objects are
 * in use is then the share of the sample's, scaled up by these.
 */
export function estimateCaches(view: KernelView, slabs: Slabs, sample: StretchSample): CacheEstimate[] {
  if (sample.whole) return wholeCaches(slabs)
  const counting = new CacheCounting(view, slabs)
  const guarded = guardedCounts(view)
  const tallies = slabs.table.caches.map((_, cache) => tallyCache(slabs, cache, sample))
  const found = slabs.table.caches.map((record, cache): CacheCount => {
    const tally = tallies[cache]
    const counters = counting.of(cache)
    const own = guarded.get(record.address) ?? NONE
    if (counters !== undefined && canBe(counters, own, tally)) return byCounters(view, record, sample, tally, counters, own)
    if (counters !== undefined) view.warnings.add(`${record.name}: the kernel counts ${counters.slabs} slabs and ${counters.objects} objects, fewer than a sample holds`)
    return byStretches(view, record, sample, tally)
  })
  const shares = estimateShares(view, sample, found, tallies)
  return found.map((estimate, cache) => ({ ...estimate, share: shares[cache] }))
}

function wholeCaches(slabs: Slabs): CacheEstimate[] {
  const caches = slabs.caches()
  const all = caches.reduce((sum, { bytes }) => sum + bytes!, 0)
  return caches.map((cache) => ({
    slabs: exactly(cache.slabs!), total: exactly(cache.total!), allocated: exactly(cache.allocated!), bytes: exactly(cache.bytes!),
    share: exactly(all === 0 ? 0 : cache.bytes! / all), scaledBy: 'all read', seenSlabs: cache.slabs!, seenStretches: 0
  }))
}

function canBe(counters: CacheCounters, guarded: GuardedCounts, { seen }: Tally): boolean {
  return counters.slabs >= seen.slabs && counters.objects + guarded.objects >= seen.total &&
    (counters.allocated === null || (counters.allocated >= 0 && counters.allocated <= counters.objects))
}

function byCounters(view: KernelView, record: KmemCache, sample: StretchSample, tally: Tally, counters: CacheCounters, guarded: GuardedCounts): CacheCount {
  const total = counters.objects + guarded.objects
  const unseen = counters.slabs === 0 ? 0 : 1 - tally.seen.slabs / counters.slabs
  const allocated = counters.allocated === null ? allocatedOf(sample, tally, counters, guarded, unseen) : exactly(counters.allocated + guarded.allocated)
  return {
    slabs: exactly(counters.slabs), total: exactly(total), allocated, bytes: bytesOf(view, record, sample, tally, counters, unseen),
    scaledBy: 'counters', seenSlabs: tally.seen.slabs, seenStretches: tally.stretches.length
  }
}

function allocatedOf(sample: StretchSample, tally: Tally, { objects, mostFree }: CacheCounters, guarded: GuardedCounts, unseen: number): Estimate {
  const { stretches, seen } = tally
  const total = objects + guarded.objects
  // A list that counts fewer than were met tells nothing.
  const isBound = mostFree !== null && seen.total - seen.allocated <= mostFree + guarded.objects
  const bounds = { low: Math.max(seen.allocated, isBound ? objects - mostFree + guarded.allocated : 0), high: total - (seen.total - seen.allocated) }
  if (bounds.low === bounds.high) return exactly(bounds.low)
  if (seen.total === 0) return { value: null, ...bounds }
  const { share, low, high } = estimateShare(sample, { stretches, part: tally.allocated, whole: tally.total, units: seen.slabs, unseen, known: total })
  return rounded({ value: share * total, low: low * total, high: high * total }, bounds)
}

/** Slabs of a cache have one size, but where memory was too fragmented for that. */
function bytesOf(view: KernelView, record: KmemCache, sample: StretchSample, tally: Tally, { slabs, objects }: CacheCounters, unseen: number): Estimate {
  const usual = record.slabPages * view.pageBytes
  if (objects === slabs * record.slabObjects) return exactly(slabs * usual)
  const { stretches, seen } = tally
  const bounds = { low: seen.bytes + (slabs - seen.slabs) * view.pageBytes, high: seen.bytes + (slabs - seen.slabs) * usual }
  if (seen.slabs === 0) return { value: null, ...bounds }
  const largest = tally.slabs.map((count) => count * usual)
  const { share, low, high } = estimateShare(sample, { stretches, part: tally.bytes, whole: largest, units: seen.slabs, unseen })
  return rounded({ value: share * slabs * usual, low: low * slabs * usual, high: high * slabs * usual }, bounds)
}

function byStretches(view: KernelView, record: KmemCache, sample: StretchSample, tally: Tally): CacheCount {
  const { stretches, seen } = tally
  const most = Math.max(1, STRETCH_FRAMES / record.slabPages)
  const of = (values: readonly number[], ofSlab: number): Estimate => rounded(estimateTotal(sample, { stretches, values }, most * ofSlab), { low: 0, high: Infinity })
  const total = of(tally.total, record.slabObjects)
  const unseen = 1 - seen.total / Math.max(seen.total, weightedSum(sample, { stretches, values: tally.total }))
  const { share, low, high } = estimateShare(sample, { stretches, part: tally.allocated, whole: tally.total, units: seen.slabs, unseen })
  const allocated: Estimate = total.value === null ? { value: null, low: 0, high: total.high }
    : rounded({ value: share * total.value, low: low * total.low, high: high * total.high }, { low: seen.allocated, high: Infinity })
  return {
    slabs: of(tally.slabs, 1), total, allocated, bytes: of(tally.bytes, record.slabPages * view.pageBytes),
    scaledBy: 'stretches', seenSlabs: seen.slabs, seenStretches: stretches.length
  }
}

function rounded({ value, low, high }: Estimate, bounds: { low: number; high: number }): Estimate {
  const within = (number: number): number => Math.min(Math.max(number, bounds.low), bounds.high)
  return { value: value === null ? null : Math.round(within(value)), low: Math.floor(within(low)), high: Math.ceil(within(high)) }
}
