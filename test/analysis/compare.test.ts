import { describe, expect, test } from 'vitest'
import { table } from 'arquero'
import { compare, compareSteps } from '../../lib/analysis/compare.js'
import { memoryShare } from '../../lib/analysis/memoryShare.js'
import { mergeNote } from '../../lib/analysis/mergedCaches.js'
import { emptyReading } from '../../lib/source/meminfo.js'
import { loadSlabinfo } from '../../lib/table/loadSlabinfo.js'
import { snapshotAt } from '../../lib/table/snapshotAt.js'
import { firstTime, snapshots } from '../builders/snapshots.js'
import { describeEvidence, evidence } from '../evidence.js'

describe('compare', () => {
  test('deltas, new and gone caches, largest growth first', () => {
    const before = snapshots({ a: [10], b: [5], gone: [7], same: [3] }, 1)
    const after = snapshots({ a: [12], b: [1], new: [100], same: [3] }, 1)
    expect(compare(before, after).objects()).toEqual([
      { cache: 'new', beforeObjects: 0, afterObjects: 3200, deltaObjects: 3200, deltaBytes: 409_600, status: 'new' },
      { cache: 'a', beforeObjects: 320, afterObjects: 384, deltaObjects: 64, deltaBytes: 8192, status: 'grown' },
      { cache: 'same', beforeObjects: 96, afterObjects: 96, deltaObjects: 0, deltaBytes: 0, status: 'same' },
      { cache: 'b', beforeObjects: 160, afterObjects: 32, deltaObjects: -128, deltaBytes: -16_384, status: 'shrunk' },
      { cache: 'gone', beforeObjects: 224, afterObjects: 0, deltaObjects: -224, deltaBytes: -28_672, status: 'gone' }])
  })

  test('a series alone is compared first with last; a chosen time with another', () => {
    const series = snapshots({ a: (i) => 10 + i }, 5)
    expect(compare(series).objects()).toMatchObject([{ deltaObjects: 4 * 32 }])
    const at = (minutes: number): ReturnType<typeof snapshotAt> => snapshotAt(series, new Date(firstTime + minutes * 60_000))
    expect(compare(at(1), at(3.5)).objects()).toMatchObject([{ deltaObjects: 2 * 32 }])
    expect(compare(snapshotAt(series, 0), snapshotAt(series, 2)).objects()).toMatchObject([{ deltaObjects: 2 * 32 }])
    expect(() => compare(at(0))).toThrow('expected two snapshots to compare, got one')
    expect(() => at(-1)).toThrow('no snapshot at or before 2026-11-22 23:59:00Z')
    expect(() => snapshotAt(series, 9)).toThrow('no snapshot 9: there are 0 to 4')
    expect(() => snapshotAt(series.filter('d => false'), 'last')).toThrow('no snapshot in the table')
  })

  test('tables of a dump compare alike; objects are those in use', () => {
    const before = table({ cache: ['a'], address: ['0xffff888100042600'], allocated: [5], total: [64], bytes: [4096] })
    const after = table({ cache: ['a'], address: ['0xffff888100042600'], allocated: [9], total: [64], bytes: [4096] })
    expect(compare(before, after).objects()).toEqual([{ cache: 'a', beforeObjects: 5, afterObjects: 9, deltaObjects: 4, deltaBytes: 0, status: 'grown' }])
    expect(() => compare(before)).toThrow('expected two lists of caches to compare, got one')
    expect(() => compare(table({ name: [1] }), after)).toThrow('expected a table with a column cache')
  })

  test('what a cut list does not show is unknown, not gone', () => {
    const cut = snapshots({ a: [1] }, 1).derive({ complete: () => false })
    expect(compare(snapshots({ a: [1], b: [2] }, 1), cut).objects()).toMatchObject([
      { cache: 'a', status: 'same' }, { cache: 'b', beforeObjects: 64, afterObjects: null, deltaObjects: null, deltaBytes: null, status: null }])
  })

  test('control groups count with their own cache', () => {
    expect(compare(snapshots({ 'kmalloc-32': [1], 'kmalloc-32(7:web)': [2] }, 1), snapshots({ 'kmalloc-32': [1] }, 1)).objects()).toMatchObject([
      { cache: 'kmalloc-32', beforeObjects: 96, afterObjects: 32, status: 'shrunk' }])
  })

  test('steps of an experiment: what fell and what did not', () => {
    const steps = [{ label: 'running', caches: snapshots({ leak: [100], sessions: [50] }, 1) }, { label: 'service stopped', caches: snapshots({ leak: [100], sessions: [5] }, 1) },
      { label: 'module reloaded', caches: snapshots({ leak: [99], sessions: [5] }, 1) }]
    expect(compareSteps(steps).objects()).toMatchObject([
      { step: 'service stopped', cache: 'leak', deltaBytes: 0, status: 'same' }, { step: 'service stopped', cache: 'sessions', deltaBytes: -45 * 4096, status: 'shrunk' },
      { step: 'module reloaded', cache: 'sessions', status: 'same' }, { step: 'module reloaded', cache: 'leak', deltaBytes: -4096, status: 'shrunk' }])
    expect(() => compareSteps(steps.slice(1, 2))).toThrow('expected at least two steps to compare, got 1')
  })
})

describe('merged caches', () => {
  test('which objects share the slots of a name', () => {
    expect(mergeNote('kmalloc-128', 128, ['kmalloc-128'], null)?.text).toBe(
      'kmalloc-128 has slots of 128 bytes; what may hide there: kmalloc of up to 128 bytes (no smaller kmalloc cache is shown); perhaps merged caches of 121 to 128 bytes, 65 to 128 where they are aligned to cache lines')
    expect(mergeNote('kmalloc-192', 192, ['kmalloc-96', 'kmalloc-128', 'kmalloc-192'], true)?.text).toBe(
      'kmalloc-192 has slots of 192 bytes; what may hide there: kmalloc of 129 to 192 bytes; merged caches of 185 to 192 bytes')
    expect(mergeNote('kmalloc-2k', 2048, ['kmalloc-1k', 'kmalloc-2k'], false)).toMatchObject({ kmallocFrom: 1025, merged: false })
    expect(mergeNote('size-64', 64, ['size-32', 'size-64'], null)).toMatchObject({ kmallocFrom: 33 })
  })

  test('where kmalloc-cg caches are, plain kmalloc caches are never merged', () => {
    const names = ['kmalloc-cg-32', 'kmalloc-96', 'kmalloc-64', 'kmalloc-cg-16']
    expect(mergeNote('kmalloc-96', 96, names, null)).toMatchObject({ merged: false, kmallocFrom: 65 })
    expect(mergeNote('kmalloc-cg-32', 32, names, null)).toMatchObject({ merged: null, kmallocFrom: 17 })
  })

  test('any other cache, none at all, unknown sizes', () => {
    expect(mergeNote('my_cache', 120, [], null)?.text).toBe('my_cache has slots of 120 bytes; what may hide there: perhaps merged caches of 113 to 120 bytes')
    expect(mergeNote('my_cache', 120, [], false)?.text).toBe('my_cache was not merged with other caches')
    expect(mergeNote('my_cache', null, [], null)).toBeNull()
  })
})

describe('memory', () => {
  const MiB = 1024 ** 2
  const reading = (free: number, unreclaimable: number | null): Parameters<typeof memoryShare>[0] => ({
    ...emptyReading('meminfo'), totalBytes: 4096 * MiB, freeBytes: free * MiB, buffersBytes: 0, cachedBytes: 100 * MiB,
    unreclaimableBytes: unreclaimable === null ? null : unreclaimable * MiB, reclaimableBytes: 10 * MiB
  })

  test('how much of the missing memory is slab, and how much of that the cache explains', () => {
    expect(memoryShare(reading(1000, 50), reading(760, 270), { name: 'kmalloc-128', bytes: 213 * MiB })).toMatchObject({
      missingBytes: 240 * MiB, unreclaimableBytes: 220 * MiB, unreclaimableShare: 220 / 240, cacheShare: 213 / 220,
      text: '240 MiB more is used than before; unreclaimable slab grew by 220 MiB (92 % of it); kmalloc-128 grew by 213 MiB, which explains 97 % of that' })
  })

  test('what is not shown is unknown; nothing missing is said', () => {
    expect(memoryShare(reading(1000, null), reading(700, null), { name: 'a', bytes: null })).toMatchObject({
      unreclaimableShare: null, cacheShare: null, text: '300 MiB more is used than before; unreclaimable slab is not shown' })
    expect(memoryShare(emptyReading('free'), reading(1, 1)).missingBytes).toBeNull()
    expect(memoryShare(reading(700, 50), reading(1000, 40))).toMatchObject({
      unreclaimableShare: null, text: 'no memory is missing: 300 MiB less is used than before; unreclaimable slab shrank by 10 MiB' })
  })
})

describeEvidence('the reference case', () => {
  test('kmalloc-128: +1,744,972 objects, +213 MiB of slab pages', async () => {
    const [healthy, leaking] = await Promise.all(['healthy', 'leaking'].map((name) => loadSlabinfo(evidence('seq-operations', `${name}.slabinfo`))))
    expect(compare(healthy, leaking).objects()).toEqual([{
      cache: 'kmalloc-128', beforeObjects: 22_726, afterObjects: 1_767_698, deltaObjects: 1_744_972, deltaBytes: 54_581 * 4096, status: 'grown' }])
  })
})
