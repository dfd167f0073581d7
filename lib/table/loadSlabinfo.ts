import type { ColumnTable } from 'arquero'
import { SlablabError } from '../errors.js'
import { expandPaths } from '../source/glob.js'
import type { MemoryReading } from '../source/meminfo.js'
import { readSnapshotFiles, type SnapshotFile } from '../source/snapshotFiles.js'
import type { EvidenceFile } from '../system/system.js'
import { Warnings } from '../warnings.js'
import { memoryReadings, snapshotsTable } from './snapshots.js'

export interface LoadOptions {
  /**
   * Takes what could not be read, and what could be read is returned all the same. Without it, a file that can't be read, or not to
   * its end, throws; single damaged rows and a snapshot torn by a kill are left out.
   */
  readonly warnings?: Warnings
  /** Bytes of text read so far. */
  readonly onProgress?: (bytes: number) => void
  readonly signal?: AbortSignal
}

/** Evidence of machines over time. */
export interface Series {
  /** Columns as {@link loadSlabinfo} documents them. */
  readonly snapshots: ColumnTable
  /** What /proc/meminfo and `free` said, in order of time. */
  readonly memory: readonly MemoryReading[]
  readonly files: readonly EvidenceFile[]
  /** Whether caches of similar size were merged; null where nothing says. */
  readonly merging: boolean | null
  /** Whether something could not be read. */
  readonly partial: boolean
}

/**
 * Loads snapshots of slab caches as one tidy table: `/proc/slabinfo` of any version, plain or compressed, one or many snapshots a file,
 * `slabtop -o`, OOM reports in kernel logs, folders, globs, sos reports unpacked or packed.
 *
 * One row for each cache at each moment: `snapshot` (number, from 0), `time` (milliseconds since 1970), `timeFrom` (file, name or mtime),
 * `uptime` (seconds), `host`, `cache`, `activeObjects`, `objects`, `objectBytes` (slabinfo's objsize: the distance between objects),
 * `objectsPerSlab`, `pagesPerSlab`, `slabs`, `bytes`, `file`. Unknown is null. Format: Linux mm/slab_common.c.
 *
 * @throws FormatError for a file without snapshots, and for one that is damaged unless `warnings` takes it
 * @example
 * const snapshots = await loadSlabinfo('datasets/seq-operations/*.slabinfo')
 * snapshots.objects() // [{ snapshot: 0, time: …, cache: 'kmalloc-128', activeObjects: 22726, objects: 24096, slabs: 753, … }, …]
 */
export async function loadSlabinfo(paths: string | readonly string[], options: LoadOptions = {}): Promise<ColumnTable> {
  return (await loadSeries(paths, options)).snapshots
}

/**
 * {@link loadSlabinfo} with what stood beside the snapshots: memory readings, and the files that were read.
 *
 * @example (await loadSeries('sosreport-web1.tar.xz')).memory[0].unreclaimableBytes // 12025856
 */
export async function loadSeries(paths: string | readonly string[], options: LoadOptions = {}): Promise<Series> {
  const warnings = options.warnings ?? new Warnings()
  const files: SnapshotFile[] = []
  let failure: Error | undefined
  let partial = false
  let bytes = 0
  const failed = (error: Error): void => {
    if (options.warnings === undefined) throw error
    partial = true
    failure ??= error
    warnings.add(error.message)
  }
  const fileOptions = {
    problem: failed,
    onBytes: (count: number) => options.onProgress?.(bytes += count),
    ...(options.signal === undefined ? {} : { signal: options.signal })
  }
  for (const pattern of typeof paths === 'string' ? [paths] : paths) {
    const found = expandPaths(pattern)
    if (found.length === 0) failed(new SlablabError(`${pattern}: no file matches`))
    for (const path of found) {
      try {
        files.push(...await readSnapshotFiles(path, fileOptions))
      } catch (error) {
        options.signal?.throwIfAborted()
        failed(error as Error)
      }
    }
  }
  if (files.length === 0) throw failure ?? new SlablabError('no files to read')
  for (const { series } of files) {
    for (const problem of series.problems) {
      partial = true
      warnings.add(problem)
    }
  }
  const merging = files.find((file) => file.merging !== null)?.merging ?? null
  return {
    snapshots: snapshotsTable(files),
    memory: memoryReadings(files),
    files: files.map((file) => ({ file: file.path, bytes: file.bytes })),
    merging,
    partial
  }
}
