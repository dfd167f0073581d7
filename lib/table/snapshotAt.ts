import { escape, type ColumnTable } from 'arquero'
import { UsageError } from '../errors.js'
import { formatTime } from '../util/time.js'
import { numberOf, tableRows, timeOf } from './tableRows.js'

/** Which snapshot of a series: the first, the last, by number as in the column `snapshot`, or the one at a time (the last not after it). */
export type SnapshotChoice = 'first' | 'last' | number | Date

/**
 * One snapshot of a table of many.
 *
 * @throws UsageError where the table has no such snapshot
 * @example snapshotAt(snapshots, 'last').numRows() // as many as there are caches
 */
export function snapshotAt(snapshots: ColumnTable, choice: SnapshotChoice): ColumnTable {
  const rows = tableRows(snapshots)
  const name = rows.names.includes('snapshot') ? 'snapshot' : 'time'
  const keyAt = rows.column(name)
  const timeAt = rows.names.includes('time') ? rows.column('time') : () => null
  const times = new Map<number, number | null>()
  for (let row = 0; row < rows.count; row++) {
    const key = timeOf(keyAt(row))
    if (key !== null && !times.has(key)) times.set(key, timeOf(timeAt(row)))
  }
  const keys = [...times.keys()].sort((a, b) => a - b)
  const chosen = chosenKey(keys, times, choice)
  return snapshots.filter(escape((row: Record<string, unknown>) => timeOf(row[name]) === chosen)).reify()
}

function chosenKey(keys: readonly number[], times: ReadonlyMap<number, number | null>, choice: SnapshotChoice): number {
  if (keys.length === 0) throw new UsageError('no snapshot in the table')
  if (choice === 'first') return keys[0]
  if (choice === 'last') return keys[keys.length - 1]
  if (typeof choice === 'number') {
    if (!keys.includes(choice)) throw new UsageError(`no snapshot ${choice}: there are ${keys[0]} to ${keys[keys.length - 1]}`)
    return choice
  }
  const before = keys.filter((key) => (numberOf(times.get(key)) ?? Infinity) <= choice.getTime())
  if (before.length === 0) throw new UsageError(`no snapshot at or before ${formatTime(choice.getTime())}`)
  return before[before.length - 1]
}
