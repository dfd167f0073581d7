import { escape, type ColumnTable } from 'arquero'
import { describe, expect, test } from 'vitest'
import { growth, type GrowthOptions } from '../../lib/analysis/growth.js'
import { emptyReading } from '../../lib/source/meminfo.js'
import { loadSeries, loadSlabinfo } from '../../lib/table/loadSlabinfo.js'
import { describeEvidence, evidence } from '../evidence.js'
import { firstTime, noise, random, snapshots } from '../builders/snapshots.js'

interface GrowthRow {
  cache: string; verdict: string; reason: string; bytesPerHour: number | null; low: number | null; high: number | null
  objects: number | null; bytes: number | null; reclaimable: boolean | null
}

const rowsOf = (table: ColumnTable, options?: GrowthOptions): GrowthRow[] => growth(table, options).objects() as GrowthRow[]
const rowOf = (table: ColumnTable, cache: string, options?: GrowthOptions): GrowthRow => rowsOf(table, options).find((row) => row.cache === cache)!
const accused = (table: ColumnTable): string[] => rowsOf(table).filter(({ verdict }) => verdict === 'growing').map(({ cache }) => cache)

const perSlab = 4096
/** Flat neighbours, so that a machine has more than one cache. */
const neighbours = { dentry: () => 500, filp: () => 40, 'kmalloc-64': () => 100, task_struct: () => 64, vmap_area: () => 12 }

describe('a leak', () => {
  test('is growing, with its rate and interval, worst first', () => {
    const rows = rowsOf(snapshots({ ...neighbours, 'kmalloc-128': (i) => 100 + 10 * i, 'kmalloc-96': (i) => 100 + 3 * i }, 30))
    expect(rows.map(({ cache, verdict }) => `${cache} ${verdict}`).slice(0, 3)).toEqual(['kmalloc-128 growing', 'kmalloc-96 growing', 'dentry steady'])
    expect(rows[0]).toMatchObject({
      bytesPerHour: 600 * perSlab, low: 600 * perSlab, high: 600 * perSlab, objects: 390 * 32, bytes: 390 * perSlab, reclaimable: false,
      reason: 'grew 1.13 MiB in 27 min, 77 % of the whole growth'
    })
  })

  test('in noise: the interval holds the rate', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const jitter = noise(seed)
      const row = rowOf(snapshots({ ...neighbours, leak: (i) => 1000 + 4 * i + 20 * jitter() }, 120), 'leak')
      expect(row.verdict, row.reason).toBe('growing')
      expect(row.low).toBeLessThan(240 * perSlab)
      expect(row.high).toBeGreaterThan(240 * perSlab)
      expect(row.bytesPerHour! / (240 * perSlab)).toBeCloseTo(1, 0)
    }
  })

  test('that stopped without falling back stays growing, and says when', () => {
    const row = rowOf(snapshots({ ...neighbours, leak: (i) => 10 + 20 * Math.min(i, 20) }, 30), 'leak')
    expect(row).toMatchObject({ verdict: 'growing', reason: 'grew 1.56 MiB in 18 min, 100 % of the whole growth; stopped at 2026-11-23 00:20:00Z' })
    expect(row.bytesPerHour).toBeCloseTo(1200 * perSlab, -3)
  })

  test('that began late', () => {
    const row = rowOf(snapshots({ ...neighbours, leak: (i) => 50 + 20 * Math.max(0, i - 200) }, 220), 'leak')
    expect(row).toMatchObject({ verdict: 'growing' })
    expect(row.bytesPerHour).toBeCloseTo(1200 * perSlab, -3)
  })

  test('with a spike of load in between, and with one at the end', () => {
    const spike = (at: number) => (i: number): number => 100 + 10 * i + (i === at || i === at + 1 ? 2000 : 0)
    expect(accused(snapshots({ ...neighbours, middle: spike(30), end: spike(58) }, 60))).toEqual(['end', 'middle'])
  })

  test('at uneven intervals', () => {
    const minutes = [0, 1, 2, 3, 60, 61, 62, 300, 301, 302, 303, 304]
    const row = rowOf(snapshots({ ...neighbours, leak: (i) => 100 + 2 * minutes[i] }, 12, { time: (i) => firstTime + minutes[i] * 60_000 }), 'leak')
    expect(row.verdict).toBe('growing')
    expect(row.bytesPerHour).toBeCloseTo(120 * perSlab, 6)
  })

  test('in a cache that appears with its module', () => {
    expect(accused(snapshots({ ...neighbours, module_cache: (i) => (i < 10 ? null : 5 + 8 * (i - 10)) }, 40))).toEqual(['module_cache'])
  })

  test('in caches of control groups is counted with their own', () => {
    const table = snapshots({ ...neighbours, 'kmalloc-32': () => 50, 'kmalloc-32(7:web)': (i) => 5 * i, 'kmalloc-32(9:db)': (i) => (i < 20 ? 3 * i : null) }, 40)
    const row = rowOf(table, 'kmalloc-32')
    expect(row).toMatchObject({ verdict: 'growing', bytes: (50 + 5 * 39) * perSlab })
    expect(row.reason).toMatch(/with 2 caches of control groups$/)
  })

  test('without times has no rate, but grows', () => {
    const row = rowOf(snapshots({ ...neighbours, leak: (i) => 10 + 5 * i }, 20, { time: () => null }), 'leak')
    expect(row).toMatchObject({ verdict: 'growing', bytesPerHour: null, low: null, high: null })
    expect(row.reason).toBe('grew 380 KiB over 20 snapshots, 100 % of the whole growth; no rate: the snapshots have no times')
  })
})

describe('the clock', () => {
  test.each([0, 0.18, 40])('files that were unpacked %d ms after each other have no rate', (gap) => {
    const taken = (timeFrom: 'file' | 'mtime'): GrowthRow => rowOf(snapshots({ ...neighbours, leak: (i) => 10 + 5 * i }, 20, { time: (i) => firstTime + i * gap, timeFrom }), 'leak')
    expect(taken('mtime')).toMatchObject({ verdict: 'growing', bytesPerHour: null, low: null, high: null })
    // What the files say themselves is believed.
    if (gap > 0) expect(taken('file').bytesPerHour).toBeGreaterThan(0)
  })

  const leak = { ...neighbours, leak: (i: number) => 10 + 5 * i }
  const rate = 300 * perSlab

  test('set back, or forward and back, changes no rate', () => {
    const back = snapshots(leak, 30, { time: (i) => firstTime + (i - (i >= 15 ? 600 : 0)) * 60_000 })
    const there = snapshots(leak, 30, { time: (i) => firstTime + (i + (i >= 10 && i < 20 ? 50_000 : 0)) * 60_000 })
    for (const table of [back, there]) {
      expect(rowOf(table, 'leak')).toMatchObject({ verdict: 'growing' })
      expect(rowOf(table, 'leak').bytesPerHour).toBeCloseTo(rate, 0)
    }
  })

  test('set forward for good is seen where the uptime is known', () => {
    const table = snapshots(leak, 30, { time: (i) => (i >= 5 ? firstTime + i * 60_000 : i * 60_000), uptime: (i) => 12.5 + 60 * i })
    expect(rowOf(table, 'leak').bytesPerHour).toBeCloseTo(rate, 6)
  })
})

describe('reboots', () => {
  const uptime = (i: number): number => 30.5 + 60 * (i % 40)

  test('a leak that starts anew after each is growing', () => {
    const table = snapshots({ ...neighbours, leak: (i) => 10 + 7 * (i % 40) }, 120, { uptime })
    const row = rowOf(table, 'leak')
    expect(row).toMatchObject({ verdict: 'growing' })
    expect(row.bytesPerHour).toBeCloseTo(420 * perSlab, 6)
    expect(row.reason).toMatch(/^grew 3\.\d+ MiB/)
  })

  test('are seen without an uptime when most caches fall at once', () => {
    const boot = (rest: number, speed: number) => (i: number): number => rest + speed * (i % 40)
    const table = snapshots({ a: boot(5, 0.5), b: boot(4, 0.3), c: boot(9, 0.5), d: boot(2, 0.2), e: boot(1, 0.1), f: () => 5, leak: boot(10, 30) }, 120)
    expect(accused(table)).toEqual(['leak'])
  })

  test('a leak cut short by one is remembered until a boot of its length shows none', () => {
    const table = (after: number): ColumnTable => snapshots({ ...neighbours, leak: (i) => (i < 40 ? 10 + 7 * i : 10) }, 40 + after, { uptime: (i) => (i < 40 ? 1.5 + 60 * i : 1.5 + 60 * (i - 40)) })
    expect(rowOf(table(10), 'leak')).toMatchObject({ verdict: 'growing' })
    expect(rowOf(table(10), 'leak').reason).toMatch(/until the machine booted again$/)
    expect(rowOf(table(60), 'leak')).toMatchObject({ verdict: 'steady', reason: 'no growth' })
  })

  test('the warm-up after each accuses nobody', () => {
    const warm = (level: number) => (i: number): number => level * (1 - 0.6 * Math.exp(-(i % 100) / 1.5))
    const table = snapshots({ a: warm(500), b: warm(90), c: warm(3000), d: () => 10 }, 300, { uptime: (i) => 1.5 + 60 * (i % 100) })
    expect(accused(table)).toEqual([])
  })
})

describe('daily cycles', () => {
  const cycle = (i: number): number => 1000 + 300 * Math.sin((2 * Math.PI * i) / 24)

  test('accuse nobody, wherever the series ends', () => {
    for (let hours = 30; hours < 200; hours += 7) expect(accused(snapshots({ ...neighbours, busy: cycle }, hours, { minutes: 60 })), `${hours} h`).toEqual([])
  })

  test('do not hide a leak smaller than they are', () => {
    for (let hours = 72; hours < 200; hours += 11) {
      const row = rowOf(snapshots({ ...neighbours, busy: (i) => cycle(i) + 4 * i }, hours, { minutes: 60 }), 'busy')
      expect(row.verdict, `${hours} h: ${row.reason}`).toBe('growing')
      expect(row.bytesPerHour! / (4 * perSlab)).toBeCloseTo(1, 1)
    }
  })
})

describe('what is no leak', () => {
  test('a warm-up that stopped early in a series ten times as long is steady', () => {
    const table = (count: number): ColumnTable => snapshots({ ...neighbours, warm: (i) => 10 + 20 * Math.min(i, 10) }, count)
    expect(rowOf(table(60), 'warm')).toMatchObject({ verdict: 'growing' })
    expect(rowOf(table(102), 'warm')).toMatchObject({ verdict: 'steady' })
    expect(rowOf(table(102), 'warm').reason).toMatch(/^warm-up: grew 800 KiB in 10 min, 100 % of the whole growth, stopped at 2026-11-23 00:10:00Z, early in the series$/)
  })

  test('growth below the threshold is steady; the threshold is an option', () => {
    const table = snapshots({ ...neighbours, large: (i) => 10 + 100 * i, small: (i) => 10 + 5 * i }, 30)
    expect(rowOf(table, 'small')).toMatchObject({ verdict: 'steady', reason: 'grew 580 KiB, below the threshold of 10 % of the whole growth (11.9 MiB)' })
    expect(rowOf(table, 'small', { threshold: 0.01 })).toMatchObject({ verdict: 'growing' })
    expect(rowOf(table, 'large', { threshold: 0.99 })).toMatchObject({ verdict: 'steady' })
    expect(() => growth(table, { threshold: 10 })).toThrow('expected the threshold to be between 0 and 1, got 10')
  })

  test('what was given back: all, half, a fifth', () => {
    const rises = (back: number) => (i: number): number => (i < 20 ? 10 + 20 * i : 10 + 400 * (1 - back))
    const row = (back: number): GrowthRow => rowOf(snapshots({ ...neighbours, cache: rises(back) }, 30), 'cache')
    expect(row(1)).toMatchObject({ verdict: 'steady' })
    expect(row(0.6)).toMatchObject({ verdict: 'steady', reason: 'rose and gave 800 KiB back' })
    expect(row(0.2)).toMatchObject({ verdict: 'unknown', reason: 'grew 1.25 MiB in 16 min, and gave 160 KiB back: too little to tell' })
  })

  test('a cache that goes, a cache that comes with all it has', () => {
    const table = snapshots({ ...neighbours, going: (i) => (i < 10 ? 900 : null), coming: (i) => (i < 10 ? null : 300) }, 30)
    expect(rowOf(table, 'going')).toMatchObject({ verdict: 'steady', reason: 'gone', objects: 0, bytes: 0 })
    expect(rowOf(table, 'coming')).toMatchObject({ verdict: 'unknown', reason: 'rose by 1.17 MiB, most of it at once: too little to tell' })
  })

  test('memory that changed its cache is no growth, and does not hide any', () => {
    const table = snapshots({
      ...neighbours, merged: (i) => (i < 15 ? 4000 : null), taker: (i) => (i < 15 ? 100 : 4100), leak: (i) => 10 + 5 * i,
      split: (i) => (i < 10 ? null : 3000), giver: (i) => (i < 10 ? 3500 : 500)
    }, 30, { objectBytes: { merged: 192, taker: 192, split: 320, giver: 320 } })
    expect(accused(table)).toEqual(['leak'])
    expect(rowOf(table, 'taker')).toMatchObject({ verdict: 'steady' })
    expect(rowOf(table, 'split')).toMatchObject({ verdict: 'steady' })
  })

  test('too little to tell is unknown', () => {
    expect(rowOf(snapshots({ leak: (i) => 10 + 100 * i }, 2), 'leak')).toMatchObject({
      verdict: 'unknown', reason: '2 snapshots, 5 are needed to tell, 400 KiB more at the end', low: null, high: null })
    expect(rowOf(snapshots({ leak: () => 10 }, 1), 'leak')).toMatchObject({ verdict: 'unknown', reason: '1 snapshot, 5 are needed to tell', bytesPerHour: null })
    expect(rowOf(snapshots({ ...neighbours, leak: (i) => 10 + i / 8 }, 30), 'leak')).toMatchObject({ verdict: 'unknown' })
    expect(rowOf(snapshots({ ...neighbours, up: (i) => 1000 + [0, 90, 20, 100, 10, 120, 40, 130, 60, 150][i % 10] + i }, 12), 'up').verdict).not.toBe('growing')
  })

  test('reclaimable caches are told where names or memory readings leave no doubt', () => {
    const grows = (i: number): number => 100 + 10 * i
    const table = snapshots({ dentry: grows, 'kmalloc-128': grows, 'kmalloc-rcl-64': grows, my_cache: (i) => 5 * grows(i) }, 30)
    expect(rowsOf(table).map(({ cache, reclaimable }) => [cache, reclaimable])).toEqual([['my_cache', null], ['kmalloc-128', false], ['dentry', true], ['kmalloc-rcl-64', true]])
    expect(rowOf(table, 'dentry').reason).toMatch(/; reclaimable: the kernel can take it back, so growth alone is no leak$/)
    const memory = [{ ...emptyReading('meminfo'), reclaimableBytes: 1 << 20, unreclaimableBytes: 1 << 30 }]
    expect(rowOf(table, 'my_cache', { memory })).toMatchObject({ reclaimable: false })
    const turned = [{ ...emptyReading('meminfo'), reclaimableBytes: 1 << 30, unreclaimableBytes: 1 << 20 }]
    expect(rowOf(table, 'my_cache', { memory: turned })).toMatchObject({ reclaimable: true })
  })

  test('reclaimable growth that hides another is said', () => {
    const table = snapshots({ ...neighbours, dentry: (i) => 100 + 200 * i, leak: (i) => 10 + 10 * i }, 30)
    expect(rowOf(table, 'leak')).toMatchObject({ verdict: 'steady' })
    expect(rowOf(table, 'leak').reason).toMatch(/; 100 % of the growth that is not reclaimable$/)
  })
})

describe('healthy machines accuse nobody', () => {
  type Kind = (next: () => number, jitter: () => number) => (i: number) => number
  const kinds: Kind[] = [
    (next) => { const level = 5 + 5000 * next(); return () => level },
    (next, jitter) => { const level = 50 + 5000 * next(); return () => level * (1 + 0.03 * jitter()) },
    (next, jitter) => { const level = 50 + 5000 * next(); let off = 0; return () => level * (1 + (off = 0.9 * off + 0.005 * jitter())) },
    (next) => { const level = 50 + 2000 * next(); const period = 3 + Math.floor(5 * next()); return (i) => level * (1 + 0.2 * ((i % period) / period)) }
  ]
  const warmUp: Kind = (next, jitter) => { const level = 50 + 3000 * next(); return (i) => level * (1 - 0.5 * Math.exp(-i)) + jitter() }
  test.each([12, 30, 100, 400])('%i snapshots', (count) => {
    for (let seed = 1; seed <= 6; seed++) {
      const next = random(seed)
      const jitter = noise(seed + 1000)
      // A warm-up is known as one only where the series is ten times as long.
      const all = count < 100 ? kinds : [...kinds, warmUp]
      const caches = Object.fromEntries(Array.from({ length: 60 }, (_, c) => [`cache-${c}`, all[c % all.length](next, jitter)]))
      expect(accused(snapshots(caches, count)), `seed ${seed}`).toEqual([])
    }
  })
})

describe('tables', () => {
  const caches = { ...neighbours, leak: (i: number) => 10 + 5 * i }

  test('filtered, reordered and plain ones give the same', () => {
    const table = snapshots(caches, 20)
    const expected = rowsOf(table)
    expect(rowsOf(table.orderby('bytes'))).toEqual(expected)
    expect(rowsOf(snapshots(caches, 25).filter('d => d.snapshot < 20'))).toEqual(expected)
    expect(rowsOf(table.select('time', 'cache', 'bytes', 'slabs', 'activeObjects'))).toEqual(expected)
  })

  test('several machines: one has to be chosen', () => {
    const both = snapshots(caches, 20, { host: 'a' }).concat(snapshots(neighbours, 20, { host: 'b' }).derive({ snapshot: 'd => d.snapshot + 20' }))
    expect(() => growth(both)).toThrow('snapshots of 2 machines (a, b): choose one by its host')
    expect(rowOf(both, 'leak', { host: 'a' })).toMatchObject({ verdict: 'growing' })
    expect(rowsOf(both, { host: 'b' }).every(({ verdict }) => verdict === 'steady')).toBe(true)
    expect(() => growth(both, { host: 'c' })).toThrow('no snapshot of a machine named c')
  })

  test('a missing column is named; bytes that nobody knows are unknown', () => {
    expect(() => growth(snapshots(caches, 3).select('cache', 'time'))).toThrow('expected a table with a column bytes')
    const unknown = snapshots(caches, 20).derive({ bytes: () => null })
    expect(rowOf(unknown, 'leak')).toMatchObject({ verdict: 'unknown', reason: 'its bytes are not shown', bytes: null })
  })

  test('1,000 caches at 500 snapshots end in time', () => {
    const next = random(5)
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, c) => [`cache-${c}`, (i: number) => 100 + c + (c === 7 ? i * 20 : 0) + 10 * next()]))
    const table = snapshots(many, 500)
    const start = process.cpuUsage()
    expect(accused(table)).toEqual(['cache-7'])
    const { user, system } = process.cpuUsage(start)
    expect((user + system) / 1e6).toBeLessThan(4)
  })
})

describeEvidence('the real series accuse the planted leaks and nobody else', () => {
  const planted: Readonly<Record<string, string[]>> = {
    'x86_64-slub': ['kmalloc-cg-32', 'kmalloc-96'], 'x86_64-slub-6.12': ['kmalloc-cg-32', 'kmalloc-96'],
    'x86_64-slub-debug': ['kmalloc-cg-32', 'kmalloc-96'], 'arm64-slab': ['kmalloc-128']
  }
  test.each(Object.keys(planted))('%s', async (folder) => {
    const table = await loadSlabinfo(evidence(folder, 'slabinfo-series.txt.gz'))
    expect(accused(table)).toEqual(planted[folder])
    const part = (from: number, to: number): string[] => accused(table.filter(escape((d: { snapshot: number }) => d.snapshot >= from && d.snapshot < to)))
    // Before and after the leak, and any window over it.
    expect(part(0, 4)).toEqual([])
    expect(part(25, 30)).toEqual([])
    for (let from = 0; from < 20; from += 4) {
      for (let to = from + 8; to <= 30; to += 4) for (const cache of part(from, to)) expect(planted[folder], `${from}…${to}`).toContain(cache)
    }
  })

  test('the reference case is two machines, which is too little to tell', async () => {
    const { snapshots: table } = await loadSeries(evidence('seq-operations', '*.slabinfo'))
    expect(rowsOf(table)).toMatchObject([{ cache: 'kmalloc-128', verdict: 'unknown', bytesPerHour: null }])
  })
})
