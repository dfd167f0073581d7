import type { ColumnTable } from 'arquero'
import { counted, formatBytes } from '../util/units.js'
import { visible } from '../util/visible.js'
import { growthSeries, type Series } from './growthSeries.js'
import { placeLabels } from './placeLabels.js'
import { ink, palette, specification, type PlotSpecification } from './specification.js'
import { byteTicks } from './ticks.js'
import { timeAxis } from './timeAxis.js'

export interface GrowthPlotOptions {
  /** Only these caches, with the bytes they hold. Default: the caches that grew most, with their change. */
  readonly cache?: string | readonly string[]
  /** Only this machine, where the table has several. */
  readonly host?: string
  /** How many caches get a line of their own. Default 5. */
  readonly top?: number
}

const height = 300
/** Points on the lines show where snapshots were taken, as long as they do not run together. */
const mostPoints = 40
/** A line of a terminal that draws this plot is as high. */
const labelGap = 20
const colours = [palette.vermillion, palette.blue, palette.green, palette.purple, palette.orange, palette.sky]

/**
 * Growth over time: a line for each of the caches that grew most, as the change of their slab memory in bytes since the first snapshot,
 * and one for all others together; or the slab memory of chosen caches.
 * `snapshots` is a table of `time`, `cache` and `bytes`, with `host` where there are several, and with `snapshot` where times are unknown.
 *
 * @example plotGrowth(table({ time: [0, 3600000], cache: ['kmalloc-128', 'kmalloc-128'], bytes: [4096, 1052672] }))
 */
export function plotGrowth(snapshots: ColumnTable, options: GrowthPlotOptions = {}): PlotSpecification {
  const chosen = options.cache === undefined ? undefined : [options.cache].flat()
  const { series, times, timed, all } = growthSeries(snapshots, chosen, options.top ?? 5, options.host)
  const absolute = chosen !== undefined
  const shown = series.map((one) => ({
    ...one, points: absolute ? one.points : one.points.map(([time, bytes]) => [time, bytes - one.first] as const)
  }))
  const extent = shown.flatMap(({ points }) => points.map(([, bytes]) => bytes))
  const ticks = byteTicks(Math.min(0, ...extent), Math.max(0, ...extent))
  const ends = placeLabels(
    shown.map(({ points }) => points[points.length - 1]?.[1] ?? 0), ticks.domain, height, labelGap
  )
  const name = (i: number): string => visible(shown[i].name)

  const values = shown.flatMap(({ points }, i) => points.map(([time, bytes]) => ({ series: name(i), time, bytes })))
  const labels = shown.map(({ points, change }, i) => ({
    series: name(i),
    time: points[points.length - 1]?.[0],
    at: ends[i],
    label: `${shorten(name(i))}  ${absolute ? formatBytes(points[points.length - 1]?.[1] ?? 0) : signedBytes(change)}`
  }))
  const axis = timeAxis(times, timed)
  const colour = {
    field: 'series', type: 'nominal' as const, legend: null,
    scale: {
      domain: shown.map((_, i) => name(i)),
      range: shown.map((one, i) => one.rest ? palette.grey : colours[i % colours.length])
    }
  }
  return specification({
    title: headline(series, times, timed, absolute),
    subtitle: absolute
      ? `slab memory of ${series.length === 1 ? 'the cache' : counted(series.length, 'cache')}, in bytes of whole slabs, ${counted(times.length, 'snapshot')}`
      : `change of slab memory since the first of ${counted(times.length, 'snapshot')}, in bytes of whole slabs, ${counted(all, 'cache')}`,
    height,
    values,
    encoding: { x: axis },
    layer: [
      {
        data: { values: [{ zero: 0 }] }, mark: { type: 'rule', color: ink.rule },
        encoding: { x: { value: 0 }, x2: { value: 'width' }, y: { datum: 0, type: 'quantitative' } }
      },
      {
        mark: {
          type: 'line', strokeWidth: 2, strokeJoin: 'round', interpolate: 'linear',
          point: times.length <= mostPoints ? { size: 22 } : false
        },
        encoding: {
          y: {
            field: 'bytes', type: 'quantitative', title: null, scale: { domain: ticks.domain, nice: false },
            axis: { values: ticks.values, labelExpr: ticks.labelExpr }
          },
          color: colour,
          detail: { field: 'series' },
          tooltip: [
            { field: 'series', title: 'cache' }, ...timeTooltip(timed),
            { field: 'bytes', type: 'quantitative', format: ',d', title: absolute ? 'bytes' : 'change in bytes' }
          ]
        }
      },
      {
        data: { values: labels },
        mark: { type: 'text', align: 'left', baseline: 'middle', dx: 10, fontSize: 12, fontWeight: 600, clip: false },
        encoding: { y: { field: 'at', type: 'quantitative' }, text: { field: 'label' }, color: colour }
      }
    ]
  })
}

function timeTooltip(timed: boolean): {
  field: string, type: 'temporal' | 'quantitative', format: string, title: string
}[] {
  return [timed
    ? { field: 'time', type: 'temporal', format: '%Y-%m-%d %H:%M:%S', title: 'time (UTC)' }
    : { field: 'time', type: 'quantitative', format: ',d', title: 'snapshot' }]
}

function headline(series: readonly Series[], times: readonly number[], timed: boolean, absolute: boolean): string {
  const most = series.filter(({ rest }) => !rest).sort((a, b) => b.change - a.change)[0]
  if (most === undefined || times.length < 2) return absolute ? `${series.map(({ name }) => name).join(', ')} at one moment` : 'one moment: nothing to compare with'
  const during = timed ? ` in ${duration(times[times.length - 1] - times[0])}` : ` over ${times.length} snapshots`
  if (most.change > 0) return `${most.name} grew by ${formatBytes(most.change)}${during}`
  return absolute ? `${most.name} did not grow${during}` : `no cache grew${during}`
}

/** A span of time with the two largest units that it fills. */
export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000)
  if (seconds < 120) return `${seconds} s`
  const units: [string, number][] = [['d', 86400], ['h', 3600], ['min', 60], ['s', 1]]
  const first = units.findIndex(([, length]) => seconds >= length)
  let rest = seconds
  return units.slice(first, first + 2).map(([unit, length]) => {
    const count = Math.floor(rest / length)
    rest -= count * length
    return count === 0 ? '' : `${count} ${unit}`
  }).filter((part) => part !== '').join(' ')
}

function signedBytes(bytes: number): string {
  return bytes > 0 ? `+${formatBytes(bytes)}` : formatBytes(bytes)
}

function shorten(name: string): string {
  return name.length > 30 ? `${name.slice(0, 29)}…` : name
}
