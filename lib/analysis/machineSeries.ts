import type { ColumnTable } from 'arquero'
import { UsageError } from '../errors.js'
import { NamedColumn, NumberColumn } from '../table/columns.js'
import { numberOf, tableRows, textOf, timeOf, type ColumnReader, type TableRows } from '../table/tableRows.js'

/** One machine's caches over time. NaN is unknown. */
export interface MachineSeries {
  readonly host: string | null
  /** Its number in the table; where that has none, its time. */
  readonly snapshots: readonly number[]
  /** Milliseconds since 1970. */
  readonly times: Float64Array
  /** Whether nothing but the times of files dates the snapshots. */
  readonly datedByFiles: boolean
  /** Seconds since boot. */
  readonly uptimes: Float64Array
  readonly caches: readonly CacheSeries[]
}

export interface CacheSeries {
  readonly name: string
  /** Memory at each snapshot: 0 where a complete list does not show the cache, NaN where nothing is known. */
  readonly bytes: Float64Array
  /** Objects in use at its last snapshot, null where unknown. */
  readonly objects: number | null
  /** Bytes of one slab, NaN where unknown. */
  readonly slabBytes: number
  /** Distance between its objects, NaN where unknown. */
  readonly objectBytes: number
  /** Whether an OOM report lists it, which leaves reclaimable caches out. */
  readonly unreclaimable: boolean
  /** Caches of control groups that are counted in: `name(12:group)` of kernels before 5.9. */
  readonly groups: number
}

/** `kmalloc-32(123:session.scope)`: the cache of one control group (mm/slab_common.c until Linux 5.8). */
const groupSuffix = /\(\d+:[^)]*\)$/

/** The cache that a control group's cache belongs to; the name itself for all others. */
export function rootCacheName(name: string): string {
  return name.replace(groupSuffix, '')
}

/**
 * A table of snapshots as the series of one machine, in the order the snapshots were taken. Rows of one name in a snapshot are added up,
 * caches of control groups to their root cache. The table needs `cache` and `bytes`, and `snapshot` or `time` to tell snapshots apart; `host`,
 * `uptime`, `timeFrom`, `activeObjects`, `slabs` and `complete` count where it has them.
 *
 * @throws UsageError where a column is missing, or several machines are there and none is chosen by `host`
 */
export function machineSeries(table: ColumnTable, host?: string): MachineSeries {
  const rows = tableRows(table)
  const { moments, momentOf } = momentsOf(table, rows, host)
  const { names, groups, cacheOf } = cachesOf(table, rows)
  const values = numberValues(table, rows, 'bytes')
  const unlisted = Float64Array.from(moments, ({ complete }) => (complete ? 0 : NaN))
  const bytes = names.map(() => unlisted.slice())
  /** The last snapshot that listed each cache. */
  const lastListed = new Int32Array(names.length).fill(-1)
  /** The snapshot of the row before of the same cache: a second row of a name adds to the first. */
  const filled = new Int32Array(names.length).fill(-1)
  for (let row = 0; row < rows.count; row++) {
    const moment = momentOf[row]
    if (moment < 0) continue
    const cache = cacheOf[row]
    const series = bytes[cache]
    series[moment] = filled[cache] === moment ? series[moment] + values[row] : values[row]
    filled[cache] = moment
    if (moment > lastListed[cache]) lastListed[cache] = moment
  }
  const details = lastDetails(table, rows, lastListed, momentOf, cacheOf)
  const last = moments.length - 1
  return {
    host: moments[0]?.host ?? null,
    snapshots: moments.map(({ key }) => key),
    times: Float64Array.from(moments, ({ time }) => time),
    datedByFiles: moments.every(({ timeFrom }) => timeFrom === 'mtime'),
    uptimes: Float64Array.from(moments, ({ uptime }) => uptime),
    caches: names.map((name, i) => ({
      name, bytes: bytes[i], slabBytes: details.slabBytes[i], objectBytes: details.objectBytes[i], groups: groups[i].size, unreclaimable: details.unreclaimable[i] === 1,
      // A cache that is gone at the end has no objects any more.
      objects: lastListed[i] < last && moments[last].complete ? 0 : Number.isNaN(details.objects[i]) ? null : details.objects[i]
    }))
  }
}

/** What the rows of each cache's last snapshot say besides its bytes; NaN is unknown. */
function lastDetails(
  table: ColumnTable, rows: TableRows, lastListed: Int32Array, momentOf: Int32Array, cacheOf: Int32Array
): { objects: Float64Array; slabBytes: Float64Array; objectBytes: Float64Array; unreclaimable: Uint8Array } {
  const [bytesAt, slabsAt, objectBytesAt, objectsAt] = ['bytes', 'slabs', 'objectBytes', rows.names.includes('activeObjects') ? 'activeObjects' : 'objects']
    .map((name) => optional(rows, name))
  const [objects, slabBytes, objectBytes] = Array.from({ length: 3 }, () => new Float64Array(lastListed.length).fill(NaN))
  const listedBy = optional(rows, 'listedBy')
  const unreclaimable = new Uint8Array(lastListed.length)
  const seen = new Uint8Array(lastListed.length)
  for (let row = 0; row < rows.count; row++) {
    const cache = cacheOf[row]
    if (momentOf[row] < 0 || momentOf[row] !== lastListed[cache]) continue
    const count = numberOf(objectsAt(row)) ?? NaN
    objects[cache] = seen[cache] === 1 ? objects[cache] + count : count
    seen[cache] = 1
    if (listedBy(row) === 'oom') unreclaimable[cache] = 1
    const slabs = numberOf(slabsAt(row))
    if (slabs !== null && slabs > 0) slabBytes[cache] = (numberOf(bytesAt(row)) ?? NaN) / slabs
    objectBytes[cache] = numberOf(objectBytesAt(row)) ?? NaN
  }
  return { objects, slabBytes, objectBytes, unreclaimable }
}

/** A number column in the table's order, NaN where unknown: the column's own array where rows are as they lie. */
function numberValues(table: ColumnTable, rows: TableRows, name: string): Float64Array {
  const read = rows.column(name)
  const column: unknown = table.column(name)
  const asTheyLie = column instanceof NumberColumn && !table.isFiltered() && !table.isOrdered() ? column : undefined
  if (asTheyLie?.values instanceof Float64Array) return asTheyLie.values
  const values = new Float64Array(rows.count)
  if (asTheyLie === undefined) {
    for (let row = 0; row < values.length; row++) values[row] = numberOf(read(row)) ?? NaN
    return values
  }
  values.set(asTheyLie.values)
  if (Number.isNaN(asTheyLie.unknown)) return values
  for (let row = 0; row < values.length; row++) if (values[row] === asTheyLie.unknown) values[row] = NaN
  return values
}

interface Moment {
  readonly key: number
  readonly time: number
  readonly timeFrom: unknown
  readonly uptime: number
  readonly host: string | null
  readonly complete: boolean
}

function optional(rows: TableRows, name: string): ColumnReader {
  return rows.names.includes(name) ? rows.column(name) : () => null
}

/** The snapshots of one machine in order, and for each row its snapshot; -1 for rows of other machines. */
function momentsOf(table: ColumnTable, rows: TableRows, wanted: string | undefined): { moments: Moment[]; momentOf: Int32Array } {
  const [timeAt, fromAt, uptimeAt, hostAt, completeAt] = ['time', 'timeFrom', 'uptime', 'host', 'complete'].map((name) => optional(rows, name))
  const times = rows.names.includes('snapshot') ? undefined : rows.column('time')
  const keys = times === undefined ? numberValues(table, rows, 'snapshot') : Float64Array.from({ length: rows.count }, (_, row) => timeOf(times(row)) ?? NaN)
  const found: Moment[] = []
  const index = new Map<number, number>()
  const momentOf = new Int32Array(rows.count)
  let previous = NaN
  let current = -1
  for (let row = 0; row < rows.count; row++) {
    const key = keys[row]
    // Rows of a snapshot mostly stand together: one look-up for all of them.
    if (key !== previous) {
      previous = key
      current = index.get(key) ?? -1
      if (current < 0) {
        const host = (hostAt(row) as string | null) ?? null
        const time = timeOf(timeAt(row)) ?? NaN
        current = found.push({ key, time, timeFrom: fromAt(row), uptime: numberOf(uptimeAt(row)) ?? NaN, host, complete: completeAt(row) !== false }) - 1
        index.set(key, current)
      }
    }
    momentOf[row] = current
  }
  const chosen = [...found.keys()].filter((i) => wanted === undefined || found[i].host === wanted).sort((a, b) => found[a].key - found[b].key)
  const hosts = new Set(chosen.map((i) => found[i].host))
  if (wanted !== undefined && hosts.size === 0) throw new UsageError(`no snapshot of a machine named ${wanted}`)
  if (hosts.size > 1) {
    throw new UsageError(`snapshots of ${hosts.size} machines (${[...hosts].map((host) => host ?? 'unnamed').join(', ')}): choose one by its host`)
  }
  const place = new Int32Array(found.length).fill(-1)
  chosen.forEach((i, at) => { place[i] = at })
  for (let row = 0; row < rows.count; row++) momentOf[row] = place[momentOf[row]]
  return { moments: chosen.map((i) => found[i]), momentOf }
}

/** The caches, control groups folded into their root caches, and for each row its cache. */
function cachesOf(table: ColumnTable, rows: TableRows): { names: string[]; groups: Set<string>[]; cacheOf: Int32Array } {
  const keyAt = rows.key('cache')
  const nameAt = rows.column('cache')
  const names: string[] = []
  const groups: Set<string>[] = []
  const byName = new Map<string, number>()
  const byKey = new Map<unknown, number>()
  const cacheOf = new Int32Array(rows.count)
  const column: unknown = table.column('cache')
  const index = column instanceof NamedColumn && !table.isFiltered() && !table.isOrdered() ? column.index : undefined
  const known = new Int32Array(column instanceof NamedColumn ? column.names.length : 0).fill(-1)
  for (let row = 0; row < rows.count; row++) {
    if (index !== undefined) {
      const found = known[index[row]]
      if (found >= 0) {
        cacheOf[row] = found
        continue
      }
    }
    const key = keyAt(row)
    let cache = byKey.get(key)
    if (cache === undefined) {
      const full = textOf(nameAt(row))
      const name = rootCacheName(full)
      cache = byName.get(name) ?? names.push(name) - 1
      byName.set(name, cache)
      groups[cache] ??= new Set()
      if (name !== full) groups[cache].add(full)
      byKey.set(key, cache)
    }
    if (index !== undefined) known[index[row]] = cache
    cacheOf[row] = cache
  }
  return { names, groups, cacheOf }
}
