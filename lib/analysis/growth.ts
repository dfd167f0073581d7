import type { ColumnTable } from 'arquero'
import { UsageError } from '../errors.js'
import type { MemoryReading } from '../source/meminfo.js'
import { describedTable } from '../table/columns.js'
import { cacheGrowth, type CacheGrowth } from './cacheGrowth.js'
import { withoutMoves } from './cacheMoves.js'
import { growthReason, type Judged } from './growthReason.js'
import { machineSeries, type CacheSeries, type MachineSeries } from './machineSeries.js'
import { reclaimable } from './reclaimable.js'
import { timeline, type Boot } from './timeline.js'

export interface GrowthOptions {
  /** Part of the machine's whole growth that a cache must hold to be called growing. Default 0.1. */
  readonly threshold?: number
  /** Which machine, where the table has several. */
  readonly host?: string
  /** What /proc/meminfo said: tells reclaimable caches where it leaves no other way. */
  readonly memory?: readonly MemoryReading[]
}

export type GrowthVerdict = 'growing' | 'steady' | 'unknown'

/** A tenth of the whole growth: what Eclipse MAT asks of a leak suspect. */
export const defaultThreshold = 0.1

/**
 * Which caches grow, how fast and how sure: `cache, verdict, reason, bytesPerHour, low, high, objects, bytes, reclaimable`, worst first.
 *
 * `growing`: the rate's lower bound over the stretch of growth is above 0, nothing was given back afterwards, and the cache holds at least
 * `threshold` of the machine's whole growth in bytes. Growth that stopped without falling back stays `growing`, with the reason `stopped at …`;
 * where the stop came early in a series ten times as long, it was a warm-up: `steady`. Smaller growth is `steady`. Too little to tell is
 * `unknown`. Rates are medians of slopes (Theil, Sen) with 95 % intervals, in bytes an hour; null where the snapshots have no times.
 * Reboots part the series, steps of the clock are made good, daily cycles are averaged out, control groups' caches are added to their own.
 * `objects` and `bytes` are those at the last snapshot.
 *
 * @param snapshots a table as `loadSlabinfo` makes it, or any with `cache`, `bytes` and `snapshot` or `time`
 * @throws UsageError for a missing column, an unknown host, or several machines with none chosen
 * @example
 * const snapshots = await loadSlabinfo('snapshots/*')
 * growth(snapshots).objects({ limit: 1 }) // [{ cache: 'kmalloc-128', verdict: 'growing', bytesPerHour: 1.6e9, … }]
 */
export function growth(snapshots: ColumnTable, options: GrowthOptions = {}): ColumnTable {
  const judged = judgeGrowth(snapshots, options)
  return describedTable({
    cache: judged.map(({ cache }) => cache.name),
    verdict: judged.map(({ verdict }) => verdict),
    reason: judged.map(({ reason }) => reason),
    bytesPerHour: judged.map(({ timed, growth: { slope } }) => (timed ? finite(slope?.slope) : null)),
    low: judged.map(({ timed, growth: { slope } }) => (timed ? finite(slope?.low) : null)),
    high: judged.map(({ timed, growth: { slope } }) => (timed ? finite(slope?.high) : null)),
    objects: judged.map(({ cache }) => cache.objects),
    bytes: judged.map(({ cache }) => finite(lastKnown(cache.bytes))),
    reclaimable: judged.map((one) => one.reclaimable),
    growthBytes: judged.map((one) => one.growthBytes),
    growthShare: judged.map(({ share }) => share),
    stoppedAt: judged.map(({ stoppedAt }) => stoppedAt)
  })
}

/** A cache with what was found of it. */
export interface GrowthFinding extends Judged {
  readonly verdict: GrowthVerdict
  readonly reason: string
  /** Milliseconds since 1970; null where it did not stop, or the time is unknown. */
  readonly stoppedAt: number | null
}

/** {@link growth} as plain objects, for reports that tell more than a table. */
export function judgeGrowth(snapshots: ColumnTable, options: GrowthOptions = {}): GrowthFinding[] {
  const threshold = options.threshold ?? defaultThreshold
  if (!(threshold >= 0 && threshold <= 1)) throw new UsageError(`expected the threshold to be between 0 and 1, got ${threshold}`)
  const series = machineSeries(snapshots, options.host)
  const { boots } = timeline(series)
  const latest = [...(options.memory ?? [])].filter(({ host }) => options.host === undefined || host === null || host === options.host)
    .filter(({ unreclaimableBytes }) => unreclaimableBytes !== null).at(-1)
  const judged = withoutMoves(series.caches, boots).map((cache, i): Judged => {
    const all = boots.map((boot) => cacheGrowth(boot, cache.bytes.subarray(boot.from, boot.to), cache.slabBytes))
    const deciding = decidingBoot(boots, all)
    const bytes = lastKnown(series.caches[i].bytes)
    return {
      cache: series.caches[i], boots: boots.length, boot: boots[deciding], growth: all[deciding], timed: boots[deciding].timed,
      latest: deciding === boots.length - 1,
      growthBytes: all.reduce((sum, one) => sum + contribution(one), 0), share: 0, whole: 0,
      reclaimable: cache.unreclaimable ? false : reclaimable(cache.name, bytes, latest?.reclaimableBytes ?? null, latest?.unreclaimableBytes ?? null)
    }
  })
  const whole = judged.reduce((sum, { growthBytes }) => sum + growthBytes, 0)
  const wholeUnreclaimable = judged.reduce((sum, one) => sum + (one.reclaimable === true ? 0 : one.growthBytes), 0)
  return judged.map((one): GrowthFinding => {
    const full = { ...one, whole, share: whole > 0 ? one.growthBytes / whole : 0 }
    const verdict = verdictOf(full, threshold)
    return { ...full, verdict, reason: growthReason(full, verdict, threshold, wholeUnreclaimable, series), stoppedAt: stopTime(full, series) }
  }).sort(worstFirst)
}

/**
 * The boot that decides: the last with enough snapshots, or an earlier one with growth that no later boot is long enough to have answered.
 */
function decidingBoot(boots: readonly Boot[], all: readonly CacheGrowth[]): number {
  let last = all.length - 1
  while (last > 0 && all[last].doubt === 'few') last--
  if (all[last].trend === 'certain') return last
  for (let i = last - 1, after = length(boots[last]); i >= 0; after += length(boots[i]), i--) {
    if (all[i].trend === 'certain' && !all[i].early && after < boots[i].hours[all[i].to] - boots[i].hours[all[i].from]) return i
  }
  return all.length - 1 - (all[all.length - 1].doubt === 'few' ? all.length - 1 - last : 0)
}

function length({ hours }: Boot): number {
  return hours[hours.length - 1] - hours[0]
}

/** What a cache adds to the machine's whole growth: what a certain rise kept, else what it has more at the end than at the start. */
function contribution({ trend, kept, net }: CacheGrowth): number {
  return trend === 'certain' ? Math.max(kept, net) : Math.max(0, net)
}

function verdictOf({ growth: { trend, doubt, early, kept }, share, growthBytes }: Judged, threshold: number): GrowthVerdict {
  if (doubt === 'few' && kept === 0 && growthBytes === 0) return 'unknown'
  if (doubt === 'few') return 'unknown'
  if (trend === 'none' || growthBytes <= 0) return 'steady'
  if (share < threshold) return 'steady'
  if (trend === 'doubtful') return 'unknown'
  return early ? 'steady' : 'growing'
}

const verdictOrder: Readonly<Record<GrowthVerdict, number>> = { growing: 0, unknown: 1, steady: 2 }

/** Growing caches that nobody can take back first; within a verdict the largest growth. */
function worstFirst(a: GrowthFinding, b: GrowthFinding): number {
  const takenBack = a.verdict === 'steady' ? 0 : Number(a.reclaimable === true) - Number(b.reclaimable === true)
  return verdictOrder[a.verdict] - verdictOrder[b.verdict] || takenBack ||
    b.growthBytes - a.growthBytes || lastKnown(b.cache.bytes) - lastKnown(a.cache.bytes) || (a.cache.name < b.cache.name ? -1 : 1)
}

function stopTime({ boot, growth: { stopped } }: Judged, { times }: MachineSeries): number | null {
  return stopped === null ? null : finite(times[boot.from + stopped])
}

/** The last value that is known; NaN where none is. */
function lastKnown(bytes: CacheSeries['bytes']): number {
  for (let i = bytes.length - 1; i >= 0; i--) if (!Number.isNaN(bytes[i])) return bytes[i]
  return NaN
}

function finite(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : value
}
