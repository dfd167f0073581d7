import type { ColumnTable } from 'arquero'
import { numberOf, tableRows, textOf } from '../table/tableRows.js'
import { counted, formatBytes, formatCount } from '../util/units.js'
import { barAxis, rowHeight, rowNames } from './barRows.js'
import { ink, palette, specification, type PlotSpecification } from './specification.js'
import { byteTicks } from './ticks.js'

/**
 * Compare: what each cache gained or lost between two moments, hosts or steps, in bytes of slab memory; the largest differences first.
 * `compared` is a table of `cache`, `deltaBytes`, `deltaObjects` and `status`.
 *
 * @example plotCompare(table({ cache: ['kmalloc-128'], deltaBytes: [223563776], deltaObjects: [1744972], status: ['changed'] }))
 */
export function plotCompare(compared: ColumnTable, options: { readonly top?: number } = {}): PlotSpecification {
  const { count, column } = tableRows(compared)
  const [cache, deltaBytes, deltaObjects, status] = ['cache', 'deltaBytes', 'deltaObjects', 'status'].map(column)
  const all = Array.from({ length: count }, (_, row) => ({
    cache: textOf(cache(row)), bytes: numberOf(deltaBytes(row)), objects: numberOf(deltaObjects(row)), status: textOf(status(row), '')
  }))
  const changed = all.filter((one): one is typeof one & { bytes: number } => one.bytes !== null && one.bytes !== 0)
    .sort((a, b) => Math.abs(b.bytes) - Math.abs(a.bytes))
  const shown = changed.slice(0, options.top ?? 12)
  const names = rowNames(shown.map((one) => one.cache))
  const values = shown.map((one, i) => ({
    ...one, cache: names[i], direction: one.bytes > 0 ? 'gained' : 'lost',
    label: `${delta(one.bytes, formatBytes)}${one.objects === null ? '' : `  (${delta(one.objects, formatCount)} ${Math.abs(one.objects) === 1 ? 'object' : 'objects'})`}` +
      (one.status === 'new' || one.status === 'gone' ? `, ${one.status}` : '')
  }))
  const ticks = byteTicks(
    Math.min(0, ...values.map((one) => one.bytes)), Math.max(0, ...values.map((one) => one.bytes))
  )
  const directions = ['gained', 'lost'].filter((direction) => values.some((one) => one.direction === direction))
  const x = {
    field: 'bytes', type: 'quantitative' as const, title: null, scale: { domain: ticks.domain, nice: false },
    axis: { values: ticks.values, labelExpr: ticks.labelExpr }
  }
  return specification({
    title: headline(changed, count),
    subtitle: `difference in slab memory, in bytes of whole slabs; ${formatCount(changed.length)} of ${counted(count, 'cache')} ${count === 1 ? 'differs' : 'differ'}` +
      (shown.length < changed.length ? `, the ${shown.length} largest shown` : ''),
    height: Math.max(1, values.length) * rowHeight,
    values,
    encoding: { y: barAxis(names) },
    layer: [
      {
        mark: { type: 'bar' },
        encoding: {
          x,
          color: {
            field: 'direction', type: 'nominal', legend: null,
            scale: {
              domain: directions,
              range: directions.map((direction) => direction === 'gained' ? palette.vermillion : palette.blue)
            }
          },
          tooltip: [
            { field: 'cache' }, { field: 'bytes', type: 'quantitative', format: '+,d' },
            { field: 'objects', type: 'quantitative', format: '+,d' }, { field: 'status' }
          ]
        }
      },
      {
        data: { values: [{ zero: 0 }] }, mark: { type: 'rule', color: ink.rule },
        encoding: { x: { datum: 0, type: 'quantitative' }, y: { value: 0 }, y2: { value: 'height' } }
      },
      ...[true, false].map((gained) => ({
        transform: [{ filter: gained ? 'datum.bytes > 0' : 'datum.bytes < 0' }],
        // Both stand to the right of zero's side of the bar's end that is free: names stand on the left.
        mark: { type: 'text' as const, align: 'left' as const, baseline: 'middle' as const, dx: 6 },
        encoding: {
          x: gained ? { field: 'bytes', type: 'quantitative' as const } : { datum: 0, type: 'quantitative' as const },
          text: { field: 'label' }
        }
      }))
    ]
  })
}

function delta(value: number, format: (value: number) => string): string {
  return value > 0 ? `+${format(value)}` : format(value).replace('-', '−')
}

function headline(changed: readonly { cache: string, bytes: number }[], count: number): string {
  if (changed.length === 0) return count === 0 ? 'no caches to compare' : 'no cache differs'
  const [first] = changed
  const gained = changed.filter(({ bytes }) => Math.sign(bytes) === Math.sign(first.bytes))
  const share = Math.abs(first.bytes) / gained.reduce((sum, { bytes }) => sum + Math.abs(bytes), 0)
  const of = gained.length < 2 ? '' : `: ${(share * 100).toFixed(share > 0.999 ? 1 : 0)} % of all that was ${first.bytes > 0 ? 'gained' : 'lost'}`
  return `${first.cache} ${first.bytes > 0 ? 'gained' : 'lost'} ${formatBytes(Math.abs(first.bytes))}${of}`
}
