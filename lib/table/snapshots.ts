import type { ColumnTable } from 'arquero'
import type { MemoryReading } from '../source/meminfo.js'
import type { SnapshotFile } from '../source/snapshotFiles.js'
import { UNKNOWN_COUNT, type SnapshotRows } from '../source/snapshotSeries.js'
import { describedTable, NamedColumn, NumberColumn, type ColumnValues } from './columns.js'
import { naturalOrder } from '../util/naturalOrder.js'
import { snapshotTimes, type SnapshotTime } from './snapshotTimes.js'

/** One snapshot's place in its file. */
interface PlacedSnapshot extends SnapshotTime {
  readonly file: SnapshotFile
  readonly head: SnapshotFile['series']['heads'][number]
  readonly host: string | null
}

/**
 * Snapshots of one or many files as one tidy table, one row for each cache at each moment, in the order the snapshots were taken:
 * `snapshot, time, timeFrom, uptime, host, cache, activeObjects, objects, objectBytes, objectsPerSlab, pagesPerSlab, slabs, bytes, file`.
 * `time` is milliseconds since 1970; `bytes` is slabs × pages per slab × page size (of an OOM report, objects × object size).
 */
export function snapshotsTable(files: readonly SnapshotFile[]): ColumnTable {
  const placed = inOrder(files)
  const length = placed.reduce((sum, { head }) => sum + head.rows, 0)
  const names = new NameIndex()
  const snapshot = new Uint32Array(length)
  const cache = new Uint32Array(length)
  const alone = files.length === 1 && placed.every(({ head }, i) => head.firstRow === (i === 0 ? 0 : placed[i - 1].head.firstRow + placed[i - 1].head.rows))
  const rows: Omit<SnapshotRows, 'length' | 'cache'> = alone ? files[0].series.rows : emptyRows(length)
  const renamed = new Map(files.map((file) => [file, Uint32Array.from(file.series.caches, (name) => names.of(name))]))
  let at = 0
  placed.forEach(({ file: { series }, head, file }, i) => {
    const { firstRow, rows: count } = head
    const ids = renamed.get(file)!
    snapshot.fill(i, at, at + count)
    for (let row = 0; row < count; row++) cache[at + row] = ids[series.rows.cache[firstRow + row]]
    if (!alone) copyRows(series.rows, firstRow, count, rows, at)
    at += count
  })
  const each = <T>(value: (snapshot: PlacedSnapshot) => T): ColumnValues => new SnapshotColumn(placed.map(value), snapshot)
  return describedTable({
    snapshot: new NumberColumn(snapshot),
    time: each(({ time }) => time),
    timeFrom: each(({ timeFrom }) => timeFrom),
    uptime: each(({ uptime }) => uptime),
    host: each(({ host }) => host),
    cache: new NamedColumn(names.names, cache),
    activeObjects: new NumberColumn(rows.activeObjects),
    objects: new NumberColumn(rows.objects),
    objectBytes: new NumberColumn(rows.objectBytes, UNKNOWN_COUNT),
    objectsPerSlab: new NumberColumn(rows.objectsPerSlab, UNKNOWN_COUNT),
    pagesPerSlab: new NumberColumn(rows.pagesPerSlab, UNKNOWN_COUNT),
    slabs: new NumberColumn(rows.slabs, UNKNOWN_COUNT),
    bytes: new NumberColumn(rows.bytes),
    file: each(({ file }) => file.path),
    complete: each(({ head }) => head.complete),
    listedBy: each(({ head }) => head.from)
  })
}

/** Readings of the machines' memory, each with its time and host as the snapshots of its file have them, in order of time. */
export function memoryReadings(files: readonly SnapshotFile[]): MemoryReading[] {
  const readings = files.flatMap((file) => {
    const times = snapshotTimes(file)
    const host = hostOf(file)
    const [only] = times.length === 1 ? times : []
    return file.series.memory.map((reading): MemoryReading => ({
      ...reading,
      time: reading.time ?? only?.time ?? file.time ?? file.modified,
      uptime: reading.uptime ?? only?.uptime ?? file.uptime,
      host: reading.host ?? host
    }))
  })
  return readings.sort((a, b) => (a.time ?? 0) - (b.time ?? 0))
}

/** A value that all rows of a snapshot share. */
class SnapshotColumn<T> implements ColumnValues {
  constructor(readonly values: readonly T[], readonly snapshot: Uint32Array) {}

  get length(): number {
    return this.snapshot.length
  }

  at(row: number): T | null {
    return this.values[this.snapshot[row]] ?? null
  }

  *[Symbol.iterator](): Iterator<T | null> {
    for (let row = 0; row < this.length; row++) yield this.at(row)
  }
}

class NameIndex {
  readonly names: string[] = []
  readonly #index = new Map<string, number>()

  of(name: string): number {
    let index = this.#index.get(name)
    if (index === undefined) {
      index = this.names.push(name) - 1
      this.#index.set(name, index)
    }
    return index
  }
}

/**
 * All snapshots in the order they were taken. Within a file that is the file's order, whatever its clock says; files follow each other by
 * their first time, else by name, and are merged by time only where they overlap.
 */
function inOrder(files: readonly SnapshotFile[]): PlacedSnapshot[] {
  const groups = files.map((file) => {
    const host = hostOf(file)
    const times = snapshotTimes(file)
    const snapshots = file.series.heads.map((head, i): PlacedSnapshot => ({ file, head, host: head.host ?? host, ...times[i] }))
    const known = snapshots.flatMap(({ time }) => time ?? [])
    return { path: file.path, snapshots, first: known[0] ?? Infinity, last: known[known.length - 1] ?? Infinity }
  }).filter(({ snapshots }) => snapshots.length > 0)
  groups.sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : naturalOrder(a.path, b.path)))
  const snapshots = groups.flatMap((group) => group.snapshots)
  const overlap = groups.some(({ first }, i) => i > 0 && first < groups[i - 1].last)
  if (overlap && snapshots.every(({ time }) => time !== null)) snapshots.sort((a, b) => a.time! - b.time!)
  return snapshots
}

/** The one machine a file is of, where it names one. */
function hostOf({ host, series }: SnapshotFile): string | null {
  const named = new Set(series.heads.flatMap((head) => head.host ?? []))
  return host ?? (named.size === 1 ? [...named][0] : null)
}

function emptyRows(length: number): Omit<SnapshotRows, 'length' | 'cache'> {
  return {
    activeObjects: new Float64Array(length), objects: new Float64Array(length), objectBytes: new Uint32Array(length),
    objectsPerSlab: new Uint32Array(length), pagesPerSlab: new Uint32Array(length), slabs: new Uint32Array(length), bytes: new Float64Array(length)
  }
}

function copyRows(from: SnapshotRows, first: number, count: number, to: Omit<SnapshotRows, 'length' | 'cache'>, at: number): void {
  const end = first + count
  to.activeObjects.set(from.activeObjects.subarray(first, end), at)
  to.objects.set(from.objects.subarray(first, end), at)
  to.objectBytes.set(from.objectBytes.subarray(first, end), at)
  to.objectsPerSlab.set(from.objectsPerSlab.subarray(first, end), at)
  to.pagesPerSlab.set(from.pagesPerSlab.subarray(first, end), at)
  to.slabs.set(from.slabs.subarray(first, end), at)
  to.bytes.set(from.bytes.subarray(first, end), at)
}
