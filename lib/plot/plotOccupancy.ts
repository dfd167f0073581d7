import type { ColumnTable } from 'arquero'
import { counted, formatCount } from '../util/units.js'
import { ink, palette, specification, type PlotSpecification } from './specification.js'
import { slabOccupancy } from './slabOccupancy.js'
import { countTicks } from './ticks.js'

export interface OccupancyPlotOptions {
  /** Only the slabs of this cache. Default: of all caches in the table. */
  readonly cache?: string
}

/** Slabs with no object in use, ten classes of partial ones, and full ones. */
const classes = ['none', '< 10', '10+', '20+', '30+', '40+', '50+', '60+', '70+', '80+', '90+', 'all']
const height = 260
/** The count of the highest bar stands above it. */
const labelRoom = 1.06

/**
 * Occupancy of slabs: how many slabs have none, some or all of their slots in use. Memory held by few objects in many slabs
 * cannot be given back: slabs to the left of the middle are fragmentation, a leak fills them to the right.
 * `objects` is a table of `cache`, `slab` and `state` that lists free slots as well.
 *
 * @example plotOccupancy(table({ cache: ['a', 'a'], slab: ['0x1000', '0x1000'], state: ['allocated', 'free'] }))
 */
export function plotOccupancy(objects: ColumnTable, options: OccupancyPlotOptions = {}): PlotSpecification {
  const { slots, used, unknown } = slabOccupancy(objects, options.cache)
  const counts = new Array<number>(classes.length).fill(0)
  for (let slab = 0; slab < slots.length; slab++) counts[classOf(used[slab], slots[slab])]++
  const values = classes.map((name, i) => ({
    used: name, slabs: counts[i], kind: i === 0 ? 'none' : i === classes.length - 1 ? 'all' : 'some',
    label: counts[i] === 0 ? '' : formatCount(counts[i])
  }))
  const ticks = countTicks(0, Math.max(1, ...counts) * labelRoom)
  const allSlots = slots.reduce((sum, count) => sum + count, 0)
  const allUsed = used.reduce((sum, count) => sum + count, 0)
  const of = options.cache ?? 'all caches'
  return specification({
    title: headline(counts, slots.length, of),
    subtitle: `slabs of ${of} by the share of their slots in use; ${formatCount(allUsed)} of ${formatCount(allSlots)} slots in use` +
      (unknown === 0 ? '' : `, not counting ${counted(unknown, 'slab')} whose objects are unknown`),
    height,
    values,
    encoding: { x: {
      field: 'used', type: 'nominal', sort: [...classes], title: 'slots in use, in per cent of a slab',
      axis: { grid: false, labelAngle: 0 }, scale: { paddingInner: 0.12, paddingOuter: 0.06 }
    } },
    layer: [
      {
        mark: { type: 'bar' },
        encoding: {
          y: {
            field: 'slabs', type: 'quantitative', title: null, scale: { domain: ticks.domain, nice: false },
            axis: { values: ticks.values, labelExpr: `datum.value === 0 ? '0' : ${ticks.labelExpr} + ' slabs'` }
          },
          color: {
            field: 'kind', type: 'nominal', legend: null,
            scale: { domain: ['none', 'some', 'all'], range: [palette.light, palette.sky, palette.blue] }
          },
          tooltip: [{ field: 'used', title: 'slots in use' }, { field: 'slabs', type: 'quantitative', format: ',d' }]
        }
      },
      {
        mark: { type: 'text', baseline: 'bottom', dy: -4, color: ink.text },
        encoding: { y: { field: 'slabs', type: 'quantitative' }, text: { field: 'label' } }
      }
    ]
  })
}

function classOf(used: number, slots: number): number {
  if (used === 0) return 0
  if (used >= slots) return classes.length - 1
  return 1 + Math.floor(used / slots * 10)
}

function headline(counts: readonly number[], slabs: number, of: string): string {
  if (slabs === 0) return `no slabs of ${of}`
  const full = counts[counts.length - 1]
  const sparse = counts.slice(1, 6).reduce((sum, count) => sum + count, 0)
  if (full * 2 >= slabs) return `${formatCount(full)} of ${formatCount(slabs)} slabs of ${of} are full`
  if (sparse > 0) return `${formatCount(sparse)} of ${formatCount(slabs)} slabs of ${of} are held by less than half of their slots`
  return `${formatCount(slabs - full - counts[0])} of ${formatCount(slabs)} slabs of ${of} are partly used`
}
