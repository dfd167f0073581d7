import type { ColumnTable } from 'arquero'
import { numberOf, tableRows, textOf, type ColumnReader } from '../table/tableRows.js'
import { counted, formatBytes } from '../util/units.js'
import { barAxis, rowHeight, rowNames } from './barRows.js'
import { palette, specification, type PlotSpecification } from './specification.js'
import { byteTicks } from './ticks.js'

const parts = ['in use', 'not in use']

/**
 * Fragmentation: the slab memory of the largest caches, split into what objects in use take and what lies in free slots or between them.
 * `caches` is a table of `cache`, `bytes`, `allocated` and `slotBytes`, or of snapshots, of which the last counts.
 *
 * @example plotFragmentation(table({ cache: ['dentry'], bytes: [4096], allocated: [10], slotBytes: [192] }))
 */
export function plotFragmentation(caches: ColumnTable, options: { readonly top?: number } = {}): PlotSpecification {
  const { names: columns, count: rows, column } = tableRows(caches)
  // In snapshots two of the columns have slabinfo's own names.
  const series = columns.includes('snapshot') && !columns.includes('allocated')
  const [cache, bytes, allocated, slotBytes] = [
    'cache', 'bytes', series ? 'activeObjects' : 'allocated', series ? 'objectBytes' : 'slotBytes'
  ].map(column)
  const last = series ? lastSnapshot(column('snapshot'), rows) : () => true
  const all: { cache: string, bytes: number, used: number }[] = []
  let count = 0
  for (let row = 0; row < rows; row++) {
    if (!last(row)) continue
    count++
    const [held, objects, slot] = [bytes(row), allocated(row), slotBytes(row)].map(numberOf)
    if (held === null || objects === null || slot === null || held === 0) continue
    all.push({ cache: textOf(cache(row)), bytes: held, used: Math.min(held, objects * slot) })
  }
  const shown = [...all].sort((a, b) => b.bytes - a.bytes).slice(0, options.top ?? 12)
  const names = rowNames(shown.map((one) => one.cache))
  const values = shown.flatMap((one, i) => [
    { cache: names[i], part: parts[0], order: 0, bytes: one.used },
    { cache: names[i], part: parts[1], order: 1, bytes: one.bytes - one.used }
  ])
  const labels = shown.map((one, i) => ({
    cache: names[i], bytes: one.bytes,
    label: `${formatBytes(one.bytes)}, ${Math.round((1 - one.used / one.bytes) * 100)} % not in use`
  }))
  const ticks = byteTicks(0, Math.max(1, ...shown.map((one) => one.bytes)))
  const unused = all.reduce((sum, one) => sum + one.bytes - one.used, 0)
  const total = all.reduce((sum, one) => sum + one.bytes, 0)
  return specification({
    title: total === 0 ? 'no slab memory' : `${formatBytes(unused)} of ${formatBytes(total)} of slab memory is not in use`,
    subtitle: `slab memory in bytes: objects in use, and free slots with what lies between; ${shown.length} of ${counted(count, 'cache')}` +
      (all.length < count ? `, ${count - all.length} empty or unknown` : ''),
    height: Math.max(1, shown.length) * rowHeight,
    values,
    encoding: { y: barAxis(names) },
    layer: [
      {
        mark: { type: 'bar' },
        encoding: {
          x: {
            field: 'bytes', type: 'quantitative', stack: 'zero', title: null,
            scale: { domain: ticks.domain, nice: false }, axis: { values: ticks.values, labelExpr: ticks.labelExpr }
          },
          order: { field: 'order' },
          color: { field: 'part', type: 'nominal', scale: { domain: parts, range: [palette.blue, palette.light] } },
          tooltip: [{ field: 'cache' }, { field: 'part' }, { field: 'bytes', type: 'quantitative', format: ',d' }]
        }
      },
      {
        data: { values: labels },
        mark: { type: 'text', align: 'left', baseline: 'middle', dx: 6 },
        encoding: { x: { field: 'bytes', type: 'quantitative' }, text: { field: 'label' } }
      }
    ]
  })
}

function lastSnapshot(snapshot: ColumnReader, rows: number): (row: number) => boolean {
  let last = -Infinity
  for (let row = 0; row < rows; row++) last = Math.max(last, numberOf(snapshot(row)) ?? last)
  return (row) => snapshot(row) === last
}
