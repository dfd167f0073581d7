import { afterEach, expect, test, vi } from 'vitest'
import { scanPages } from '../../../lib/slab/pageScan.js'
import { readSlabs } from '../../../lib/slab/readSlabs.js'
import { CacheCounting } from '../../../lib/slab/sample/cacheCounters.js'
import type { Estimate } from '../../../lib/slab/sample/clusterEstimate.js'
import type { CacheEstimate } from '../../../lib/slab/sample/estimateCaches.js'
import { SampledView } from '../../../lib/slab/sample/sampledView.js'
import { sampleSlabs } from '../../../lib/slab/sample/sampleSlabs.js'
import { STRETCH_FRAMES } from '../../../lib/slab/sample/stretches.js'
import { slubLayout } from '../../../lib/slab/slub/slub.js'
import { openVmcore } from '../../../lib/system/openVmcore.js'
import type { VmcoreSystem } from '../../../lib/system/vmcoreSystem.js'
import { slub618 } from '../../builders/slabLayouts.js'
import { SlubKernel } from '../../builders/slubKernel.js'
import { describeEvidence, evidence } from '../../evidence.js'

const SEEDS = 50

afterEach(() => void vi.restoreAllMocks())

const holds = ({ low, high }: Estimate, truth: number): boolean => low <= truth * (1 + 1e-12) && truth * (1 - 1e-12) <= high

/** Of the caches with some slabs, how many intervals of many samples hold what the whole dump has, by what is estimated. */
function coverage(system: VmcoreSystem, sample: number): Record<'slabs' | 'total' | 'allocated' | 'bytes' | 'share', number> {
  const truth = system.caches()
  const all = truth.reduce((sum, { bytes }) => sum + bytes!, 0)
  const kept = { slabs: 0, total: 0, allocated: 0, bytes: 0, share: 0 }
  const large = truth.map((_, row) => row).filter((row) => truth[row].slabs! >= 20)
  for (let seed = 1; seed <= SEEDS; seed++) {
    const estimates = sampleSlabs(system.kernel, { sample, seed }, () => system.slabs).estimates()
    for (const row of large) {
      for (const name of ['slabs', 'total', 'allocated', 'bytes'] as const) kept[name] += holds(estimates[row][name], truth[row][name]!) ? 1 : 0
      kept.share += holds(estimates[row].share, truth[row].bytes! / all) ? 1 : 0
    }
  }
  const tries = SEEDS * large.length
  return { slabs: kept.slabs / tries, total: kept.total / tries, allocated: kept.allocated / tries, bytes: kept.bytes / tries, share: kept.share / tries }
}

describeEvidence('a sample of a dump', () => {
  test.each(['x86_64-slub', 'x86_64-slub-6.12', 'x86_64-slub-debug'])('has the slabs that SLUB counts, and bounds that hold objects in use: %s', async (name) => {
    const system = await openVmcore(evidence(name, 'vmcore'))
    for (const sample of [60, 250]) {
      const found = coverage(system, sample)
      expect(found).toMatchObject({ slabs: 1, total: 1, bytes: 1, share: 1 })
      expect(found.allocated).toBeGreaterThanOrEqual(0.95)
    }
    // What per-CPU lists hold outside of the sample is no damage.
    expect(system.warnings.list().filter(({ message }) => /none of its|no slab|breaks off/.test(message))).toEqual([])
    system.close()
  })

  test('has all that SLAB counts: objects in use too', async () => {
    const system = await openVmcore(evidence('arm64-slab', 'vmcore'))
    expect(coverage(system, 100)).toEqual({ slabs: 1, total: 1, allocated: 1, bytes: 1, share: 1 })
    const { estimates } = sampleSlabs(system.kernel, { sample: 100 }, () => system.slabs)
    expect(estimates().map(({ allocated }) => allocated.value)).toEqual(system.caches().map(({ allocated }) => allocated))
    expect(new Set(estimates().map(({ scaledBy }) => scaledBy))).toEqual(new Set(['counters']))
    system.close()
  })

  test.each(['x86_64-slub', 'arm64-slab'])('bounds everything where the kernel counts nothing: %s', async (name) => {
    const system = await openVmcore(evidence(name, 'vmcore'))
    vi.spyOn(CacheCounting.prototype, 'of').mockReturnValue(undefined)
    for (const sample of [60, 250]) for (const kept of Object.values(coverage(system, sample))) expect(kept).toBeGreaterThanOrEqual(0.9)
    const { estimates } = sampleSlabs(system.kernel, { sample: 250 }, () => system.slabs)
    const unseen = estimates().filter(({ seenSlabs }) => seenSlabs === 0)
    expect(unseen.length).toBeGreaterThan(10)
    for (const { scaledBy, slabs } of unseen) {
      expect([scaledBy, slabs.value, slabs.low]).toEqual(['stretches', null, 0])
      expect(slabs.high).toBeGreaterThan(3)
    }
    system.close()
  })

  test('does not believe counters that count less than it holds', async () => {
    const system = await openVmcore(evidence('x86_64-slub', 'vmcore'))
    const row = system.caches().findIndex(({ name }) => name === 'kmalloc-96')
    const truth = system.caches()[row]
    const counted = { slabs: truth.slabs!, objects: truth.total!, allocated: null }
    const of = vi.spyOn(CacheCounting.prototype, 'of').mockReturnValue({ ...counted, mostFree: 0 })
    const estimate = (): CacheEstimate => sampleSlabs(system.kernel, { sample: 500 }, () => system.slabs).estimates()[row]
    expect(estimate().allocated.low).toBeLessThanOrEqual(truth.allocated!)
    expect(estimate().allocated.low).toBeLessThan(estimate().allocated.high)
    of.mockReturnValue({ ...counted, slabs: 3, mostFree: null })
    expect(estimate().scaledBy).toBe('stretches')
    expect(system.warnings.list().map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^kmalloc-96: the kernel counts 3 slabs and \d+ objects, fewer than a sample holds$/)
    )
    system.close()
  })

  test('bounds are narrow where there is much to see', async () => {
    const system = await openVmcore(evidence('x86_64-slub', 'vmcore'))
    const { slabs, estimates } = sampleSlabs(system.kernel, { sample: 500 }, () => system.slabs)
    const leak = estimates()[slabs.caches().findIndex(({ name }) => name === 'kmalloc-cg-32')].allocated
    expect((leak.high - leak.low) / leak.value!).toBeLessThan(0.02)
    system.close()
  })

  test('of all stretches gives the exact numbers, the same seed the same ones', async () => {
    const system = await openVmcore(evidence('x86_64-slub', 'vmcore'))
    const of = (sample: number, seed = 1): ReturnType<ReturnType<typeof sampleSlabs>['estimates']> => sampleSlabs(system.kernel, { sample, seed }, () => system.slabs).estimates()
    for (const [row, { allocated, total, slabs, bytes, scaledBy }] of of(100_000).entries()) {
      const cache = system.caches()[row]
      for (const [estimate, truth] of [[allocated, cache.allocated], [total, cache.total], [slabs, cache.slabs], [bytes, cache.bytes]] as const) {
        expect(estimate).toEqual({ value: truth, low: truth, high: truth })
      }
      expect(scaledBy).toBe('all read')
    }
    expect(of(100)).toEqual(of(100))
    expect(of(100, 2)).not.toEqual(of(100))
    expect(() => of(0)).toThrow('expected the `sample` option to be a positive integer, got 0')
    expect(() => of(10, -1)).toThrow('expected the `seed` option to be an integer from 0 to 4294967295, got -1')
    system.close()
  })

  test('knows the cache of an address outside of it', async () => {
    const system = await openVmcore(evidence('x86_64-slub', 'vmcore'))
    const { slabs } = sampleSlabs(system.kernel, { sample: 10 }, () => system.slabs)
    const { address, cache, caches, length } = system.objects()
    for (let i = 0; i < length; i += 997) expect(slabs.find(address[i] + 1n)?.cache.name).toBe(caches[cache[i]].name)
    expect(slabs.find(system.kernel.symbol('single_start')!)).toBeUndefined()
    system.close()
  })

  test('each slab is in one stretch, and is known as a whole there', async () => {
    const system = await openVmcore(evidence('x86_64-slub', 'vmcore'))
    const { kernel } = system
    const layout = slubLayout(kernel)
    const whole = scanPages(kernel, layout)
    const frames: number[] = []
    const pages: number[] = []
    for (const { start, end, address } of kernel.pageStructRuns()) {
      // Stretches of 12 pages cut slabs of 8 and of 16.
      for (let at = start; at < end; at += 12) {
        const run = { start: at, end: Math.min(end, at + 12), address: address + BigInt((at - start) * kernel.pageStructBytes) }
        const part = scanPages(new SampledView(kernel, [run]), layout)
        frames.push(...part.frame)
        pages.push(...part.pages)
      }
    }
    expect(frames).toEqual([...whole.frame])
    expect(pages).toEqual([...whole.pages])
    system.close()
  })
})

test('what lies outside of the sample is no damage; a CPU\'s slabs in it are found', () => {
  const kernel = new SlubKernel({ cpus: [0, 1] })
  const cache = kernel.cache('kmalloc-64', { objectBytes: 64 })
  const outside = kernel.slab(cache, [], { inUse: 64 })
  const partial = kernel.slab(cache, [5])
  for (let i = 0; i < 3 * STRETCH_FRAMES; i++) kernel.slab(cache)
  const inside = kernel.slab(cache, [], { inUse: 64 })
  const last = kernel.slab(cache, [8, 9])
  kernel.cpuSlab(0, outside, [1, 2])
  kernel.cpuPartial(0, [partial, last])
  kernel.cpuSlab(1, inside, [3])
  const view = kernel.view()
  const [run] = view.pageStructRuns()
  const start = inside.frame - inside.frame % STRETCH_FRAMES
  const sampled = readSlabs(new SampledView(view, [{ start, end: last.frame + 1, address: run.address + BigInt((start - run.start) * view.pageStructBytes) }]))
  const seen = sampled.objects()
  expect([...seen.address].filter((_, i) => seen.state[i] === 2)).toEqual([kernel.object(inside, 3), kernel.object(last, 8), kernel.object(last, 9)])
  expect(kernel.warnings.list()).toEqual([])
})

test('sheaves that hold what lies outside of the sample are counted', () => {
  const kernel = new SlubKernel({ types: slub618, cpus: [0] })
  const cache = kernel.cache('kmalloc-64', { objectBytes: 64 })
  const outside = kernel.slab(cache)
  for (let i = 0; i < 3 * STRETCH_FRAMES; i++) kernel.slab(cache)
  const inside = kernel.slab(cache)
  const pointer = kernel.sheaves(cache, 32)
  const main = kernel.sheaf(cache, [kernel.object(inside, 4), kernel.object(outside, 4), kernel.object(outside, 9)])
  kernel.set('slub_percpu_sheaves', kernel.perCpu(pointer, 0), { main })
  const view = kernel.view()
  const [run] = view.pageStructRuns()
  const start = inside.frame - inside.frame % STRETCH_FRAMES
  const sampled = readSlabs(new SampledView(view, [{ start, end: inside.frame + 1, address: run.address + BigInt((start - run.start) * view.pageStructBytes) }]))
  const seen = sampled.objects()
  expect([...seen.address].filter((_, i) => seen.state[i] === 2)).toEqual([kernel.object(inside, 4)])
  expect(sampled.inSheaves(0)).toBe(3)
  expect(kernel.warnings.list()).toEqual([])
})
