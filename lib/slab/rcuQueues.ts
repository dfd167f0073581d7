import { FaultError } from '../errors.js'
import { readU64 } from '../memory/memory.js'
import type { KernelView } from './kernelView.js'
import { walkList, walkNext } from './lists.js'
import { StructReader } from './structReader.js'

/** What waits for an RCU grace period. */
export interface RcuQueues {
  /** Addresses in objects (their start, or their `rcu_head`) that kfree_rcu will free. */
  readonly freed: bigint[]
  /** Sheaves on their way back: `rcu_head` of each. */
  readonly sheaves: bigint[]
}

/** More callbacks than a machine that still runs has. */
const MOST_CALLBACKS = 1 << 24
/** kfree_rcu puts the offset of the rcu_head where the function belongs; no function lies that low (include/linux/rcupdate.h, __is_kvfree_rcu_offset). */
const KVFREE_OFFSETS = 4096n
const POINTER_BYTES = 8
/** Functions that put the objects of a sheaf back (mm/slub.c). */
const sheafFunctions = ['rcu_free_sheaf', 'rcu_free_sheaf_nobarn']

/**
 * Everything that kfree_rcu has queued, on every possible CPU: the lists and bulk blocks of `krc` (kernel/rcu/tree.c, mm/slab_common.c
 * since v6.14), in front of a batch and in one, and RCU's own callback lists. Reads what this kernel has and warns of what breaks off.
 */
export function readRcuQueues(view: KernelView): RcuQueues {
  const queues: RcuQueues = { freed: [], sheaves: [] }
  const krc = view.symbol('krc')
  const data = view.symbol('rcu_data')
  for (const cpu of view.cpus) {
    if (krc !== undefined) guard(view, `the kfree_rcu queue of CPU ${cpu}`, () => readKrc(view, view.perCpu(krc, cpu), queues))
    if (data !== undefined) guard(view, `the RCU callbacks of CPU ${cpu}`, () => readCallbacks(view, view.perCpu(data, cpu), queues))
  }
  return queues
}

function guard(view: KernelView, what: string, read: () => void): void {
  try {
    read()
  } catch (error) {
    if (!(error instanceof FaultError)) throw error
    view.warnings.add(`${what}: ${error.message}; objects in it are not marked as queued`)
  }
}

function readKrc(view: KernelView, krcp: bigint, queues: RcuQueues): void {
  for (const { owner, at } of krcLists(view, krcp)) {
    const member = owner.spelled('head', 'head_free')
    if (member !== undefined) addHeads(view, owner.pointer(at, member), queues)
  }
  for (const { records, first } of kfreeBlocks(view, krcp)) {
    for (let i = 0; i < records; i++) queues.freed.push(readU64(view.memory, first + BigInt(i * POINTER_BYTES), 'kvfree_rcu_bulk_data'))
  }
}

/** Addresses that wait in one page: so many from `first` on. What stands behind them, up to `end`, is of former use. */
export interface KfreeBlock {
  readonly first: bigint
  readonly records: number
  readonly end: bigint
}

/** The blocks that a CPU's `krc` has filled, in front of a batch and in one. @throws FaultError for what the dump lacks */
export function kfreeBlocks(view: KernelView, krcp: bigint): KfreeBlock[] {
  return krcLists(view, krcp).flatMap(({ owner, at }) => blocksOf(view, owner, at))
}

/** The structs of a CPU that have lists of what is to be freed. */
function krcLists(view: KernelView, krcp: bigint): { owner: StructReader; at: bigint }[] {
  const krc = new StructReader(view.memory, view.types, 'kfree_rcu_cpu')
  const work = new StructReader(view.memory, view.types, 'kfree_rcu_cpu_work')
  if (!krc.exists) return []
  const lists = [{ owner: krc, at: krcp }]
  const batches = krc.find('krw_arr')
  if (batches?.bytes == null || !work.exists) return lists
  for (let offset = 0; offset + work.bytes <= batches.bytes; offset += work.bytes) lists.push({ owner: work, at: krcp + BigInt(batches.offset + offset) })
  return lists
}

/** A chain of `rcu_head`s in the objects themselves. */
function addHeads(view: KernelView, head: bigint, queues: RcuQueues): void {
  const next = view.types.member('callback_head', 'next')?.offset ?? 0
  const { entries, trouble } = walkNext(view.memory, head, next, MOST_CALLBACKS)
  if (trouble !== null) view.warnings.add(`a kfree_rcu list breaks off: ${trouble}`)
  for (const entry of entries) queues.freed.push(entry)
}

/** Chains of blocks of pointers, one chain for slab objects and one for vmalloc: list_heads since v6.4, plain `next` pointers before. */
function blocksOf(view: KernelView, owner: StructReader, address: bigint): KfreeBlock[] {
  const block = new StructReader(view.memory, view.types, 'kvfree_rcu_bulk_data')
  const member = owner.spelled('bulk_head', 'bkvhead', 'bulk_head_free', 'bkvhead_free')
  const place = member === undefined ? undefined : owner.find(member)
  if (place?.bytes == null || !block.exists) return []
  const listed = block.has('list') && place.type.includes('list_head')
  const step = listed ? 2 * POINTER_BYTES : POINTER_BYTES
  const found: KfreeBlock[] = []
  for (let offset = 0; offset + step <= place.bytes; offset += step) {
    const head = address + BigInt(place.offset + offset)
    const walk = listed ? walkList(view.memory, head, MOST_CALLBACKS)
      : walkNext(view.memory, readU64(view.memory, head, member), block.offset('next'), MOST_CALLBACKS)
    if (walk.trouble !== null) view.warnings.add(`a list of kfree_rcu blocks breaks off: ${walk.trouble}`)
    const link = listed ? BigInt(block.offset('list')) : 0n
    for (const entry of walk.entries) {
      const records = block.number(entry - link, 'nr_records')
      const first = entry - link + BigInt(block.offset('records'))
      // A block is one page at most (KVFREE_BULK_MAX_ENTR).
      if (records <= (view.pageBytes - block.offset('records')) / POINTER_BYTES) found.push({ first, records, end: entry - link + BigInt(view.pageBytes) })
      else view.warnings.add(`a kfree_rcu block claims ${records} records`)
    }
  }
  return found
}

/** RCU's own lists: kfree_rcu without batching ends up here, and sheaves whose objects wait. */
function readCallbacks(view: KernelView, data: bigint, queues: RcuQueues): void {
  const rcuData = new StructReader(view.memory, view.types, 'rcu_data')
  const head = new StructReader(view.memory, view.types, 'callback_head')
  if (!rcuData.exists || !head.exists) return
  const ends = new Set(sheafFunctions.map((name) => view.symbol(name)))
  for (const list of ['cblist.head', 'nocb_bypass.head']) {
    if (!rcuData.has(list)) continue
    const { entries, trouble } = walkNext(view.memory, rcuData.pointer(data, list), head.offset('next'), MOST_CALLBACKS)
    if (trouble !== null) view.warnings.add(`a list of RCU callbacks breaks off: ${trouble}`)
    for (const entry of entries) {
      const called = head.pointer(entry, 'func')
      if (called < KVFREE_OFFSETS) queues.freed.push(entry)
      else if (ends.has(called)) queues.sheaves.push(entry)
    }
  }
}
