import { FaultError } from '../../errors.js'
import { readPointer } from '../../memory/memory.js'
import type { KernelView } from '../../slab/kernelView.js'
import { walkList, walkNext } from '../../slab/lists.js'
import { kfreeBlocks } from '../../slab/rcuQueues.js'
import { StructReader } from '../../slab/structReader.js'

/** Memory whose addresses are no references. */
export interface WeakMemory {
  readonly reason: string
  readonly start: bigint
  readonly end: bigint
}

const LINK_BYTES = 16n
const WORD = 8n
/** More than a machine has: a list that leads in circles ends. */
const MOST = 1 << 20

/**
 * Memory that names objects without using them: lists on which whatever has a counter stands, and arrays that still hold what was taken out of
 * them. What only these lead to is lost.
 */
export function weakMemory(view: KernelView): WeakMemory[] {
  return [...counterLinks(view), ...view.cpus.flatMap((cpu) => [...takenBuffers(view, cpu), ...emptyBlocks(view, cpu)])]
}

/** Every `struct percpu_counter` is on one list, for CPUs that go offline (lib/percpu_counter.c): an mm_struct has four of them. */
function counterLinks(view: KernelView): WeakMemory[] {
  const head = view.symbol('percpu_counters')
  if (head === undefined) return []
  return [head, ...walkList(view.memory, head, MOST).entries].map((start) => ({ reason: 'the list of all per-CPU counters', start, end: start + LINK_BYTES }))
}

/** Buffers in front of the network stack's free list: `skb_cache` from `skb_count` on (net/core/skbuff.c). */
function takenBuffers(view: KernelView, cpu: number): WeakMemory[] {
  return ofCpu(view, 'napi_alloc_cache', cpu, 'napi_alloc_cache', (cache, address) => {
    const array = cache.find('skb_cache')
    if (array?.bytes == null || !cache.has('skb_count')) return []
    const end = address + BigInt(array.offset + array.bytes)
    const start = address + BigInt(array.offset) + WORD * BigInt(cache.number(address, 'skb_count'))
    return start < end ? [{ reason: 'what was taken out of the cache of socket buffers', start, end }] : []
  })
}

/**
 * Pages of kfree_rcu with the addresses of what they freed last: those that it keeps for later (`bkvcache` of `krc`, kernel/rcu/tree.c, mm/slab_common.c
 * since v6.14), and of others what stands behind the addresses that wait.
 */
function emptyBlocks(view: KernelView, cpu: number): WeakMemory[] {
  return ofCpu(view, 'krc', cpu, 'kfree_rcu_cpu', (krc, address) => {
    const kept = krc.has('bkvcache') ? walkNext(view.memory, readPointer(view.memory, address + BigInt(krc.offset('bkvcache'))), 0, MOST).entries : []
    const used = kfreeBlocks(view, address).map(({ first, records, end }) => ({ start: first + WORD * BigInt(records), end }))
    return [...kept.map((page) => ({ start: page + WORD, end: page + BigInt(view.pageBytes) })), ...used]
      .map((range) => ({ reason: 'what kfree_rcu has freed', ...range }))
  })
}

function ofCpu(view: KernelView, variable: string, cpu: number, struct: string, find: (reader: StructReader, address: bigint) => WeakMemory[]): WeakMemory[] {
  const symbol = view.symbol(variable)
  const reader = new StructReader(view.memory, view.types, struct)
  if (symbol === undefined || !reader.exists) return []
  try {
    return find(reader, view.perCpu(symbol, cpu))
  } catch (error) {
    // What the dump lacks is not scanned either.
    if (error instanceof FaultError) return []
    throw error
  }
}
