import { table, type ColumnTable } from 'arquero'
import { describe, expect, test } from 'vitest'
import { plotCompare, plotFragmentation, plotGrowth, plotOccupancy, plotSignatures, plotTopGrowers, renderSvg, renderText, UsageError } from '../../lib/index.js'
import { describedTable, IndexedAddressColumn, NamedColumn, NumberColumn } from '../../lib/table/columns.js'
import { growthSeries } from '../../lib/plot/growthSeries.js'

function tableOf(data: Record<string, unknown[]>): ColumnTable {
  return table(data)
}

interface Titled { title: { text: string[], subtitle: string[] } }
const titleOf = (plot: unknown): string => (plot as Titled).title.text.join(' ')
const subtitleOf = (plot: unknown): string => (plot as Titled).title.subtitle.join(' ')

const hostile = '<script>\u001b[2J\u202ex"'

describe('growth', () => {
  test('a cache that comes has grown from nothing, one that goes has shrunk to it', () => {
    const { series } = growthSeries(tableOf({ time: [0, 1, 0, 1], cache: ['old', 'new', 'still', 'still'], bytes: [4096, 8192, 1, 2] }), undefined, 5)
    expect(series.map(({ name, change }) => [name, change])).toEqual([['new', 8192], ['2 others', -4095]])
  })

  test('rows in any order, a cache twice in one snapshot, unknown bytes', () => {
    const { series, times } = growthSeries(tableOf({
      time: [2000, 1000, 2000, 3000, 1000], cache: ['a', 'a', 'a', 'a', 'a'], bytes: [10, 1, 5, null, 2]
    }), ['a'], 5)
    expect(times).toEqual([1000, 2000, 3000])
    expect(series[0].points).toEqual([[1000, 3], [2000, 15]])
  })

  test('of several hosts each has its lines, and no sum of different times', () => {
    const { series, all } = growthSeries(tableOf({
      time: [0, 1, 10, 11, 10, 11], host: ['a', 'a', null, null, null, null], cache: ['x', 'x', 'x', 'x', 'y', 'y'], bytes: [0, 100, 0, 200, 0, 1]
    }), undefined, 5)
    expect(series.map(({ name }) => name)).toEqual(['x on an unnamed host', 'x on a'])
    expect(all).toBe(3)
  })

  test('without times the number of the snapshot is the axis', () => {
    const plot = plotGrowth(tableOf({ time: [null, null], snapshot: [0, 1], cache: ['a', 'a'], bytes: [0, 4096] }))
    expect(titleOf(plot)).toBe('a grew by 4 KiB over 2 snapshots')
    expect(JSON.stringify(plot)).toContain('number of the snapshot')
  })

  test('dates are as good as milliseconds', () => {
    const plot = plotGrowth(tableOf({ time: [new Date(0), new Date(86_400_000 * 3)], cache: ['a', 'a'], bytes: [0, 4096] }))
    expect(titleOf(plot)).toBe('a grew by 4 KiB in 3 d')
  })

  test('a peak between many points is not lost', () => {
    const count = 50_000
    const { series } = growthSeries(tableOf({
      time: Array.from({ length: count }, (_, i) => i), cache: new Array<string>(count).fill('a'), bytes: Array.from({ length: count }, (_, i) => (i === 31_415 ? 1e6 : i))
    }), ['a'], 5)
    expect(series[0].points.length).toBeLessThanOrEqual(400)
    expect(Math.max(...series[0].points.map(([, bytes]) => bytes))).toBe(1e6)
    expect(series[0].points.at(-1)).toEqual([count - 1, count - 1])
  })

  test.each([
    [{ time: [0], cache: ['a'], bytes: [1] }, 'one moment: nothing to compare with'],
    [{ time: [0, 1], cache: ['a', 'a'], bytes: [2, 1] }, 'no cache grew in 0 s'],
    [{ time: [], cache: [], bytes: [] }, 'one moment: nothing to compare with']
  ])('%#: titles that claim nothing', async (data, title) => {
    const plot = plotGrowth(tableOf(data))
    expect(titleOf(plot)).toBe(title)
    await expect(renderSvg(plot)).resolves.toContain('<svg')
    await expect(renderText(plot)).resolves.toContain(title)
  })

  test('a cache or column that is not there', () => {
    expect(() => plotGrowth(tableOf({ time: [0], cache: ['a'], bytes: [1] }), { cache: 'b' })).toThrow(new UsageError('no cache named b in the snapshots'))
    expect(() => plotGrowth(tableOf({ time: [0], cache: ['a'] }))).toThrow(new UsageError('expected a table with a column bytes, got time, cache'))
  })
})

describe('top growers', () => {
  const growth = tableOf({
    cache: ['b', 'a', 'c', 'd'], verdict: ['growing', 'growing', 'steady', 'unknown'],
    bytesPerHour: [2e6, 3e6, -5e5, null], low: [1e6, 2.5e6, -6e5, null], high: [3e6, Infinity, -4e5, null]
  })

  test('the largest first; what shrinks or is unknown is not drawn', () => {
    const plot = plotTopGrowers(growth)
    expect(titleOf(plot)).toBe('a grows by 2.86 MiB an hour, and b grows too')
    expect(subtitleOf(plot)).toContain('2 of 4 caches, 1 of unknown rate')
    expect((plot.data as unknown as { values: { cache: string }[] }).values.map(({ cache }) => cache)).toEqual(['a', 'b'])
  })

  test('nothing grows', async () => {
    const plot = plotTopGrowers(tableOf({ cache: [], verdict: [], bytesPerHour: [], low: [], high: [] }))
    expect(titleOf(plot)).toBe('no cache is growing')
    await expect(renderText(plot)).resolves.toContain('no cache is growing')
  })
})

describe('compare', () => {
  test('gains and losses by size, unchanged ones counted', () => {
    const plot = plotCompare(tableOf({
      cache: ['same', 'lost', 'gained', 'fresh'], deltaBytes: [0, -8192, 40960, 4096], deltaObjects: [0, -1, 1000, null], status: ['same', 'shrunk', 'grown', 'new']
    }))
    expect(titleOf(plot)).toBe('gained gained 40 KiB: 91 % of all that was gained')
    expect(subtitleOf(plot)).toContain('3 of 4 caches differ')
    expect((plot.data as unknown as { values: { label: string }[] }).values.map(({ label }) => label))
      .toEqual(['+40 KiB  (+1,000 objects)', '−8 KiB  (−1 object)', '+4 KiB, new'])
  })

  test('nothing differs', () => {
    expect(titleOf(plotCompare(tableOf({ cache: ['a'], deltaBytes: [0], deltaObjects: [0], status: ['same'] })))).toBe('no cache differs')
  })
})

describe('signatures', () => {
  const words = (...symbols: (string | null)[]): unknown => symbols.map((symbol, i) => ({ offset: i * 8, class: symbol === null ? 'zero' : 'kernel text', value: null, symbol }))

  test('are named by type and symbols, by classes where there are none', () => {
    const plot = plotSignatures(tableOf({
      cache: ['a', 'a'], objects: [3, 1], share: [0.75, 0.25], bytes: [96, 32], words: [words('single_start+0x0', null, 'single_next'), words(null, null)],
      type: ['seq_operations', null]
    }))
    expect(titleOf(plot)).toBe('75 % of the objects in a are seq_operations')
    expect((plot.data as unknown as { values: { name: string }[] }).values.map(({ name }) => name)).toEqual(['seq_operations: single_start, single_next', 'zero ×2'])
  })

  test('groups of the same symbols are told apart by the word that differs', () => {
    const group = (first: string): unknown => [{ offset: 0, class: first }, { offset: 8, class: 'module text', symbol: 'show' }]
    const plot = plotSignatures(tableOf({ cache: ['a', 'a'], objects: [3, 1], share: [0.75, 0.25], bytes: [1, 1], words: [group('self pointer'), group('slab pointer')] }))
    expect((plot.data as unknown as { values: { name: string }[] }).values.map(({ name }) => name)).toEqual(['show, self pointer at 0', 'show, slab pointer at 0'])
  })

  test('smaller groups of several caches have no share: each is a part of another whole', () => {
    const plot = plotSignatures(tableOf({
      cache: ['a', 'b', 'c'], objects: [9, 8, 7], share: [1, 1, 1], bytes: [9, 8, 7], words: [words('f'), words('g'), words('h')]
    }), { top: 1 })
    const [, rest] = (plot.data as unknown as { values: { share: number | null, label: string }[] }).values
    expect(rest).toMatchObject({ share: null, label: '15 objects · 15 B' })
  })

  test('a share that is almost all is not all', () => {
    const plot = plotSignatures(tableOf({ cache: ['a', 'a'], objects: [999_999, 1], share: [0.999999, 0.000001], bytes: [1, 1], words: [words('f'), words('g')] }))
    expect((plot.data as unknown as { values: { label: string }[] }).values.map(({ label }) => label.split(' · ')[0])).toEqual(['> 99.9 %', '< 0.1 %'])
  })
})

describe('occupancy', () => {
  test('slabs by the share of slots in use; those of unknown state are only counted', () => {
    const plot = plotOccupancy(tableOf({
      cache: ['a', 'a', 'a', 'a', 'b', 'a'], slab: ['0x1', '0x1', '0x2', '0x2', '0x3', '0x4'], state: ['allocated', 'pending', 'allocated', 'cached', 'free', 'unknown']
    }), { cache: 'a' })
    expect(titleOf(plot)).toBe('1 of 2 slabs of a are full')
    expect(subtitleOf(plot)).toContain('3 of 4 slots in use, not counting 1 slab whose objects are unknown')
  })

  test('a cache that is not there', () => {
    expect(() => plotOccupancy(tableOf({ cache: ['a'], slab: ['0x1'], state: ['free'] }), { cache: 'b' })).toThrow(new UsageError('no objects of a cache named b in the table'))
  })
})

test('fragmentation counts what is not in use, and leaves out what is unknown', () => {
  const plot = plotFragmentation(tableOf({ cache: ['a', 'b', 'c'], bytes: [8192, 4096, null], allocated: [32, 0, 5], slotBytes: [128, 64, 32] }))
  expect(titleOf(plot)).toBe('8 KiB of 12 KiB of slab memory is not in use')
  expect(subtitleOf(plot)).toContain('2 of 3 caches, 1 empty or unknown')
})

test('a million rows of snapshots and 1.77 million objects become small specifications', () => {
  const snapshots = 5000
  const caches = 200
  const rows = snapshots * caches
  const plot = plotGrowth(describedTable({
    time: new NumberColumn(Float64Array.from({ length: rows }, (_, i) => 1.7e12 + Math.floor(i / caches) * 60_000)),
    cache: new NamedColumn(Array.from({ length: caches }, (_, i) => `cache-${i}`), Uint8Array.from({ length: rows }, (_, i) => i % caches)),
    bytes: new NumberColumn(Float64Array.from({ length: rows }, (_, i) => (i % caches) * 4096 * Math.floor(i / caches)))
  }))
  expect(JSON.stringify(plot).length).toBeLessThan(300_000)
  const count = 1_767_698
  const occupancy = plotOccupancy(describedTable({
    cache: new NamedColumn(['kmalloc-128'], new Uint8Array(count)),
    slab: new IndexedAddressColumn(BigUint64Array.from({ length: Math.ceil(count / 32) }, (_, i) => BigInt(i) * 4096n), Uint32Array.from({ length: count }, (_, i) => i >> 5)),
    state: new NamedColumn(['allocated', 'free'], new Uint8Array(count))
  }))
  expect(titleOf(occupancy)).toBe('55,241 of 55,241 slabs of all caches are full')
})

test.each(Object.entries({
  growth: () => plotGrowth(tableOf({ time: [0, 1000], cache: [hostile, hostile], bytes: [0, 4096] })),
  growers: () => plotTopGrowers(tableOf({ cache: [hostile], verdict: ['growing'], bytesPerHour: [1], low: [0], high: [2] })),
  compare: () => plotCompare(tableOf({ cache: [hostile], deltaBytes: [1], deltaObjects: [1], status: ['new'] })),
  signatures: () => plotSignatures(tableOf({ cache: [hostile], objects: [1], share: [1], bytes: [1], words: [[{ offset: 0, class: 'module text', symbol: hostile }]], type: [hostile] })),
  occupancy: () => plotOccupancy(tableOf({ cache: [hostile], slab: ['0x1'], state: ['free'] }), { cache: hostile }),
  fragmentation: () => plotFragmentation(tableOf({ cache: [hostile], bytes: [4096], allocated: [1], slotBytes: [64] }))
}))('%s keeps a hostile name as text', async (_name, plot) => {
  const svg = await renderSvg(plot())
  const text = await renderText(plot(), { colour: true })
  expect(svg).toContain('&lt;script&gt;\\x1b[2J\\u202ex')
  expect(svg.replace(/"[^"]*"/g, '')).not.toMatch(/<script/)
  expect(text).toContain('<script>\\x1b[2J\\u202ex')
  // Only our own colours are escape sequences.
  expect(text.replaceAll(/\u001b\[(0|1|38;5;\d+)m/g, '')).not.toMatch(/[\u001b\u202e]/)
})
