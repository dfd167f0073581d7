import type { ColumnTable } from 'arquero'
import { UsageError } from '../errors.js'
import { numberOf, tableRows, textOf, timeOf } from '../table/tableRows.js'

/** One line of the growth plot. */
export interface Series {
  readonly name: string
  /** All caches that have no line of their own. */
  readonly rest: boolean
  /** Time and bytes, in order of time. */
  readonly points: readonly (readonly [number, number])[]
  readonly first: number
  /** Last minus first. */
  readonly change: number
}

export interface GrowthSeries {
  readonly series: Series[]
  /** The different times, ascending; numbers of snapshots where no time is known. */
  readonly times: number[]
  readonly timed: boolean
  /** Caches in the table. */
  readonly all: number
}

/** More points than this on a line only make the plot slow. */
const mostPoints = 400
/** A cache whose change is below this share of the largest has no line of its own: it could not be told from zero. */
const leastChange = 0.02

/** Reads the snapshots table once and keeps the lines to draw, thinned so that their shape stays. */
export function growthSeries(snapshots: ColumnTable, chosen: readonly string[] | undefined, top: number): GrowthSeries {
  const { rows, times, timed } = readRows(snapshots)
  const byName = new Map<string, Map<number, number>>()
  for (const { name, time, bytes } of rows) {
    let points = byName.get(name)
    if (points === undefined) byName.set(name, points = new Map<number, number>())
    // A cache that stands twice in one snapshot (memory cgroups) counts with both.
    points.set(time, (points.get(time) ?? 0) + bytes)
  }
  const lines = [...byName].map(([name, points]) => toSeries(name, points, times, chosen === undefined))
  if (chosen !== undefined) {
    const series = lines.filter(({ name }) => chosen.some((cache) => name === cache || name.startsWith(`${cache} on `)))
    if (series.length === 0) throw new UsageError(`no cache named ${chosen.join(' or ')} in the snapshots`)
    return { series: series.map(thinned), times, timed, all: lines.length }
  }
  lines.sort((a, b) => b.change - a.change || (a.name < b.name ? -1 : 1))
  const worth = lines.filter(({ change }, i) => i < top && (i === 0 || change >= lines[0].change * leastChange)).length
  const series = lines.slice(0, worth)
  const others = lines.slice(worth)
  if (others.length > 0) series.push(sum(`${others.length} other${others.length === 1 ? '' : 's'}`, others, times))
  return { series: series.map(thinned), times, timed, all: lines.length }
}

interface Row { name: string, time: number, bytes: number }

function readRows(snapshots: ColumnTable): { rows: Row[], times: number[], timed: boolean } {
  const { count, names, column } = tableRows(snapshots)
  const cacheAt = column('cache')
  const bytesAt = column('bytes')
  const hostAt = names.includes('host') ? column('host') : () => null
  const clockAt = names.includes('time') ? column('time') : () => null
  let timed = true
  const hosts = new Set<unknown>()
  for (let row = 0; row < count; row++) {
    hosts.add(hostAt(row))
    if (timeOf(clockAt(row)) === null) timed = false
  }
  // Where a time is missing, the order of the snapshots is all that is known.
  const timeAt = timed ? clockAt : column('snapshot')
  const rows: Row[] = []
  const times = new Set<number>()
  for (let row = 0; row < count; row++) {
    const time = timeOf(timeAt(row))
    const bytes = numberOf(bytesAt(row))
    if (time === null || bytes === null) continue
    const cache = textOf(cacheAt(row))
    times.add(time)
    rows.push({ name: hosts.size > 1 ? `${cache} on ${textOf(hostAt(row), 'an unnamed host')}` : cache, time, bytes })
  }
  return { rows, times: [...times].sort((a, b) => a - b), timed }
}

/** A cache that is not in a snapshot holds nothing there, if changes are asked for: one that comes has grown from 0. */
function toSeries(name: string, points: Map<number, number>, times: readonly number[], absentIsZero: boolean): Series {
  const list: [number, number][] = []
  for (const time of times) {
    const bytes = points.get(time) ?? (absentIsZero ? 0 : undefined)
    if (bytes !== undefined) list.push([time, bytes])
  }
  return finished(name, false, list)
}

function finished(name: string, rest: boolean, points: [number, number][]): Series {
  const first = points[0]?.[1] ?? 0
  return { name, rest, points, first, change: (points[points.length - 1]?.[1] ?? 0) - first }
}

function sum(name: string, lines: readonly Series[], times: readonly number[]): Series {
  const totals = new Map(times.map((time) => [time, 0]))
  for (const { points } of lines) {
    for (const [time, bytes] of points) totals.set(time, totals.get(time)! + bytes)
  }
  return finished(name, true, [...totals])
}

/** Keeps the first, last, least and most of each stretch of a line, so that no peak is lost. */
function thinned(series: Series): Series {
  const { points } = series
  if (points.length <= mostPoints) return series
  const stretches = mostPoints / 4
  const kept: (readonly [number, number])[] = []
  for (let i = 0; i < stretches; i++) {
    const from = Math.floor(i * points.length / stretches)
    const to = Math.floor((i + 1) * points.length / stretches)
    let least = from
    let most = from
    for (let at = from; at < to; at++) {
      if (points[at][1] < points[least][1]) least = at
      if (points[at][1] > points[most][1]) most = at
    }
    for (const at of [...new Set([from, least, most, to - 1])].sort((a, b) => a - b)) kept.push(points[at])
  }
  return { ...series, points: kept }
}
