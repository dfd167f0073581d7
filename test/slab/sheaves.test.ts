import { describe, expect, test } from 'vitest'
import { readSlabs } from '../../lib/slab/readSlabs.js'
import type { SlabObjects } from '../../lib/slab/model.js'
import { slotsByState } from '../builders/objectStates.js'
import { slub618, slub71 } from '../builders/slabLayouts.js'
import { SlubKernel, type TestCache, type TestSlab } from '../builders/slubKernel.js'
import type { TypesSpec } from '../builders/structTypes.js'

function statesOf(objects: SlabObjects, slab: TestSlab): Record<string, number[]> {
  return slotsByState(objects, slab.address, slab.address, slab.cache.slotBytes)
}

function messages(kernel: SlubKernel): string[] {
  return kernel.warnings.list().map(({ message }) => message)
}

/** A node's barn with full and empty sheaves, where the kernel at hand looks for it. */
function barn(kernel: SlubKernel, cache: TestCache, full: readonly bigint[], empty: readonly bigint[] = []): bigint {
  const address = kernel.alloc(48)
  kernel.list(kernel.at('node_barn', address, 'sheaves_full'), full)
  kernel.list(kernel.at('node_barn', address, 'sheaves_empty'), empty)
  const perNode = kernel.types.member('kmem_cache', 'per_node')
  if (perNode !== undefined) kernel.write(cache.address + BigInt(perNode.offset), address)
  else {
    const node = kernel.alloc(0x48)
    kernel.set('kmem_cache_node', node, { barn: address })
    kernel.set('kmem_cache', cache.address, { node })
  }
  return address
}

function started(types: TypesSpec): { kernel: SlubKernel; cache: TestCache; slab: TestSlab; pointer: bigint } {
  const kernel = new SlubKernel({ types })
  const cache = kernel.cache('maple_node', { objectBytes: 256, order: 1 })
  const slab = kernel.slab(cache, [0, 1])
  return { kernel, cache, slab, pointer: kernel.sheaves(cache, 32) }
}

describe.each([['v6.18', slub618], ['v7.1', slub71]])('sheaves of %s', (_, types) => {
  test('hold free objects that their slabs count as in use; those in rcu_free are pending', () => {
    const { kernel, cache, slab, pointer } = started(types)
    const sheaf = (...slots: number[]): bigint => kernel.sheaf(cache, slots.map((slot) => kernel.object(slab, slot)))
    kernel.set('slub_percpu_sheaves', kernel.perCpu(pointer, 0), { main: sheaf(5, 6), spare: sheaf(7) })
    kernel.set('slub_percpu_sheaves', kernel.perCpu(pointer, 1), { main: sheaf(), rcu_free: sheaf(9, 10, 11) })
    barn(kernel, cache, [sheaf(20, 21), sheaf(22)], [sheaf()])
    const slabs = readSlabs(kernel.view())
    expect(slabs.caches()[0]).toMatchObject({ total: 32, allocated: 32 - 2 - 3 - 3 - 3 })
    expect(statesOf(slabs.objects(), slab)).toEqual({ free: [0, 1], cached: [5, 6, 7, 20, 21, 22], pending: [9, 10, 11] })
    // Seven sheaves, each with its array; typing takes what holds one for a slab_sheaf.
    expect(slabs.ownArrays()).toHaveLength(7)
    expect(slabs.ownArrays().every(({ owner }) => owner === 'slab_sheaf')).toBe(true)
    expect(messages(kernel)).toEqual([])
  })

  test('on their way through RCU are pending too, and prefilled ones are their user\'s', () => {
    const { kernel, cache, slab } = started(types)
    const waiting = kernel.sheaf(cache, [12, 13].map((slot) => kernel.object(slab, slot)))
    kernel.sheaf(cache, [14, 15].map((slot) => kernel.object(slab, slot)))
    const callback = kernel.symbol('rcu_free_sheaf', 0xffffffff81234560n)
    const other = kernel.alloc(16)
    kernel.set('callback_head', waiting, { next: other, func: callback })
    kernel.set('callback_head', other, { next: 0, func: 0xffffffff81000000n })
    const data = kernel.symbol('rcu_data', kernel.allocPerCpu(64))
    kernel.set('rcu_data', kernel.perCpu(data, 1), { 'cblist.head': waiting })
    const slabs = readSlabs(kernel.view())
    expect(slabs.caches()[0].allocated).toBe(28)
    expect(statesOf(slabs.objects(), slab)).toEqual({ free: [0, 1], pending: [12, 13] })
  })

  test('of capacity 0 are none: debugged caches share an empty one', () => {
    const { kernel, cache, slab, pointer } = started(types)
    kernel.set('kmem_cache', cache.address, { sheaf_capacity: 0 })
    kernel.set('slub_percpu_sheaves', kernel.perCpu(pointer, 0), { main: kernel.sheaf(cache, [kernel.object(slab, 9)]) })
    expect(statesOf(readSlabs(kernel.view()).objects(), slab)).toEqual({ free: [0, 1] })
    expect(messages(kernel)).toEqual([])
  })

  test('that cannot be cost only themselves', () => {
    const { kernel, cache, slab, pointer } = started(types)
    const sheaf = (slots: number[], size?: number): bigint => kernel.sheaf(cache, slots.map((slot) => kernel.object(slab, slot)), size)
    const other = kernel.slab(kernel.cache('other', { objectBytes: 128 }))
    kernel.set('slub_percpu_sheaves', kernel.perCpu(pointer, 0), { main: sheaf([5], 33), spare: 0xffff_ffff_8000_0000n })
    kernel.set('slub_percpu_sheaves', kernel.perCpu(pointer, 1), {
      main: kernel.sheaf(cache, [kernel.object(other, 3), kernel.object(slab, 4), kernel.object(slab, 6) + 8n, kernel.object(slab, 8)]), spare: sheaf([8, 10])
    })
    const address = barn(kernel, cache, [sheaf([20])])
    kernel.write(kernel.at('node_barn', address, 'sheaves_empty'), 0x40n)
    expect(statesOf(readSlabs(kernel.view()).objects(), slab)).toEqual({ free: [0, 1], cached: [4, 8, 10, 20] })
    expect(messages(kernel)).toEqual(expect.arrayContaining([
      expect.stringMatching(/^maple_node: the main sheaf of CPU 0 at 0x\w+ claims 33 objects where 32 fit$/),
      'not in the dump: sheaves of 1 cache: the free objects in them count as allocated, at most maple_node 32',
      expect.stringMatching(/^maple_node: the main sheaf of CPU 1 holds 0x\w+, which is none of its objects$/),
      expect.stringMatching(/^maple_node: slab 0x\w+: the spare sheaf of CPU 1 holds 0x\w+, which is free on another list too$/),
      expect.stringMatching(/^maple_node: sheaves_empty of node 0 breaks off: /)
    ]))
  })
})
