import { afterAll, beforeAll, expect, test } from 'vitest'
import { allocationStacks } from '../../lib/analysis/allocationStacks.js'
import { owners } from '../../lib/analysis/owners.js'
import { slabs } from '../../lib/analysis/slabs.js'
import { openVmcore } from '../../lib/system/openVmcore.js'
import type { VmcoreSystem } from '../../lib/system/vmcoreSystem.js'
import { blockMemory, machine } from '../builders/machine.js'
import { describeEvidence, evidence } from '../evidence.js'

describeEvidence('a dump with slub_debug', () => {
  let system: VmcoreSystem

  beforeAll(async () => {
    system = await openVmcore(evidence('x86_64-slub-debug', 'vmcore'))
  })
  afterAll(() => system.close())

  test('names the functions that allocated, by the memory they hold', async () => {
    const stacks = await allocationStacks(system)
    const [first, second] = stacks.objects() as { stack: string[] }[]
    expect(first).toMatchObject({ cache: 'kmalloc-cg-32', objects: 100006, bytes: 100006 * 160, share: 1, symbol: 'single_open+0x2a', module: null })
    expect(first.stack.slice(1, 4)).toEqual(['single_open+0x2a', 'TestMod_ProcContentOpen+0x1b [testmod]', 'proc_reg_open+0xa9'])
    expect(second).toMatchObject({ cache: 'kmalloc-96', objects: 20000, symbol: 'TestMod_SessionOpen+0x1f', module: 'testmod' })
    expect(second.stack[1]).toBe('TestMod_SessionOpen+0x1f [testmod]')
    const bytes = stacks.array('bytes') as number[]
    expect(bytes).toEqual([...bytes].sort((a, b) => b - a))
    // Every allocated object of both caches has a track.
    expect((stacks.array('objects') as number[]).reduce((sum, objects) => sum + objects)).toBe(100006 + 20367)
  })

  test('names who freed last, and of one cache alone', async () => {
    const freed = await allocationStacks(system, { cache: 'kmalloc-96', kind: 'free' })
    expect(freed.object(0)).toMatchObject({ cache: 'kmalloc-96', symbol: 'kfree_rcu_work+0x28c', objects: 68 })
    expect((await allocationStacks(system, { cache: ['seq_file'] })).numRows()).toBe(0)
    await expect(allocationStacks(system, { cache: 'none' })).rejects.toThrow('no cache named none')
    await expect(allocationStacks(system, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/)
  })

  test('charges nothing to a cgroup where there is none but the root', async () => {
    expect((await owners(system, { cache: 'kmalloc-cg-32' })).objects()).toEqual([
      { cache: 'kmalloc-cg-32', cgroup: null, file: null, line: null, function: null, module: null, objects: 100006, bytes: 100006 * 160, example: '0xffff8f4d812c8020', removed: null }
    ])
  })

  test('lists every slab', () => {
    const table = slabs(system)
    const all = table.objects() as { cache: string; objects: number; allocated: number; free: number; pages: number }[]
    expect(all).toHaveLength(system.caches().reduce((sum, cache) => sum + cache.slabs!, 0))
    expect(all.every(({ objects, allocated, free }) => objects === allocated + free)).toBe(true)
    const own = all.filter(({ cache }) => cache === 'kmalloc-cg-32')
    expect([own.length, own.reduce((sum, { allocated }) => sum + allocated, 0)]).toEqual([4001, 100006])
    expect(all.reduce((sum, { pages }) => sum + pages, 0) * 4096).toBe(system.caches().reduce((sum, cache) => sum + cache.bytes!, 0))
  })
})

test('a session has no allocator', async () => {
  const session = machine({ memory: blockMemory(0n, new Uint8Array(8)) })
  expect(() => slabs(session)).toThrow('only a dump holds every slab')
  await expect(allocationStacks(session)).rejects.toThrow('only a dump holds tracks')
  await expect(owners(session)).rejects.toThrow('only a dump holds owners')
})
