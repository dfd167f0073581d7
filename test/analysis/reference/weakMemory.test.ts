import { expect, test } from 'vitest'
import { weakMemory } from '../../../lib/analysis/reference/weakMemory.js'
import { openVmcore } from '../../../lib/system/openVmcore.js'
import { MiniKernel } from '../../builders/miniKernel.js'
import { describeEvidence, evidence } from '../../evidence.js'

const types = {
  structs: {
    napi_alloc_cache: { bytes: 64, members: { skb_count: [0, 4], skb_cache: [8, 32, 'void *[4]'] } },
    kfree_rcu_cpu: { bytes: 32, members: { bulk_head: [0, 16, 'struct list_head[1]'], bkvcache: 16 } },
    kvfree_rcu_bulk_data: { bytes: 24, members: { list: [0, 16], nr_records: 16, records: [24, 0] } }
  }
} as const

function ranges(kernel: MiniKernel): [reason: string, start: bigint, bytes: number][] {
  return weakMemory(kernel.view()).map(({ reason, start, end }) => [reason, start, Number(end - start)])
}

test('the links of the list of all per-CPU counters, in objects and at its head', () => {
  const kernel = new MiniKernel({ types })
  const head = kernel.symbol('percpu_counters', kernel.alloc(16))
  const counters = [kernel.alloc(40), kernel.alloc(40)]
  kernel.list(head, counters)
  expect(ranges(kernel)).toEqual([head, ...counters].map((address) => ['the list of all per-CPU counters', address, 16]))
})

test('socket buffers that were taken out of their cache', () => {
  const kernel = new MiniKernel({ types })
  const caches = kernel.symbol('napi_alloc_cache', kernel.allocPerCpu(64))
  kernel.set('napi_alloc_cache', kernel.perCpu(caches, 0), { skb_count: 3 })
  kernel.set('napi_alloc_cache', kernel.perCpu(caches, 1), { skb_count: 4 })
  expect(ranges(kernel)).toEqual([['what was taken out of the cache of socket buffers', kernel.perCpu(caches, 0) + 8n + 3n * 8n, 8]])
})

test('pages that kfree_rcu keeps, and of those in use what stands behind the addresses that wait', () => {
  const kernel = new MiniKernel({ types, cpus: [0] })
  const krc = kernel.perCpu(kernel.symbol('krc', kernel.allocPerCpu(32)), 0)
  const [kept, next, used] = [1, 2, 3].map(() => kernel.virtual(kernel.pages(1)))
  kernel.write(krc + 16n, kept).write(kept, next)
  kernel.list(krc, [used])
  kernel.set('kvfree_rcu_bulk_data', used, { nr_records: 5 })
  expect(ranges(kernel)).toEqual([[kept + 8n, 4088], [next + 8n, 4088], [used + 24n + 40n, 4096 - 64]].map(([start, bytes]) => ['what kfree_rcu has freed', start, bytes]))
})

test('what the kernel or the dump lacks is none', () => {
  expect(ranges(new MiniKernel({ types }))).toEqual([])
  const kernel = new MiniKernel({ types, cpus: [0] })
  const krc = kernel.perCpu(kernel.symbol('krc', kernel.allocPerCpu(32)), 0)
  kernel.dropped.add(kernel.frameOf(krc))
  expect(ranges(kernel)).toEqual([])
})

describeEvidence('of a real kernel', () => {
  test('each mm_struct has four counters since 6.2', async () => {
    const system = await openVmcore(evidence('x86_64-slub-6.12', 'vmcore'))
    const objects = system.objects(['mm_struct'])
    const counters = weakMemory(system.kernel).filter(({ reason }) => reason.includes('counters'))
    const bytes = BigInt(objects.caches[objects.cache[0]].objectBytes!)
    const live = Array.from(objects.address).filter((_, i) => objects.state[i] === 0)
    const within = live.map((address) => counters.filter(({ start }) => start >= address && start < address + bytes).length)
    expect(within.filter((count) => count === 4).length).toBeGreaterThan(0)
    expect(within.every((count) => count === 4 || count === 0)).toBe(true)
    system.close()
  })
})
