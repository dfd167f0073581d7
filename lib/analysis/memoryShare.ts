import { usedBytes, type MemoryReading } from '../source/meminfo.js'
import { formatBytes } from '../util/units.js'

/** Where memory went between two readings, in bytes. Null is unknown. */
export interface MemoryShare {
  /** What is used more than before and is neither free nor page cache: the missing memory. */
  readonly missingBytes: number | null
  /** How much more unreclaimable slab there is. */
  readonly unreclaimableBytes: number | null
  readonly reclaimableBytes: number | null
  /** Part of the missing memory that is unreclaimable slab; may exceed 1 where other uses shrank. */
  readonly unreclaimableShare: number | null
  /** Growth of the accused cache. */
  readonly cacheBytes: number | null
  /** Part of the growth of unreclaimable slab that the accused cache explains. */
  readonly cacheShare: number | null
  readonly text: string
}

/**
 * How much of the missing memory is unreclaimable slab, and how much of that one cache explains. Readings come from /proc/meminfo or `free`
 * (which does not know slab) of one machine at two times, or of two alike. `cacheBytes` is what the cache grew between them.
 *
 * @example memoryShare(memory[0], memory[1], { name: 'kmalloc-128', bytes: 223563776 }).cacheShare // 0.97
 */
export function memoryShare(before: MemoryReading, after: MemoryReading, cache?: { readonly name: string; readonly bytes: number | null }): MemoryShare {
  const missingBytes = difference(usedBytes(before), usedBytes(after))
  const unreclaimableBytes = difference(before.unreclaimableBytes, after.unreclaimableBytes)
  const reclaimableBytes = difference(before.reclaimableBytes, after.reclaimableBytes)
  const cacheBytes = cache?.bytes ?? null
  const unreclaimableShare = part(unreclaimableBytes, missingBytes)
  const cacheShare = part(cacheBytes, unreclaimableBytes)
  return {
    missingBytes, unreclaimableBytes, reclaimableBytes, unreclaimableShare, cacheBytes, cacheShare,
    text: sentence(missingBytes, unreclaimableBytes, unreclaimableShare, cache?.name, cacheBytes, cacheShare)
  }
}

function sentence(missing: number | null, unreclaimable: number | null, share: number | null, cache: string | undefined, cacheBytes: number | null, cacheShare: number | null): string {
  const parts: string[] = []
  if (missing === null) parts.push('how much memory is missing is not shown')
  else if (missing <= 0) parts.push(`no memory is missing: ${formatBytes(-missing)} less is used than before`)
  else parts.push(`${formatBytes(missing)} more is used than before`)
  if (unreclaimable === null) parts.push('unreclaimable slab is not shown')
  else parts.push(`unreclaimable slab ${unreclaimable < 0 ? 'shrank' : 'grew'} by ${formatBytes(Math.abs(unreclaimable))}${share === null ? '' : ` (${percent(share)} of it)`}`)
  if (cache !== undefined && cacheBytes !== null) parts.push(`${cache} grew by ${formatBytes(cacheBytes)}${cacheShare === null ? '' : `, which explains ${percent(cacheShare)} of that`}`)
  return parts.join('; ')
}

function difference(before: number | null, after: number | null): number | null {
  return before === null || after === null ? null : after - before
}

/** Null where there is nothing to be a part of. */
function part(bytes: number | null, whole: number | null): number | null {
  return bytes === null || whole === null || whole <= 0 || bytes < 0 ? null : bytes / whole
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
