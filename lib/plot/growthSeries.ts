import type { ColumnTable } from 'arquero'
import { UsageError } from '../errors.js'
import { numberOf, tableRows, textOf, timeOf } from '../table/tableRows.js'
import { didYouMean } from '../util/nearNames.js'

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
  /** Caches in the table; of several hosts, each counts. */
  readonly all: number
}

/** One cache of one host while the table is read: ascending indexes into the host's times, and the bytes there. */
interface Line {
  readonly cache: string
  readonly host: Host
  readonly at: number[]
  readonly bytes: number[]
}

interface Host {
  readonly name: string | null
  readonly times: number[]
  /** Place of each time. */
  readonly index: Map<number, number>
  readonly lines: Map<unknown, Line>
}

/** More points than this on a line only make the plot slow. */
const mostPoints = 400
/** A cache whose change is below this share of the largest has no line of its own: it could not be told from zero. */
const leastChange = 0.02

/** Reads the snapshots table once and keeps the lines to draw, thinned so that their shape stays. */
export function growthSeries(snapshots: ColumnTable, chosen: readonly string[] | undefined, top: number, onlyHost?: string): GrowthSeries {
  const { hosts: found, timed } = readTable(snapshots)
  const hosts = onlyHost === undefined ? found : found.filter(({ name }) => name === onlyHost)
  if (onlyHost !== undefined && hosts.length === 0) {
    throw new UsageError(`no host named ${onlyHost} in the snapshots, which are of ${found.map(({ name }) => name ?? 'an unnamed host').join(', ') || 'none'}`)
  }
  const lines = hosts.flatMap((host) => [...host.lines.values()])
  const times = [...new Set(hosts.flatMap((host) => host.times))].sort((a, b) => a - b)
  const name = ({ cache, host }: Line): string => hosts.length > 1 ? `${cache} on ${host.name ?? 'an unnamed host'}` : cache
  if (chosen !== undefined) {
    const picked = lines.filter(({ cache }) => chosen.includes(cache))
    if (picked.length === 0) throw new UsageError(`no cache named ${chosen.join(' or ')} in the snapshots${didYouMean(chosen[0] ?? '', lines.map(({ cache }) => cache))}`)
    return { series: picked.map((line) => toSeries(name(line), pointsOf(line))), times, timed, all: lines.length }
  }
  // A cache that is not in a snapshot holds nothing there: one that comes has grown from 0.
  const ranked = lines.map((line) => ({ line, change: changeOf(line) }))
    .sort((a, b) => b.change - a.change || (a.line.cache < b.line.cache ? -1 : 1))
  const worth = ranked.filter(({ change }, i) => i < top && (i === 0 || change >= ranked[0].change * leastChange)).length
  const series = ranked.slice(0, worth).map(({ line }) => toSeries(name(line), filled(line)))
  const others = ranked.slice(worth).map(({ line }) => line)
  // Different hosts were seen at different times, so that there is no time at which to add them up.
  if (others.length > 0 && hosts.length === 1) series.push(toSeries(
    `${others.length} other${others.length === 1 ? '' : 's'}`, sum(others, hosts[0]), true
  ))
  return { series, times, timed, all: lines.length }
}

function readTable(snapshots: ColumnTable): { hosts: Host[], timed: boolean } {
  const { count, names, column, key } = tableRows(snapshots)
  const bytesAt = column('bytes')
  const cacheAt = column('cache')
  const cacheKey = key('cache')
  const hostAt = names.includes('host') ? column('host') : () => null
  const clockAt = names.includes('time') ? column('time') : () => null
  let timed = true
  for (let row = 0; timed && row < count; row++) timed = timeOf(clockAt(row)) !== null
  // Where a time is missing, the order of the snapshots is all that is known.
  const timeAt = timed ? clockAt : column('snapshot')

  const hosts = new Map<unknown, Host>()
  for (let row = 0, before: number | null = null, host: Host | undefined; row < count; row++) {
    const name = hostAt(row)
    const time = timeOf(timeAt(row))
    if (host !== undefined && time === before && host.name === name) continue
    before = time
    host = hosts.get(name)
    if (host === undefined) hosts.set(name, host = {
      name: name === null ? null : textOf(name), times: [], index: new Map(), lines: new Map()
    })
    if (time !== null && !host.index.has(time)) {
      host.index.set(time, 0)
      host.times.push(time)
    }
  }
  for (const { times, index } of hosts.values()) {
    times.sort((a, b) => a - b)
    times.forEach((time, i) => index.set(time, i))
  }
  const disordered = new Set<Line>()
  for (let row = 0; row < count; row++) {
    const time = timeOf(timeAt(row))
    const bytes = numberOf(bytesAt(row))
    if (time === null || bytes === null) continue
    const host = hosts.get(hostAt(row))!
    const place = host.index.get(time)!
    let line = host.lines.get(cacheKey(row))
    if (line === undefined) host.lines.set(
      cacheKey(row), line = { cache: textOf(cacheAt(row)), host, at: [], bytes: [] }
    )
    const last = line.at.length - 1
    // A cache that stands twice in one snapshot (memory cgroups) counts with both.
    if (line.at[last] === place) line.bytes[last] += bytes
    else {
      if (line.at[last] > place) disordered.add(line)
      line.at.push(place)
      line.bytes.push(bytes)
    }
  }
  for (const line of disordered) putInOrder(line)
  return { hosts: [...hosts.values()], timed }
}

function putInOrder({ at, bytes }: Line): void {
  const totals = new Map<number, number>()
  at.forEach((place, i) => totals.set(place, (totals.get(place) ?? 0) + bytes[i]))
  const sorted = [...totals].sort(([a], [b]) => a - b)
  at.splice(0, at.length, ...sorted.map(([place]) => place))
  bytes.splice(0, bytes.length, ...sorted.map(([, total]) => total))
}

function changeOf({ at, bytes, host }: Line): number {
  const last = at[at.length - 1] === host.times.length - 1 ? bytes[bytes.length - 1] : 0
  return last - (at[0] === 0 ? bytes[0] : 0)
}

type Point = readonly [number, number]

function pointsOf({ at, bytes, host }: Line): Point[] {
  return at.map((place, i) => [host.times[place], bytes[i]])
}

function filled(line: Line): Point[] {
  if (line.at.length === line.host.times.length) return pointsOf(line)
  const known = new Map(pointsOf(line))
  return line.host.times.map((time) => [time, known.get(time) ?? 0])
}

function sum(lines: readonly Line[], { times }: Host): Point[] {
  const totals = new Float64Array(times.length)
  for (const { at, bytes } of lines) {
    for (let i = 0; i < at.length; i++) totals[at[i]] += bytes[i]
  }
  return times.map((time, i) => [time, totals[i]])
}

function toSeries(name: string, points: Point[], rest = false): Series {
  const first = points[0]?.[1] ?? 0
  return { name, rest, points: thinned(points), first, change: (points[points.length - 1]?.[1] ?? 0) - first }
}

/** Keeps the first, last, least and most of each stretch of a line, so that no peak is lost. */
function thinned(points: readonly Point[]): readonly Point[] {
  if (points.length <= mostPoints) return points
  const stretches = mostPoints / 4
  const kept: Point[] = []
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
  return kept
}
