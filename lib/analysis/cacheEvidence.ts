import { formatBytes, formatCount } from '../util/units.js'
import type { EvidenceItem } from './finding.js'
import type { LeakEvidence } from './leakEvidence.js'
import { memoryShare } from './memoryShare.js'

/** What slabinfo says of a cache, as evidence of a finding. */
export interface CacheEvidence {
  readonly items: readonly EvidenceItem[]
  /** Whether any of it speaks for a leak: the cache grows, or holds far more than where all is well. */
  readonly agrees: boolean
  /** Memory by which the cache grew, as far as known. */
  readonly bytes: number | null
}

/** A difference of this many times what was there before, and of so many bytes, is no chance. */
const muchMore = 1
const muchMoreBytes = 1 << 20

/** Growth and differences of one cache. */
export function cacheEvidence({ growth, differences, memory }: LeakEvidence, cache: string | null): CacheEvidence {
  const items: EvidenceItem[] = []
  let agrees = false
  let bytes: number | null = null
  for (const row of growth) {
    if (row.cache !== cache) continue
    items.push({ text: growthText(row), addresses: [], code: row.code })
    if (row.verdict === 'growing') agrees = true
  }
  for (const row of differences) {
    if (row.cache !== cache || row.deltaObjects === null) continue
    items.push({ text: differenceText(row), addresses: [], code: row.code })
    if (isMuchMore(row)) agrees = true
    if (agrees && row.deltaBytes !== null && row.deltaBytes > 0) bytes ??= row.deltaBytes
  }
  const share = memory == null || cache === null ? undefined : memoryText(memory, cache, bytes)
  if (share !== undefined) items.push({ text: share, addresses: [], code: memory!.code })
  return { items, agrees, bytes }
}

/** How much of the machine's memory is slab that cannot be taken back, and how much of that the cache explains. */
function memoryText({ before, after }: NonNullable<LeakEvidence['memory']>, cache: string, bytes: number | null): string | undefined {
  if (before !== after) return `Of the memory as a whole: ${memoryShare(before, after, { name: cache, bytes }).text}.`
  const { unreclaimableBytes, totalBytes } = after
  if (unreclaimableBytes === null) return undefined
  const share = totalBytes === null || totalBytes === 0 ? '' : `, ${Math.round((unreclaimableBytes / totalBytes) * 100)} % of its memory`
  return `The machine holds ${formatBytes(unreclaimableBytes)} of slab that it cannot take back${share}.`
}

/** Whether a cache at least doubled, by a mebibyte or more. */
export function isMuchMore({ beforeObjects, deltaObjects, deltaBytes }: LeakEvidence['differences'][number]): boolean {
  return deltaObjects !== null && deltaObjects > (beforeObjects ?? 0) * muchMore && (deltaBytes ?? 0) >= muchMoreBytes
}

function growthText({ cache, verdict, reason, bytesPerHour, low, high }: LeakEvidence['growth'][number]): string {
  if (verdict !== 'growing' || bytesPerHour === null) return `${cache} is ${verdict === 'unknown' ? 'not known to grow' : verdict} in the snapshots: ${reason}.`
  if (reason.startsWith('grew ')) {
    const rate = low === null || high === null ? '' : ` (${formatBytes(bytesPerHour)} an hour, 95 %: ${formatBytes(low)} to ${formatBytes(high)})`
    return `${cache} ${reason}${rate}.`
  }
  const range = low === null || high === null ? '' : ` (95 %: ${formatBytes(low)} to ${formatBytes(high)})`
  return `${cache} grows by ${formatBytes(bytesPerHour)} an hour${range}${reason === '' ? '' : `: ${reason}`}.`
}

/**
 * A difference in words.
 *
 * @example differenceText(row) // 'kmalloc-128 holds 1,744,972 objects more in leaking than in healthy: +213 MiB of slab pages.'
 */
export function differenceText({ cache, deltaObjects, deltaBytes, before, after, beforeObjects, afterObjects }: LeakEvidence['differences'][number]): string {
  const delta = deltaObjects ?? 0
  const more = delta < 0 ? 'fewer' : 'more'
  const pages = deltaBytes === null ? '' : `, ${deltaBytes < 0 ? '' : '+'}${formatBytes(deltaBytes)} of slab pages`
  const counts = beforeObjects === null || afterObjects === null ? '' : ` (${formatCount(afterObjects)} against ${formatCount(beforeObjects)})`
  return `${cache} holds ${formatCount(Math.abs(delta))} objects ${more} in ${after} than in ${before}${counts}${pages}.`
}
