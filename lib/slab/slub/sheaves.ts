import { FaultError } from '../../errors.js'
import { hex } from '../../util/hex.js'
import type { CacheNodes } from '../cacheNodes.js'
import type { KernelView } from '../kernelView.js'
import type { KmemCache } from '../kmemCache.js'
import { walkList } from '../lists.js'
import { CACHED, PENDING } from '../model.js'
import type { MemoryRange } from '../slabs.js'
import { StructReader } from '../structReader.js'

/** Objects of one sheaf (`struct slab_sheaf`, mm/slub.c; v6.18). */
export interface Sheaf {
  readonly address: bigint
  /** Of the `kmem_cache`. */
  readonly cache: bigint
  /** CACHED, or PENDING in one that waits for an RCU grace period. */
  readonly state: number
  /** Where it was found, for messages: `the main sheaf of CPU 1`. */
  readonly place: string
  readonly objects: BigUint64Array
  /** Its array, entries that are not in use any more included. */
  readonly memory: MemoryRange
}

/** Objects of the largest sheaf: allocated with kmalloc, whose limit is a few MiB. */
const MOST_OBJECTS = 1 << 16
/** Sheaves of one node: MAX_FULL_SHEAVES and MAX_EMPTY_SHEAVES are 10 each (mm/slub.c). */
const MOST_SHEAVES = 1 << 12

/**
 * Reads sheaves: arrays of free objects that CPUs and nodes keep in front of the slabs. Their objects count as in use in the slabs' counters.
 * A sheaf that its user has filled beforehand is his, and so are its objects: they stay allocated.
 */
export class Sheaves {
  /** For caches of which sheaves are not in the dump: how many free objects may be in these. */
  readonly lost = new Map<bigint, number>()
  /** Sheaves of the cache at hand that could not be read. */
  #lost = 0
  readonly #cpu: StructReader
  readonly #sheaf: StructReader
  readonly #barn: StructReader
  readonly #cache: StructReader

  constructor(readonly view: KernelView, readonly nodes: CacheNodes) {
    const reader = (name: string): StructReader => new StructReader(view.memory, view.types, name)
    this.#cpu = reader('slub_percpu_sheaves')
    this.#sheaf = reader('slab_sheaf')
    this.#barn = reader('node_barn')
    this.#cache = reader('kmem_cache')
  }

  /** Whether this kernel has sheaves. */
  static exist(view: KernelView): boolean {
    return view.types.member('kmem_cache', 'cpu_sheaves') !== undefined && view.types.member('slab_sheaf', 'objects') !== undefined
  }

  /** All sheaves that CPUs and nodes keep for a cache. */
  read(cache: KmemCache): Sheaf[] {
    const capacity = this.#capacity(cache)
    const pointer = this.#cache.pointer(cache.address, 'cpu_sheaves')
    // Caches without sheaves have no pointer (6.18) or share one empty bootstrap sheaf of capacity 0 (7.0).
    if (pointer === 0n || capacity === 0) return []
    this.#lost = 0
    const found = [...this.#ofCpus(cache, pointer, capacity), ...this.#ofNodes(cache, capacity)]
    if (this.#lost > 0) this.lost.set(cache.address, this.#lost * capacity)
    return found
  }

  /** A full sheaf whose objects wait for RCU, by its `rcu_head`; it names its cache itself. */
  waiting(head: bigint, cacheAt: (address: bigint) => KmemCache | undefined): Sheaf | undefined {
    const address = head - BigInt(this.#sheaf.find('rcu_head')?.offset ?? this.#sheaf.find('callback_head')?.offset ?? 0)
    try {
      const cache = cacheAt(this.#sheaf.pointer(address, 'cache'))
      return cache === undefined ? undefined : this.at(cache, address, 'a sheaf that waits for RCU', PENDING, this.#capacity(cache))
    } catch (error) {
      if (!(error instanceof FaultError)) throw error
      this.view.warnings.add(`a sheaf that waits for RCU: ${error.message}`)
      return undefined
    }
  }

  #capacity(cache: KmemCache): number {
    return this.#cache.has('sheaf_capacity') ? this.#cache.number(cache.address, 'sheaf_capacity') : MOST_OBJECTS
  }

  /** A sheaf by address; undefined where it cannot be one, with a warning, or is not in the dump. */
  at(cache: KmemCache, address: bigint, place: string, state: number, capacity: number): Sheaf | undefined {
    const { memory, warnings } = this.view
    try {
      const size = this.#sheaf.number(address, 'size')
      if (size > Math.min(capacity, MOST_OBJECTS)) {
        warnings.add(`${cache.name}: ${place} at ${hex(address)} claims ${size} objects where ${capacity} fit`)
        return undefined
      }
      const objects = new BigUint64Array(size)
      const first = address + BigInt(this.#sheaf.offset('objects'))
      const bytes = memory.tryRead(first, 8 * size)
      if (typeof bytes === 'string') throw new FaultError(first, bytes, 'slab_sheaf.objects')
      const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      for (let i = 0; i < size; i++) objects[i] = words.getBigUint64(8 * i, memory.littleEndian)
      // Without a capacity, no further than it is filled.
      const entries = this.#cache.has('sheaf_capacity') ? capacity : size
      return { address, cache: cache.address, state, place, objects, memory: { start: first, end: first + BigInt(8 * entries) } }
    } catch (error) {
      if (!(error instanceof FaultError)) throw error
      this.#lost++
      return undefined
    }
  }

  #ofCpus(cache: KmemCache, pointer: bigint, capacity: number): Sheaf[] {
    const found: Sheaf[] = []
    for (const cpu of this.view.cpus) {
      const address = this.view.perCpu(pointer, cpu)
      for (const [member, state] of [['main', CACHED], ['spare', CACHED], ['rcu_free', PENDING]] as const) {
        try {
          const sheaf = this.#cpu.has(member) ? this.#cpu.pointer(address, member) : 0n
          const read = sheaf === 0n ? undefined : this.at(cache, sheaf, `the ${member} sheaf of CPU ${cpu}`, state, capacity)
          if (read !== undefined) found.push(read)
        } catch (error) {
          if (!(error instanceof FaultError)) throw error
          this.#lost++
        }
      }
    }
    return found
  }

  /** A missing page hides the sheaves behind it; the barn's counter says how many. Anything else is corruption. */
  #listBroken(cache: KmemCache, barn: bigint, member: string, node: number, found: number, trouble: string): void {
    if (!/excluded|not in the evidence/.test(trouble)) this.view.warnings.add(`${cache.name}: ${member} of node ${node} breaks off: ${trouble}`)
    if (member !== 'sheaves_full') return
    const place = this.#barn.find('nr_full')
    const counter = place === undefined ? 'absent' : this.view.memory.tryRead(barn + BigInt(place.offset), 4)
    const counted = typeof counter === 'string' ? 0 : new DataView(counter.buffer, counter.byteOffset, 4).getUint32(0, this.view.memory.littleEndian)
    this.#lost += Math.min(Math.max(1, counted - found), MOST_SHEAVES)
  }

  #ofNodes(cache: KmemCache, capacity: number): Sheaf[] {
    const found: Sheaf[] = []
    if (!this.#barn.exists) return found
    const link = BigInt(this.#sheaf.offset('barn_list'))
    for (const { node, barn } of this.nodes.of(cache)) {
      if (barn === 0n) continue
      for (const member of ['sheaves_full', 'sheaves_empty']) {
        const { entries, trouble } = walkList(this.view.memory, barn + BigInt(this.#barn.offset(member)), MOST_SHEAVES)
        if (trouble !== null) this.#listBroken(cache, barn, member, node, entries.length, trouble)
        for (const entry of entries) {
          const read = this.at(cache, entry - link, `a sheaf of node ${node}`, CACHED, capacity)
          if (read !== undefined) found.push(read)
        }
      }
    }
    return found
  }
}
