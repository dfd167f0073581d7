import { FormatError } from '../errors.js'
import { readSnapshotFiles } from '../source/snapshotFiles.js'
import { describeDisagreement, type Disagreement } from '../system/disagreement.js'
import type { TranscriptSystem } from '../system/transcriptSystem.js'
import { formatCount } from '../util/units.js'

/**
 * Compares what slabinfo counted with what the session counts, cache by cache. They were taken at different moments, and SLAB's slabinfo
 * counts objects in per-CPU caches as active: both numbers are kept.
 */
export async function compareWithSnapshots(system: TranscriptSystem, paths: readonly string[], signal?: AbortSignal): Promise<void> {
  for (const path of paths) {
    try {
      for (const disagreement of await disagreements(system, path, signal)) {
        system.disagreements.push(disagreement)
        system.warnings.add(describeDisagreement(disagreement))
      }
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      system.warnings.add(`not compared: ${error.message}`)
    }
  }
}

async function disagreements(system: TranscriptSystem, path: string, signal?: AbortSignal): Promise<Disagreement[]> {
  const files = await readSnapshotFiles(path, { problem: (error) => system.warnings.add(error.message), ...(signal ? { signal } : {}) })
  const caches = new Map(system.caches().map((cache) => [cache.name, cache]))
  const found: Disagreement[] = []
  for (const { path: file, series } of files) {
    // A series ends where the dump was taken, if anywhere.
    const head = series.heads.at(-1)
    if (head === undefined) continue
    for (let row = head.firstRow; row < head.firstRow + head.rows; row++) {
      const cache = caches.get(series.caches[series.rows.cache[row]])
      if (cache === undefined) continue
      const compare = (what: string, ours: number | null, theirs: number): void => {
        if (ours === null || Number.isNaN(theirs) || ours === theirs) return
        found.push({
          subject: `${cache.name} ${what}`,
          statements: [{ value: formatCount(ours), place: system.name }, { value: formatCount(theirs), place: `${file}:${head.line}` }]
        })
      }
      compare('allocated', cache.allocated, series.rows.activeObjects[row])
      compare('total', cache.total, series.rows.objects[row])
    }
  }
  return found
}
