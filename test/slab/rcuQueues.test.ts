import { expect, test } from 'vitest'
import { readSlabs } from '../../lib/slab/readSlabs.js'
import { slub61, slub61Plain } from '../builders/slabLayouts.js'
import { SlubKernel, type TestSlab } from '../builders/slubKernel.js'
import { varied, type MemberSpec } from '../builders/structTypes.js'

const ATTEMPTS = 2
const old: Record<string, Record<string, MemberSpec>> = {
  kfree_rcu_cpu: { head: 0, bkvhead: [8, 16, 'struct kvfree_rcu_bulk_data *[2]'], krw_arr: [24, 24 * ATTEMPTS, 'struct kfree_rcu_cpu_work[2]'] },
  kfree_rcu_cpu_work: { head_free: 0, bkvhead_free: [8, 16, 'struct kvfree_rcu_bulk_data *[2]'] },
  kvfree_rcu_bulk_data: { nr_records: 0, next: 8, records: [16, 0] },
  rcu_data: { 'cblist.head': 0 }
}
const listed: Record<string, Record<string, MemberSpec>> = {
  ...old,
  kfree_rcu_cpu: { head: 0, bulk_head: [8, 32, 'struct list_head[2]'], krw_arr: [40, 40 * ATTEMPTS, 'struct kfree_rcu_cpu_work[2]'] },
  kfree_rcu_cpu_work: { head_free: 0, bulk_head_free: [8, 32, 'struct list_head[2]'] },
  kvfree_rcu_bulk_data: { list: [0, 16], nr_records: 16, records: [24, 0] }
}
function typesWith(members: Record<string, Record<string, MemberSpec>>, bytes: Record<string, number>): ReturnType<typeof varied> {
  const structs = Object.fromEntries(Object.entries(members).map(([name, own]) => [name, { bytes: bytes[name] ?? 64, members: own }]))
  return varied(slub61Plain, {}, { structs })
}
const kernels = { old: typesWith(old, { kfree_rcu_cpu: 72, kfree_rcu_cpu_work: 24 }), listed: typesWith(listed, { kfree_rcu_cpu: 120, kfree_rcu_cpu_work: 40 }) }

function queuedSlots(kernel: SlubKernel, slab: TestSlab): number[] {
  const objects = readSlabs(kernel.view()).objects()
  const slots: number[] = []
  for (let i = 0; i < objects.length; i++) {
    if (objects.queued[i] === 0) continue
    expect(objects.state[i]).toBe(0)
    slots.push(Number(objects.address[i] - slab.address) / slab.cache.slotBytes)
  }
  return slots
}

test.each(['old', 'listed'] as const)('objects in kfree_rcu queues stay allocated and are marked: lists, blocks, batches, callbacks (%s)', (name) => {
  const kernel = new SlubKernel({ types: kernels[name], coding: 'plain' })
  const cache = kernel.cache('kmalloc-128', { objectBytes: 128 })
  const slab = kernel.slab(cache, [31])
  const slot = (number: number): bigint => kernel.object(slab, number)
  const pointer = kernel.symbol('krc', kernel.allocPerCpu(160))
  const krcp = kernel.perCpu(pointer, 1)
  const work = kernel.at('kfree_rcu_cpu', krcp, 'krw_arr') + BigInt(kernel.types.sizeOf('kfree_rcu_cpu_work')!)
  // The rcu_head lies at byte 16 of these objects; the list goes on from one to the next.
  kernel.set('callback_head', slot(2) + 16n, { next: slot(5) + 16n, func: 16 })
  kernel.set('callback_head', slot(5) + 16n, { next: 0, func: 16 })
  kernel.set('kfree_rcu_cpu', krcp, { head: slot(2) + 16n })
  kernel.set('callback_head', slot(7), { next: 0, func: 0 })
  kernel.set('kfree_rcu_cpu_work', work, { head_free: slot(7) })
  const block = (slots: number[]): bigint => {
    const address = kernel.alloc(64)
    kernel.set('kvfree_rcu_bulk_data', address, { nr_records: slots.length })
    slots.forEach((each, i) => kernel.write(kernel.at('kvfree_rcu_bulk_data', address, 'records') + BigInt(8 * i), slot(each)))
    return address
  }
  const [first, second, third] = [block([10, 11]), block([12]), block([13])]
  if (name === 'old') {
    kernel.set('kfree_rcu_cpu', krcp, { bkvhead: first })
    kernel.set('kvfree_rcu_bulk_data', first, { next: second })
    kernel.write(kernel.at('kfree_rcu_cpu_work', work, 'bkvhead_free') + 8n, third)
  } else {
    // Heads of empty lists point at themselves.
    for (const cpu of kernel.cpus) {
      const own = kernel.perCpu(pointer, cpu)
      const works = [0, 1].map((i) => kernel.at('kfree_rcu_cpu', own, 'krw_arr') + BigInt(40 * i))
      const heads = [kernel.at('kfree_rcu_cpu', own, 'bulk_head'), ...works.map((each) => kernel.at('kfree_rcu_cpu_work', each, 'bulk_head_free'))]
      for (const head of heads) for (const channel of [0n, 16n]) kernel.list(head + channel, [])
    }
    kernel.list(kernel.at('kfree_rcu_cpu', krcp, 'bulk_head'), [first, second])
    kernel.list(kernel.at('kfree_rcu_cpu_work', work, 'bulk_head_free') + 16n, [third])
  }
  const callbacks = kernel.symbol('rcu_data', kernel.allocPerCpu(64))
  kernel.set('rcu_data', kernel.perCpu(callbacks, 0), { 'cblist.head': slot(20) })
  kernel.set('callback_head', slot(20), { next: slot(21), func: 0 })
  kernel.set('callback_head', slot(21), { next: 0, func: 0xffffffff81000000n })
  expect(queuedSlots(kernel, slab)).toEqual([2, 5, 7, 10, 11, 12, 13, 20])
  expect(kernel.warnings.list()).toEqual([])
})

test('queues that cannot be are followed as far as they can', () => {
  const kernel = new SlubKernel({ types: kernels.old, coding: 'plain' })
  const slab = kernel.slab(kernel.cache('kmalloc-128', { objectBytes: 128 }))
  const pointer = kernel.symbol('krc', kernel.allocPerCpu(160))
  kernel.set('callback_head', kernel.object(slab, 1), { next: kernel.object(slab, 2) })
  kernel.set('callback_head', kernel.object(slab, 2), { next: kernel.object(slab, 1) })
  kernel.set('kfree_rcu_cpu', kernel.perCpu(pointer, 0), { head: kernel.object(slab, 1) })
  const block = kernel.alloc(64)
  kernel.set('kvfree_rcu_bulk_data', block, { nr_records: 1_000_000, next: 0x30 })
  kernel.set('kfree_rcu_cpu', kernel.perCpu(pointer, 1), { head: 0x123, bkvhead: block })
  expect(queuedSlots(kernel, slab)).toEqual([1, 2])
  expect(kernel.warnings.list().map(({ message }) => message)).toEqual([
    expect.stringMatching(/^a kfree_rcu list breaks off: it comes back to 0x/), expect.stringMatching(/^a kfree_rcu list breaks off: next at 0x0+123: not mapped$/),
    expect.stringMatching(/^a list of kfree_rcu blocks breaks off: next at 0x0+38: not mapped$/), 'a kfree_rcu block claims 1000000 records'
  ])
})

test('a kernel without these symbols has none', () => {
  const kernel = new SlubKernel({ types: slub61 })
  const slab = kernel.slab(kernel.cache('kmalloc-128', { objectBytes: 128 }))
  expect(queuedSlots(kernel, slab)).toEqual([])
})
