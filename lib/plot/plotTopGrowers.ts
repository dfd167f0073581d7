import type { ColumnTable } from 'arquero'
import { numberOf, tableRows, textOf } from '../table/tableRows.js'
import { counted, formatBytes } from '../util/units.js'
import { barAxis, rowHeight, rowNames } from './barRows.js'
import { ink, palette, specification, type PlotSpecification } from './specification.js'
import { byteTicks } from './ticks.js'

const verdictColours = { growing: palette.vermillion, unknown: palette.orange, steady: palette.grey }

/**
 * Top growers: the rate of each cache in bytes per hour with its confidence interval, coloured by verdict.
 * `growth` is a table of `cache`, `verdict`, `bytesPerHour`, `low` and `high`; caches whose rate is unknown are counted, not drawn.
 *
 * @example plotTopGrowers(table({ cache: ['kmalloc-128'], verdict: ['growing'], bytesPerHour: [3e6], low: [2.5e6], high: [3.5e6] }))
 */
export function plotTopGrowers(growth: ColumnTable, options: { readonly top?: number } = {}): PlotSpecification {
  const { count, column } = tableRows(growth)
  const [cache, verdict, rate, low, high] = ['cache', 'verdict', 'bytesPerHour', 'low', 'high'].map(column)
  const all = Array.from({ length: count }, (_, row) => ({
    cache: textOf(cache(row)), verdict: textOf(verdict(row)), rate: numberOf(rate(row)), low: numberOf(low(row)), high: numberOf(high(row))
  }))
  const known = all.filter((one): one is typeof one & { rate: number } => one.rate !== null && one.rate > 0).sort((a, b) => b.rate - a.rate)
  const shown = known.slice(0, options.top ?? 10)
  const names = rowNames(shown.map((one) => one.cache))
  const values = shown.map((one, i) => ({ ...one, cache: names[i], label: `${formatBytes(one.rate)}/h` }))
  const extent = values.flatMap((one) => [one.rate, one.low ?? 0, one.high ?? 0])
  const ticks = byteTicks(Math.min(0, ...extent), Math.max(1, ...extent), '/h')
  const growing = all.filter((one) => one.verdict === 'growing').sort((a, b) => (b.rate ?? -Infinity) - (a.rate ?? -Infinity))
  const unknown = all.filter((one) => one.rate === null).length

  const verdicts = Object.keys(verdictColours).filter((name) => values.some((one) => one.verdict === name)) as (keyof typeof verdictColours)[]
  return specification({
    title: headline(growing.map((one) => one.cache), growing[0]?.rate ?? null),
    subtitle: `rate in bytes per hour of whole slabs, with its 95 % confidence interval; ${shown.length} of ${counted(count, 'cache')}` +
      (unknown === 0 ? '' : `, ${unknown} of unknown rate`),
    height: Math.max(1, values.length) * rowHeight,
    values,
    encoding: { y: barAxis(names) },
    layer: [
      {
        mark: { type: 'bar' },
        encoding: {
          x: {
            field: 'rate', type: 'quantitative', title: null, scale: { domain: ticks.domain, nice: false },
            axis: { values: ticks.values, labelExpr: ticks.labelExpr }
          },
          color: {
            field: 'verdict', type: 'nominal',
            scale: { domain: verdicts, range: verdicts.map((name) => verdictColours[name]) }
          },
          tooltip: [{ field: 'cache' }, { field: 'verdict' }, {
            field: 'rate', type: 'quantitative', format: ',.0f', title: 'bytes/h'
          },
            { field: 'low', type: 'quantitative', format: ',.0f' }, { field: 'high', type: 'quantitative', format: ',.0f' }]
        }
      },
      {
        transform: [{ filter: 'isValid(datum.low) && isValid(datum.high)' }],
        mark: { type: 'rule', color: ink.title, strokeWidth: 1.5 },
        encoding: { x: { field: 'low', type: 'quantitative' }, x2: { field: 'high' } }
      },
      {
        transform: [{ calculate: 'max(datum.rate, isValid(datum.high) ? datum.high : datum.rate)', as: 'end' }],
        mark: { type: 'text', align: 'left', baseline: 'middle', dx: 6 },
        encoding: { x: { field: 'end', type: 'quantitative' }, text: { field: 'label' } }
      }
    ]
  })
}

function headline(growing: readonly string[], rate: number | null): string {
  if (growing.length === 0) return 'no cache is growing'
  const first = `${growing[0]} grows${rate === null ? '' : ` by ${formatBytes(rate)} an hour`}`
  return growing.length === 1 ? first : `${first}, and ${growing.length === 2 ? growing[1] : `${growing.length - 1} more caches`} grow${growing.length === 2 ? 's' : ''} too`
}
