import type { ColumnTable } from 'arquero'
import { UsageError } from '../errors.js'
import { describedTable } from '../table/columns.js'
import { snapshotAt } from '../table/snapshotAt.js'
import { numberOf, tableRows, textOf } from '../table/tableRows.js'
import { rootCacheName } from './machineSeries.js'

export type CompareStatus = 'grown' | 'shrunk' | 'same' | 'new' | 'gone'

/** One cache before and after. Null is unknown. */
export interface CacheChange {
  readonly cache: string
  readonly beforeObjects: number | null
  readonly afterObjects: number | null
  readonly deltaObjects: number | null
  readonly deltaBytes: number | null
  /** Null where a list that is not complete leaves open whether the cache was there. */
  readonly status: CompareStatus | null
}

interface Counts { objects: number | null, bytes: number | null }
interface CacheList { readonly caches: ReadonlyMap<string, Counts>, readonly complete: boolean }

/**
 * What changed between two lists of caches, largest growth first: `cache, beforeObjects, afterObjects, deltaObjects, deltaBytes, status`.
 * Objects are those in use; bytes those of slabs. A table of snapshots stands for its last snapshot; given alone, its first and last are
 * compared. Tables of a dump's caches compare alike. Caches of control groups count with their own.
 *
 * @throws UsageError for a table without `cache`, or one alone that has no two snapshots
 * @example
 * compare(await loadSlabinfo('healthy.slabinfo'), await loadSlabinfo('leaking.slabinfo')).objects()
 * // [{ cache: 'kmalloc-128', beforeObjects: 22726, afterObjects: 1767698, deltaObjects: 1744972, deltaBytes: 223563776, status: 'grown' }]
 */
export function compare(before: ColumnTable, after?: ColumnTable): ColumnTable {
  return changesTable(cacheChanges(before, after))
}

/** {@link compare} as plain objects. */
export function cacheChanges(before: ColumnTable, after?: ColumnTable): CacheChange[] {
  const [first, second] = after === undefined ? firstAndLast(before) : [lastList(before), lastList(after)]
  const names = new Set([...first.caches.keys(), ...second.caches.keys()])
  return [...names].map((cache) => changeOf(cache, first, second)).sort((a, b) =>
    (b.deltaBytes ?? 0) - (a.deltaBytes ?? 0) || (b.deltaObjects ?? 0) - (a.deltaObjects ?? 0) || (a.cache < b.cache ? -1 : 1))
}

/** A step of an experiment: what was done, and the caches after it. */
export interface ExperimentStep {
  readonly label: string
  readonly caches: ColumnTable
}

/**
 * What each step of an experiment changed: {@link compare} of each step with the one before, with the label of the later in the column
 * `step`.
 *
 * @throws UsageError for fewer than two steps
 * @example compareSteps([{ label: 'running', caches: a }, { label: 'service stopped', caches: b }])
 */
export function compareSteps(steps: readonly ExperimentStep[]): ColumnTable {
  if (steps.length < 2) throw new UsageError(`expected at least two steps to compare, got ${steps.length}`)
  const changes = steps.slice(1).map(({ label, caches }, i) => ({ label, rows: cacheChanges(steps[i].caches, caches) }))
  return changesTable(changes.flatMap(({ rows }) => rows), changes.flatMap(({ label, rows }) => rows.map(() => label)))
}

function changesTable(changes: readonly CacheChange[], steps?: readonly string[]): ColumnTable {
  return describedTable({
    ...(steps === undefined ? {} : { step: steps }),
    cache: changes.map(({ cache }) => cache),
    beforeObjects: changes.map(({ beforeObjects }) => beforeObjects),
    afterObjects: changes.map(({ afterObjects }) => afterObjects),
    deltaObjects: changes.map(({ deltaObjects }) => deltaObjects),
    deltaBytes: changes.map(({ deltaBytes }) => deltaBytes),
    status: changes.map(({ status }) => status)
  })
}

function changeOf(cache: string, first: CacheList, second: CacheList): CacheChange {
  const before = countsOf(cache, first)
  const after = countsOf(cache, second)
  const deltaObjects = difference(before.objects, after.objects)
  const deltaBytes = difference(before.bytes, after.bytes)
  return { cache, beforeObjects: before.objects, afterObjects: after.objects, deltaObjects, deltaBytes, status: statusOf(cache, first, second, deltaObjects, deltaBytes) }
}

const nothing: Counts = { objects: 0, bytes: 0 }
const unknown: Counts = { objects: null, bytes: null }

function countsOf(cache: string, { caches, complete }: CacheList): Counts {
  return caches.get(cache) ?? (complete ? nothing : unknown)
}

function statusOf(cache: string, first: CacheList, second: CacheList, deltaObjects: number | null, deltaBytes: number | null): CompareStatus | null {
  if (!first.caches.has(cache)) return first.complete ? 'new' : null
  if (!second.caches.has(cache)) return second.complete ? 'gone' : null
  const delta = deltaBytes === null || deltaBytes === 0 ? deltaObjects ?? deltaBytes : deltaBytes
  return delta === null ? null : delta > 0 ? 'grown' : delta < 0 ? 'shrunk' : 'same'
}

function difference(before: number | null, after: number | null): number | null {
  return before === null || after === null ? null : after - before
}

function isSeries(table: ColumnTable): boolean {
  const names = table.columnNames()
  return names.includes('snapshot') || names.includes('time')
}

function lastList(table: ColumnTable): CacheList {
  return listOf(isSeries(table) && table.numRows() > 0 ? snapshotAt(table, 'last') : table)
}

function firstAndLast(table: ColumnTable): [CacheList, CacheList] {
  if (!isSeries(table)) throw new UsageError('expected two lists of caches to compare, got one')
  const [first, last] = [snapshotAt(table, 'first'), snapshotAt(table, 'last')]
  const name = table.columnNames().includes('snapshot') ? 'snapshot' : 'time'
  if (first.get(name, 0) === last.get(name, 0)) throw new UsageError('expected two snapshots to compare, got one')
  return [listOf(first), listOf(last)]
}

function listOf(table: ColumnTable): CacheList {
  const rows = tableRows(table)
  const cacheAt = rows.column('cache')
  const objectsName = ['activeObjects', 'allocated', 'objects', 'total'].find((name) => rows.names.includes(name))
  const objectsAt = objectsName === undefined ? () => null : rows.column(objectsName)
  const bytesAt = rows.names.includes('bytes') ? rows.column('bytes') : () => null
  const completeAt = rows.names.includes('complete') ? rows.column('complete') : () => true
  const caches = new Map<string, Counts>()
  let complete = true
  for (let row = 0; row < rows.count; row++) {
    const name = rootCacheName(textOf(cacheAt(row)))
    const counts = { objects: numberOf(objectsAt(row)), bytes: numberOf(bytesAt(row)) }
    const same = caches.get(name)
    caches.set(name, same === undefined ? counts : { objects: sum(same.objects, counts.objects), bytes: sum(same.bytes, counts.bytes) })
    if (completeAt(row) === false) complete = false
  }
  return { caches, complete }
}

function sum(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b
}
