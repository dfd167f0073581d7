import { describe, expect, test } from 'vitest'
import { readSlabs } from '../../lib/slab/readSlabs.js'
import type { SlabObjects } from '../../lib/slab/model.js'
import { slotsByState } from '../builders/objectStates.js'
import { SlabKernel, type SlabAllocatorSlab } from '../builders/slabKernel.js'
import { slab61, slab61Debug, slab61Wide } from '../builders/slabLayouts.js'

function statesOf(objects: SlabObjects, slab: SlabAllocatorSlab): Record<string, number[]> {
  return slotsByState(objects, slab.address, slab.sMem + BigInt(slab.cache.payload), slab.cache.slotBytes)
}

function messages(kernel: SlabKernel): string[] {
  return kernel.warnings.list().map(({ message }) => message)
}

describe('free lists of SLAB', () => {
  test.each([['one byte', slab61], ['two bytes', slab61Wide]])('of %s an object: on the slab, off it, in a free object, behind a colour', (_, types) => {
    const kernel = new SlabKernel({ types })
    const cache = kernel.cache('dentry', { objectBytes: 188, slotBytes: 192, num: 20 })
    const own = kernel.slab(cache, [3, 19], { colour: 64 })
    const elsewhere = kernel.slab(cache, [0], { list: 'elsewhere' })
    const inObject = kernel.slab(cache, [7, 8], { list: { inObject: 8 } })
    const full = kernel.slab(cache)
    kernel.set('slab', full.page, { freelist: 0 })
    const slabs = readSlabs(kernel.view())
    expect(slabs.allocator).toBe('SLAB')
    expect(slabs.caches()).toMatchObject([{ name: 'dentry', objectBytes: 188, slotBytes: 192, total: 80, allocated: 75, slabs: 4 }])
    const objects = slabs.objects()
    expect([own, elsewhere, inObject, full].map((slab) => statesOf(objects, slab))).toEqual([{ free: [3, 19] }, { free: [0] }, { free: [7, 8] }, {}])
    expect(slabs.find(own.address + 10n)).toMatchObject({ slot: null })
    expect(messages(kernel)).toEqual([])
  })

  test('of more than 255 objects a slab', () => {
    const kernel = new SlabKernel({ types: slab61Wide })
    const cache = kernel.cache('kmalloc-16', { objectBytes: 16, num: 400, order: 1 })
    const slab = kernel.slab(cache, [399, 256, 0])
    expect(statesOf(readSlabs(kernel.view()).objects(), slab)).toEqual({ free: [0, 256, 399] })
  })
})

describe('what array caches hold', () => {
  test('is cached: of every CPU, shared, alien', () => {
    const kernel = new SlabKernel({ cpus: [0, 3] })
    // The cache that caches come from tells by its size that there are two nodes.
    kernel.cache('kmem_cache', { objectBytes: 0x110, num: 14 })
    const cache = kernel.cache('kmalloc-128', { objectBytes: 128, num: 30 })
    const slab = kernel.slab(cache, [29])
    const slot = (number: number): bigint => kernel.object(slab, number)
    kernel.arrayCache(kernel.cpuCache(cache, 0), [slot(1), slot(2)])
    kernel.arrayCache(kernel.cpuCache(cache, 3), [slot(3)])
    kernel.set('kmem_cache_node', cache.node, { shared: kernel.arrayCache(kernel.alloc(256), [slot(4), slot(5)]) })
    const aliens = kernel.alloc(16)
    const alien = kernel.alloc(256)
    kernel.arrayCache(kernel.at('alien_cache', alien, 'ac'), [slot(6)])
    kernel.write(aliens + 8n, alien)
    kernel.set('kmem_cache_node', cache.node, { alien: aliens })
    const slabs = readSlabs(kernel.view())
    expect(slabs.caches().find(({ name }) => name === 'kmalloc-128')).toMatchObject({ total: 30, allocated: 23 })
    expect(statesOf(slabs.objects(), slab)).toEqual({ free: [29], cached: [1, 2, 3, 4, 5, 6] })
    expect(messages(kernel)).toEqual([])
  })

  test('are slots, not payloads, where red zones shift them', () => {
    const kernel = new SlabKernel({ types: slab61Debug })
    const cache = kernel.cache('debugged', { objectBytes: 100, slotBytes: 128, num: 30, payload: 8 })
    const slab = kernel.slab(cache, [4])
    kernel.arrayCache(kernel.cpuCache(cache, 0), [kernel.object(slab, 9) - 8n])
    const objects = readSlabs(kernel.view()).objects()
    expect(objects.address[0]).toBe(slab.address + 8n)
    expect(statesOf(objects, slab)).toEqual({ free: [4], cached: [9] })
  })
})

describe('corruption costs the slab it is in', () => {
  const all = Array.from({ length: 30 }, (_, slot) => slot)
  const without = (...slots: number[]): number[] => all.filter((slot) => !slots.includes(slot))

  test.each<[string, (kernel: SlabKernel, slab: SlabAllocatorSlab) => void, Record<string, number[]>, RegExp]>([
    ['an object that cannot be', (kernel, slab) => void kernel.write(slab.freelist + 29n, 30, 1), { free: [4], unknown: without(4) }, /holds object 30 of 30$/],
    ['an object twice', (kernel, slab) => void kernel.write(slab.freelist + 29n, 4, 1), { free: [4], unknown: without(4) }, /holds object 4, which is free already$/],
    ['more in use than there are', (kernel, slab) => void kernel.set('slab', slab.page, { active: 31 }), { unknown: all }, /claims 31 of 30 objects in use$/],
    ['a list that lies nowhere', (kernel, slab) => void kernel.set('slab', slab.page, { freelist: 0x1000 }), { unknown: all }, /its free list lies at 0x0000000000001000$/]
  ])('%s', (_, damage, states, message) => {
    const kernel = new SlabKernel()
    const cache = kernel.cache('kmalloc-128', { objectBytes: 128, num: 30 })
    const [before, slab, after] = [kernel.slab(cache, [7]), kernel.slab(cache, [4, 5]), kernel.slab(cache, [8])]
    damage(kernel, slab)
    const slabs = readSlabs(kernel.view())
    const objects = slabs.objects()
    expect(statesOf(objects, slab)).toEqual(states)
    expect([statesOf(objects, before), statesOf(objects, after)]).toEqual([{ free: [7] }, { free: [8] }])
    expect(messages(kernel)).toEqual([expect.stringMatching(message)])
    expect([...slabs.slabs().corrupt]).toEqual([0, 1, 0])
  })

  test('objects that start outside of the slab', () => {
    const kernel = new SlabKernel()
    const cache = kernel.cache('kmalloc-128', { objectBytes: 128, num: 30 })
    const [slab, sound] = [kernel.slab(cache, [4]), kernel.slab(cache, [8])]
    kernel.set('slab', slab.page, { s_mem: slab.address - 64n })
    const objects = readSlabs(kernel.view()).objects()
    expect(objects.length).toBe(30)
    expect(statesOf(objects, sound)).toEqual({ free: [8] })
    expect(messages(kernel)).toEqual([expect.stringMatching(/its first object lies at 0x\w+$/)])
  })

  test('array caches that cannot be', () => {
    const kernel = new SlabKernel()
    const cache = kernel.cache('kmalloc-128', { objectBytes: 128, num: 30 })
    const slab = kernel.slab(cache, [4])
    kernel.arrayCache(kernel.cpuCache(cache, 0), [kernel.object(slab, 1)], { avail: 17 })
    kernel.arrayCache(kernel.cpuCache(cache, 1), [0x1234n, kernel.object(slab, 2) + 4n, kernel.object(slab, 3), kernel.object(slab, 3)])
    kernel.set('kmem_cache_node', cache.node, { shared: 0x10, alien: 0x20 })
    expect(statesOf(readSlabs(kernel.view()).objects(), slab)).toEqual({ free: [4], cached: [3] })
    expect(messages(kernel)).toEqual([
      expect.stringMatching(/^kmalloc-128: the array cache of CPU 0 at 0x\w+ claims 17 objects where 16 fit$/),
      expect.stringMatching(/^kmalloc-128: the shared cache of node 0: array_cache.avail at 0x\w+: not mapped; what it holds counts as allocated$/),
      expect.stringMatching(/^kmalloc-128: the alien cache of node 0 for node 0: .*not mapped; what it holds counts as allocated$/),
      'kmalloc-128: the array cache of CPU 1 holds 0x0000000000001234, which is none of its objects',
      expect.stringMatching(/^kmalloc-128: the array cache of CPU 1 holds 0x\w+, which is none of its objects$/),
      expect.stringMatching(/^kmalloc-128: slab 0x\w+: the array cache of CPU 1 holds 0x\w+, which is free on another list too$/)
    ])
  })
})

test('a missing page hides the objects whose free list it held', () => {
  const kernel = new SlabKernel()
  const cache = kernel.cache('kmalloc-128', { objectBytes: 128, num: 30 })
  const [slab, full] = [kernel.slab(cache, [4, 5]), kernel.slab(cache)]
  kernel.dropped.add(slab.frame).add(full.frame)
  const slabs = readSlabs(kernel.view())
  expect(slabs.caches()[0]).toMatchObject({ allocated: 58, total: 60 })
  expect(statesOf(slabs.objects(), full)).toEqual({})
  expect(statesOf(slabs.objects(), slab).unknown).toHaveLength(30)
  expect(messages(kernel)).toEqual([expect.stringMatching(/^not in the dump: 2 slab pages of 1 cache .* unknown: kmalloc-128 2 of 2$/)])
})
