import { describe, expect, test } from 'vitest'
import { UsageError } from '../../lib/errors.js'
import type { SlabObjects } from '../../lib/slab/model.js'
import { readSlabs } from '../../lib/slab/readSlabs.js'
import { slotsByState } from '../builders/objectStates.js'
import { slub510, slub61, slub618, slub61Plain, slub71 } from '../builders/slabLayouts.js'
import { SlubKernel, type TestSlab } from '../builders/slubKernel.js'

function statesOf(objects: SlabObjects, slab: TestSlab): Record<string, number[]> {
  return slotsByState(objects, slab.address, slab.address + BigInt(slab.cache.redLeft), slab.cache.slotBytes)
}

function messages(kernel: SlubKernel): string[] {
  return kernel.warnings.list().map(({ message }) => message)
}

describe('free lists', () => {
  test.each([
    ['swapped', slub61], ['hidden', slub61], ['plain', slub61Plain], ['swapped', slub510], ['plain', slub61], ['swapped', slub618], ['hidden', slub71]
  ] as const)('are followed where pointers are %s', (coding, types) => {
    const kernel = new SlubKernel({ coding, types })
    const cache = kernel.cache('kmalloc-128', { objectBytes: 128, offset: 64 })
    const slab = kernel.slab(cache, [7, 0, 31, 12])
    const full = kernel.slab(cache)
    const objects = readSlabs(kernel.view()).objects()
    expect(statesOf(objects, slab)).toEqual({ free: [0, 7, 12, 31] })
    expect(statesOf(objects, full)).toEqual({})
    expect(objects.length).toBe(64)
    expect(messages(kernel)).toEqual([])
  })

  test('lie in slabs of several pages, across 4 GiB, and behind a left red zone', () => {
    const kernel = new SlubKernel()
    const cache = kernel.cache('debugged', { objectBytes: 1000, slotBytes: 1280, order: 3, redLeft: 64, offset: 1008, flags: 0x400 })
    const slab = kernel.slab(cache, [24, 3, 11])
    const slabs = readSlabs(kernel.view())
    const objects = slabs.objects(['debugged'])
    expect(objects.length).toBe(25)
    expect(objects.address[0]).toBe(slab.address + 64n)
    expect(statesOf(objects, slab)).toEqual({ free: [3, 11, 24] })
    expect(slabs.caches()).toMatchObject([{ name: 'debugged', objectBytes: 1000, slotBytes: 1280, allocated: 22, total: 25, slabs: 1, slabBytes: 32768, bytes: 32768 }])
    expect(slabs.find(slab.address + 2n)).toMatchObject({ slot: 0, offset: -62 })
    expect(slabs.find(slab.address + 32767n)).toMatchObject({ slot: null, object: null, state: null })
  })

  test('of slabs that got fewer pages than usual', () => {
    const kernel = new SlubKernel()
    const cache = kernel.cache('big', { objectBytes: 512, order: 3 })
    const small = kernel.slab(cache, [5], { pages: 1 })
    const usual = kernel.slab(cache, [40])
    const slabs = readSlabs(kernel.view())
    expect(slabs.caches()[0]).toMatchObject({ total: 72, allocated: 70, slabs: 2, bytes: 36864 })
    const objects = slabs.objects()
    expect([statesOf(objects, small), statesOf(objects, usual)]).toEqual([{ free: [5] }, { free: [40] }])
  })
})

describe('what CPUs hold', () => {
  test('is cached: the own list, the rest of the active slab, the partial list; of offline CPUs too', () => {
    const kernel = new SlubKernel({ cpus: [0, 1, 5] })
    const cache = kernel.cache('kmalloc-256', { objectBytes: 256 })
    const active = kernel.slab(cache, [2], { inUse: 15 })
    kernel.cpuSlab(5, active, [9, 4])
    const [first, second, onNode] = [kernel.slab(cache, [1]), kernel.slab(cache, [3, 8]), kernel.slab(cache, [6])]
    kernel.cpuPartial(1, [second, first])
    const slabs = readSlabs(kernel.view())
    expect(slabs.caches()[0]).toMatchObject({ total: 64, allocated: 64 - 3 - 3 - 1 })
    const objects = slabs.objects()
    expect(statesOf(objects, active)).toEqual({ cached: [2, 4, 9] })
    expect(statesOf(objects, first)).toEqual({ cached: [1] })
    expect(statesOf(objects, second)).toEqual({ cached: [3, 8] })
    expect(statesOf(objects, onNode)).toEqual({ free: [6] })
  })

  test('counts as allocated, with a warning, where it cannot be: another cache\'s slab, no slab, a cycle of partial slabs', () => {
    const kernel = new SlubKernel()
    const cache = kernel.cache('one', { objectBytes: 256 })
    const other = kernel.cache('other', { objectBytes: 512 })
    const foreign = kernel.slab(other)
    kernel.set('kmem_cache_cpu', kernel.cpuPart(cache, 0), { slab: foreign.page })
    kernel.set('kmem_cache_cpu', kernel.cpuPart(cache, 1), { slab: kernel.pageStruct(400) })
    const [a, b] = [kernel.slab(cache, [1]), kernel.slab(cache, [2])]
    kernel.cpuPartial(1, [a, b])
    kernel.set('slab', b.page, { next: a.page })
    const objects = readSlabs(kernel.view()).objects()
    expect([statesOf(objects, a), statesOf(objects, b)]).toEqual([{ cached: [1] }, { cached: [2] }])
    expect(messages(kernel)).toHaveLength(3)
    expect(messages(kernel)).toEqual(expect.arrayContaining([
      expect.stringMatching(/^one: the partial list of CPU 1 breaks off: it comes back to 0x/),
      expect.stringMatching(/^one: CPU 1 allocates from 0x\w+, which is no slab$/),
      expect.stringMatching(/^one: CPU 0 allocates from other: slab 0x/)
    ]))
  })

  test('is not told where a partial list holds what is no slab of the cache', () => {
    const kernel = new SlubKernel()
    const cache = kernel.cache('one', { objectBytes: 256 })
    const slab = kernel.slab(cache, [1])
    kernel.cpuPartial(0, [slab])
    kernel.set('slab', slab.page, { next: kernel.pageStruct(400) })
    expect(statesOf(readSlabs(kernel.view()).objects(), slab)).toEqual({ cached: [1] })
    expect(messages(kernel)).toEqual([expect.stringMatching(/^one: the partial list of CPU 0 holds 0x\w+, which is none of its slabs$/)])
  })
})

describe('corruption costs the slab it is in', () => {
  /** A cache with a damaged slab between two sound ones. */
  function damaged(damage: (kernel: SlubKernel, slab: TestSlab) => void, free: readonly number[] = [1, 2, 3, 4]): {
    kernel: SlubKernel; slab: TestSlab; sound: TestSlab[]
  } {
    const kernel = new SlubKernel()
    const cache = kernel.cache('kmalloc-256', { objectBytes: 256 })
    const before = kernel.slab(cache, [5])
    const slab = kernel.slab(cache, free)
    const after = kernel.slab(cache, [6])
    damage(kernel, slab)
    return { kernel, slab, sound: [before, after] }
  }

  const wild = 0xffff_8880_0000_1234n
  test.each<[string, (kernel: SlubKernel, slab: TestSlab) => void, Record<string, number[]>, RegExp]>([
    ['a cycle', (kernel, slab) => kernel.point(slab, 4, kernel.object(slab, 2)), { free: [1, 2, 3, 4] }, /its free list comes back to 0x\w+$/],
    ['an object that leads to itself', (kernel, slab) => kernel.point(slab, 2, kernel.object(slab, 2)),
      { free: [1, 2], unknown: [0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] }, /comes back to/],
    ['a pointer off the grid', (kernel, slab) => kernel.point(slab, 2, kernel.object(slab, 7) + 8n),
      { free: [1, 2], unknown: [0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] }, /leads to 0x\w+, which is none of its objects$/],
    ['a wild pointer', (kernel, slab) => kernel.point(slab, 1, wild),
      { free: [1], unknown: [0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] }, /leads to 0xffff888000001234/],
    ['a wild pointer behind the last free object', (kernel, slab) => kernel.point(slab, 4, wild), { free: [1, 2, 3, 4] }, /leads to 0xffff888000001234/],
    ['a wild head', (kernel, slab) => kernel.set('slab', slab.page, { freelist: wild }),
      { unknown: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] }, /leads to 0xffff888000001234/],
    ['a pointer into another slab', (kernel, slab) => kernel.point(slab, 4, slab.address - 4096n), { free: [1, 2, 3, 4] }, /which is none of its objects/],
    ['a counter that disagrees', (kernel, slab) => kernel.set('slab', slab.page, { inuse: 9 }), { free: [1, 2, 3, 4] },
      /counts 9 objects in use where its free list leaves 12$/],
    ['more in use than there are', (kernel, slab) => kernel.set('slab', slab.page, { inuse: 17 }), { free: [1, 2, 3, 4] }, /claims 17 of 16 objects in use$/],
    ['more objects than fit', (kernel, slab) => kernel.set('slab', slab.page, { objects: 999 }), { free: [1, 2, 3, 4] }, /claims 999 objects where 16 fit$/],
    ['no objects', (kernel, slab) => kernel.set('slab', slab.page, { objects: 0 }), { free: [1, 2, 3, 4] }, /claims 0 objects where 16 fit$/]
  ])('%s', (_, damage, states, message) => {
    const { kernel, slab, sound } = damaged(damage)
    const slabs = readSlabs(kernel.view())
    const objects = slabs.objects()
    expect(objects.length).toBe(48)
    expect(statesOf(objects, slab)).toEqual(states)
    expect(sound.map((each) => statesOf(objects, each))).toEqual([{ free: [5] }, { free: [6] }])
    expect(messages(kernel)).toEqual([expect.stringMatching(message)])
    expect(messages(kernel)[0]).toContain(`kmalloc-256: slab 0x${slab.address.toString(16)}: `)
    expect([...slabs.slabs().corrupt]).toEqual([0, 1, 0])
    slabs.objects()
    slabs.caches()
    expect(kernel.warnings.list()).toHaveLength(1)
    expect(kernel.warnings.list()[0].times).toBe(1)
  })

  test('counts of a cache do not depend on what was asked before', () => {
    const impossible = (kernel: SlubKernel, slab: TestSlab): void => void kernel.set('slab', slab.page, { inuse: 400 })
    const first = readSlabs(damaged(impossible).kernel.view()).caches()[0]
    const later = readSlabs(damaged(impossible).kernel.view())
    later.objects()
    expect(first).toMatchObject({ allocated: 42, total: 48 })
    expect(later.caches()[0]).toEqual(first)
  })

  test('an object on two lists', () => {
    const { kernel, slab } = damaged((kernel, slab) => kernel.cpuSlab(1, slab, [9]))
    kernel.set('kmem_cache_cpu', kernel.cpuPart(slab.cache, 1), { freelist: kernel.object(slab, 3) })
    const objects = readSlabs(kernel.view()).objects()
    expect(statesOf(objects, slab).cached).toEqual([1, 2, 3, 4])
    expect(messages(kernel)).toEqual([expect.stringMatching(/holds 0x\w+, which is free on another list too$/)])
  })

  test('a slab whose cache is none', () => {
    const { kernel, slab, sound } = damaged((kernel, slab) => kernel.set('slab', slab.page, { slab_cache: kernel.alloc(512) }))
    const slabs = readSlabs(kernel.view())
    const objects = slabs.objects()
    expect(objects.length).toBe(32)
    expect(sound.map((each) => statesOf(objects, each))).toEqual([{ free: [5] }, { free: [6] }])
    expect(messages(kernel)).toEqual([expect.stringMatching(/^slab 0x\w+: names 0x\w+ as its cache, which is none$/)])
    expect(slabs.find(slab.address)).toBeUndefined()
  })

  test('a cache that cannot be, or that the list lost', () => {
    const kernel = new SlubKernel()
    const good = kernel.cache('good', { objectBytes: 256 })
    const bad = kernel.cache('bad', { objectBytes: 256 })
    const lost = kernel.cache('lost', { objectBytes: 64 })
    const slab = kernel.slab(lost, [3])
    kernel.slab(good)
    kernel.set('kmem_cache', bad.address, { size: 0 })
    kernel.write(kernel.at('kmem_cache', good.address, 'list'), 0x10n)
    const slabs = readSlabs(kernel.view())
    expect(slabs.caches().map(({ name }) => name)).toEqual(['lost', 'good'])
    expect(statesOf(slabs.objects(), slab)).toEqual({ free: [3] })
    expect(messages(kernel)).toEqual([
      expect.stringMatching(/^the list of caches breaks off after 3 of them: /), expect.stringMatching(/^kmem_cache at 0x\w+: an object size of 0; it is left out$/)
    ])
  })

  test.each<[Record<string, bigint | number>, RegExp]>([
    [{ object_size: 300 }, /objects of 300 bytes in slots of 256/],
    [{ 'oo.x': 40 << 16 | 16 }, /slabs of order 40/],
    [{ 'oo.x': 17 }, /17 objects of 256 bytes in slabs of 4096/],
    [{ 'oo.x': 0 }, /0 objects of 256 bytes/],
    [{ flags: 0x400, red_left_pad: 256 }, /a left red zone of 256 bytes in slots of 256/],
    [{ offset: 3 }, /a free pointer at byte 3 of slots of 256/],
    [{ offset: 256 }, /a free pointer at byte 256 of slots of 256/]
  ])('a cache with %o is left out', (members, message) => {
    const kernel = new SlubKernel()
    kernel.cache('good', { objectBytes: 64 })
    const bad = kernel.cache('bad', { objectBytes: 256 })
    kernel.set('kmem_cache', bad.address, members)
    expect(readSlabs(kernel.view()).caches().map(({ name }) => name)).toEqual(['good'])
    expect(messages(kernel)).toEqual([expect.stringMatching(message)])
  })
})

describe('missing pages', () => {
  test('leave unknown only what they hide', () => {
    const kernel = new SlubKernel()
    const cache = kernel.cache('kmalloc-1k', { objectBytes: 1024, order: 1 })
    const [full, partial, provable] = [kernel.slab(cache), kernel.slab(cache, [0, 6, 3]), kernel.slab(cache, [1, 5])]
    for (const slab of [full, partial, provable]) kernel.dropped.add(slab.frame + 1)
    const slabs = readSlabs(kernel.view())
    expect(slabs.caches()[0]).toMatchObject({ allocated: 8 + 5 + 6, total: 24 })
    const objects = slabs.objects()
    expect(statesOf(objects, full)).toEqual({})
    expect(statesOf(objects, partial)).toEqual({ free: [0, 6], unknown: [1, 2, 3, 4, 5, 7] })
    expect(statesOf(objects, provable)).toEqual({ free: [1, 5] })
    expect([...slabs.slabs().missingPages]).toEqual([1, 1, 1])
    expect(messages(kernel)).toEqual([expect.stringMatching(/^not in the dump: 3 slab pages of 1 cache .* unknown: kmalloc-1k 3 of 6$/)])
  })

  test('of page structures are counted', () => {
    const kernel = new SlubKernel()
    const cache = kernel.cache('kmalloc-256', { objectBytes: 256 })
    const [lost, kept] = [kernel.slab(cache), kernel.slab(cache, [2])]
    kernel.droppedPageStructs.add(lost.frame)
    const slabs = readSlabs(kernel.view())
    expect(slabs.caches()[0]).toMatchObject({ total: 16, slabs: 1 })
    expect(statesOf(slabs.objects(), kept)).toEqual({ free: [2] })
    expect(messages(kernel)).toEqual(['1 page structures are not in the dump: slabs there are missing from every count'])
  })
})

describe('names', () => {
  test('without the slab_caches symbol, caches are found through slabs', () => {
    const kernel = new SlubKernel()
    for (const name of ['a', 'b', 'c']) kernel.cache(name, { objectBytes: 64 })
    kernel.slab(kernel.caches[1])
    const view = kernel.view()
    const slabs = readSlabs({ ...view, symbol: (name) => (name === 'slab_caches' ? undefined : view.symbol(name)) })
    expect(slabs.caches().map(({ name }) => name)).toEqual(['c', 'b', 'a'])
    expect(messages(kernel)).toEqual([])
  })

  test('a cache that is none is wrong usage', () => {
    const kernel = new SlubKernel()
    kernel.cache('a', { objectBytes: 64 })
    expect(() => readSlabs(kernel.view()).objects(['b'])).toThrow(new UsageError('no cache named b'))
  })

  test('without any cache, what is missing is said', () => {
    expect(() => readSlabs(new SlubKernel().view())).toThrow('slab_caches is not in the evidence: no slab leads to a cache either')
  })
})
