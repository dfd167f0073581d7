import { formatSpan, formatTime } from '../util/time.js'
import { formatBytes } from '../util/units.js'
import { leastSnapshots, type CacheGrowth } from './cacheGrowth.js'
import type { CacheSeries, MachineSeries } from './machineSeries.js'
import type { Boot } from './timeline.js'

/** A cache, judged but for its place among the others. */
export interface Judged {
  readonly cache: CacheSeries
  /** How many boots the series spans, and the one that decided. */
  readonly boots: number
  readonly boot: Boot
  /** Whether that was the last. */
  readonly latest: boolean
  readonly growth: CacheGrowth
  readonly timed: boolean
  /** Growth over all boots, in bytes. */
  readonly growthBytes: number
  /** … as a part of the machine's. */
  readonly share: number
  /** The machine's whole growth, in bytes. */
  readonly whole: number
  readonly reclaimable: boolean | null
}

/** Why a verdict is what it is, in one line. */
export function growthReason(judged: Judged, verdict: string, threshold: number, wholeUnreclaimable: number, series: MachineSeries): string {
  const parts = [what(judged, verdict, threshold, series)]
  if (judged.reclaimable === true && judged.growthBytes > 0 && verdict !== 'steady') parts.push('reclaimable: the kernel can take it back, so growth alone is no leak')
  const part = judged.growthBytes / wholeUnreclaimable
  if (verdict === 'steady' && judged.growth.trend === 'certain' && judged.share < threshold && judged.reclaimable !== true && part >= threshold) {
    parts.push(`${percent(part)} of the growth that is not reclaimable`)
  }
  if (judged.boots > 1 && !judged.latest && verdict === 'growing') parts.push('until the machine booted again')
  if (judged.cache.groups > 0) parts.push(`with ${judged.cache.groups} caches of control groups`)
  if (!judged.timed && judged.growth.slope !== null && judged.growth.kept > 0) parts.push('no rate: the snapshots have no times')
  return parts.join('; ')
}

function what(judged: Judged, verdict: string, threshold: number, series: MachineSeries): string {
  const { growth, growthBytes, share, cache } = judged
  const { trend, doubt, kept, net, stopped, givenBack, excursion } = growth
  if (doubt === 'few' && growth.snapshots < leastSnapshots) return fewSnapshots(growth, cache)
  if (trend === 'none') {
    if (doubt === 'given back') return `rose and gave ${formatBytes(givenBack)} back`
    if (net < 0) return cache.bytes[cache.bytes.length - 1] === 0 ? 'gone' : `fell by ${formatBytes(-net)}`
    return doubt === 'no trend' && net > 0 ? `${formatBytes(net)} more at the end, but no trend` : 'no growth'
  }
  const grew = `grew ${formatBytes(growthBytes)} ${during(judged)}`
  if (share < threshold) return `grew ${formatBytes(growthBytes)}, below the threshold of ${percent(threshold)} of the whole growth (${formatBytes(judged.whole)})`
  if (trend === 'certain') {
    const ofWhole = `${grew}, ${percent(share)} of the whole growth`
    if (stopped === null) return ofWhole
    const at = moment(series, judged.boot.from + stopped)
    return verdict === 'steady' ? `warm-up: ${ofWhole}, stopped at ${at}, early in the series` : `${ofWhole}; stopped at ${at}`
  }
  switch (doubt) {
    case 'few': return `${grew}: too few snapshots to tell`
    case 'jump': return `rose by ${formatBytes(kept)}, most of it at once: too little to tell`
    case 'partly given back': return `${grew}, and gave ${formatBytes(givenBack)} back: too little to tell`
    case 'grain': return `grew ${formatBytes(growthBytes)}, a few slabs: too little to tell`
    case 'moves': return `${grew}, but rose and fell by ${formatBytes(excursion)} as well: too little to tell`
    case 'held before': return `${grew}, but held as much before: too little to tell`
    default: return `${grew}, irregularly: too little to tell`
  }
}

function fewSnapshots({ snapshots, net }: CacheGrowth, { bytes }: CacheSeries): string {
  const change = net > 0 ? `, ${formatBytes(net)} more at the end` : net < 0 ? `, ${formatBytes(-net)} less at the end` : ''
  if (snapshots === 0) return 'its bytes are not shown'
  const since = snapshots < bytes.length ? ' since the last boot' : ''
  return `${snapshots} snapshot${snapshots === 1 ? '' : 's'}${since}, ${leastSnapshots} are needed to tell${change}`
}

/** The stretch of growth as a span of time, else of snapshots. */
function during({ boot, growth: { from, to }, timed }: Judged): string {
  if (!timed) return `over ${to - from + 1} snapshots`
  return `in ${formatSpan((boot.hours[to] - boot.hours[from]) * 3600)}`
}

function moment({ times, uptimes, snapshots }: MachineSeries, i: number): string {
  if (!Number.isNaN(times[i])) return formatTime(times[i])
  return Number.isNaN(uptimes[i]) ? `snapshot ${snapshots[i]}` : `${uptimes[i]} s after boot`
}

function percent(part: number): string {
  return `${Number((part * 100).toFixed(part < 0.0995 ? 1 : 0))} %`
}
