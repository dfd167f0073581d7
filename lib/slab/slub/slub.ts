import { hex } from '../../util/hex.js'
import type { AllocatorReader } from '../allocatorReader.js'
import { CacheNodes } from '../cacheNodes.js'
import type { KernelView } from '../kernelView.js'
import { ALLOCATED, CACHED, FREE, NO_INDEX } from '../model.js'
import type { SlabPageLayout, SlabPages } from '../pageScan.js'
import type { OwnArray } from '../slabs.js'
import type { SlabTable } from '../slabTable.js'
import { StructReader } from '../structReader.js'
import { CpuSlabs, type CpuSlab } from './cpuSlabs.js'
import { FreeLists, type FreeListWalk } from './freeLists.js'
import { freePointerCoding } from './freePointer.js'
import { Sheaves, type Sheaf } from './sheaves.js'

/** `counters` of a slab: inuse:16, objects:15, frozen:1 (mm/slab.h). */
const IN_USE_MASK = 0xffff
const OBJECTS_SHIFT = 16
const OBJECTS_MASK = 0x7fff
const emptyList: FreeListWalk = { found: 0, whole: true }

/** Where SLUB keeps what the page scan takes: in `struct slab` since v5.17, in `struct page` before. */
export function slubLayout(view: KernelView): SlabPageLayout {
  const slab = slabStruct(view)
  return { cache: slab.offset('slab_cache'), freelist: slab.offset('freelist'), counters: slab.offset('inuse'), firstObject: -1 }
}

/** `struct slab`, or `struct page` on kernels that have none (Linux commit d122019bf061 ("mm: Split slab into its own type") in v5.17). */
export function slabStruct(view: KernelView): StructReader {
  const slab = new StructReader(view.memory, view.types, 'slab')
  return slab.has('slab_cache') ? slab : new StructReader(view.memory, view.types, 'page')
}

/** Reads the SLUB allocator's state: free lists in the slabs, CPUs' own slabs and partial lists, sheaves and barns. */
export class Slub implements AllocatorReader {
  readonly #cpuSlabs: CpuSlabs
  #pages: SlabPages | undefined
  #sheaves: Sheaves | undefined
  #lists: FreeLists | undefined
  readonly #held = new Map<number, readonly CpuSlab[]>()
  readonly #ownArrays: OwnArray[] = []
  readonly #inSheaves = new Map<number, number>()

  /** Present only where the kernel has sheaves, so that others need not walk RCU's lists for counts. */
  readonly holdWaiting: AllocatorReader['holdWaiting']

  constructor(readonly view: KernelView) {
    this.#cpuSlabs = new CpuSlabs(view)
    if (Sheaves.exist(view)) this.holdWaiting = (table, heads) => this.#holdWaiting(table, heads)
  }

  count(table: SlabTable, pages: SlabPages): void {
    this.#pages = pages
    for (let slab = 0; slab < table.length; slab++) {
      const cache = table.caches[table.cache[slab]]
      if (cache === undefined || table.guarded[slab] === 1) continue
      const counters = pages.counters[slab]
      const objects = (counters >>> OBJECTS_SHIFT) & OBJECTS_MASK
      const inUse = counters & IN_USE_MASK
      const fit = Math.floor(table.bytes(slab) / cache.slotBytes)
      table.objects[slab] = objects
      table.inUse[slab] = inUse
      if (objects === 0 || objects > fit) {
        table.objects[slab] = Math.min(fit, cache.slabObjects)
        table.inUse[slab] = NO_INDEX
        table.damage(slab, `claims ${objects} objects where ${fit} fit`)
      } else if (inUse > objects) {
        table.inUse[slab] = NO_INDEX
        table.damage(slab, `claims ${inUse} of ${objects} objects in use`)
      }
    }
  }

  hold(table: SlabTable, cache: number): void {
    const lists = this.#freeLists(table)
    const record = table.caches[cache]
    for (const cpuSlab of this.cpuSlabs(table, cache)) {
      const { active, cpu, freelist } = cpuSlab
      for (const slab of cpuSlab.partial) table.ownerCpu[slab] = cpu
      if (active < 0) {
        if (freelist !== 0n && !this.view.sampled) this.view.warnings.add(`${record.name}: CPU ${cpu} has free objects from ${hex(freelist)} on, and no slab`)
        continue
      }
      if (table.cache[active] !== cache) {
        this.view.warnings.add(`${record.name}: CPU ${cpu} allocates from ${table.name(active)}`)
        continue
      }
      table.ownerCpu[active] = cpu
      const low = Number(freelist & 0xffffffffn)
      const walk = lists.walk(active, low, Number(freelist >> 32n), CACHED, `the free list of CPU ${cpu}`)
      table.held[active] += walk.found
      if (!walk.whole) table.uncertain[active] = 1
    }
    if (this.holdWaiting !== undefined) for (const sheaf of this.#sheavesOf(table).read(record)) this.#holdSheaf(table, cache, sheaf)
  }

  /** Objects in the sheaves of a cache, those outside of a sample too. Known once its objects are held. */
  inSheaves(cache: number): number {
    return this.#inSheaves.get(cache) ?? 0
  }

  lostObjects(cache: bigint): number {
    return this.#sheaves?.lost.get(cache) ?? 0
  }

  #sheavesOf(table: SlabTable): Sheaves {
    return (this.#sheaves ??= new Sheaves(this.view, new CacheNodes(this.view, table.caches)))
  }

  #holdWaiting(table: SlabTable, heads: readonly bigint[]): void {
    const byAddress = new Map(table.caches.map(({ address }, cache) => [address, cache]))
    for (const head of heads) {
      const sheaf = this.#sheavesOf(table).waiting(head, (address) => table.caches[byAddress.get(address) ?? -1])
      if (sheaf !== undefined) this.#holdSheaf(table, byAddress.get(sheaf.cache)!, sheaf)
    }
  }

  /** Marks the objects of one sheaf. */
  #holdSheaf(table: SlabTable, cache: number, sheaf: Sheaf): void {
    this.#ownArrays.push({ ...sheaf.memory, owner: 'slab_sheaf' })
    this.#inSheaves.set(cache, this.inSheaves(cache) + sheaf.objects.length)
    for (const address of sheaf.objects) {
      const found = table.objectAt(address)
      if (found === undefined && this.view.sampled) continue
      if (found === undefined || table.cache[found.slab] !== cache) {
        this.view.warnings.add(`${table.caches[cache].name}: ${sheaf.place} holds ${hex(address)}, which is none of its objects`)
        continue
      }
      const entry = table.first[found.slab] + found.slot
      if (table.state[entry] !== ALLOCATED) {
        table.damage(found.slab, `${sheaf.place} holds ${hex(address)}, which is free on another list too`)
        continue
      }
      table.state[entry] = sheaf.state
      table.held[found.slab]++
    }
  }

  free(table: SlabTable, cache: number): void {
    const lists = this.#freeLists(table)
    const { freelist } = this.#pages!
    for (const slab of table.ofCache(cache)) {
      if (table.guarded[slab] === 1 || table.leaving[slab] === 1) continue
      const [low, high] = [freelist[2 * slab], freelist[2 * slab + 1]]
      const state = table.ownerCpu[slab] >= 0 ? CACHED : FREE
      const walk = low === 0 && high === 0 ? emptyList : lists.walk(slab, low, high, state, 'its free list')
      table.listed[slab] = walk.found
      const used = table.objects[slab] - walk.found
      const counted = table.inUse[slab]
      // A list that broke off before it had named as many objects as the counter says: the others may be either.
      if (table.uncertain[slab] === 1 || (!walk.whole && used !== counted)) table.doubt(slab)
      else if (used !== counted && counted !== NO_INDEX) {
        table.damage(slab, `counts ${counted} objects in use where its free list leaves ${used}`)
      }
    }
  }

  ownArrays(): readonly OwnArray[] {
    return this.#ownArrays
  }

  /** Each CPU's part of a cache, read once. */
  cpuSlabs(table: SlabTable, cache: number): readonly CpuSlab[] {
    let found = this.#held.get(cache)
    if (found === undefined) this.#held.set(cache, (found = this.#cpuSlabs.read(table, table.caches[cache])))
    return found
  }

  #freeLists(table: SlabTable): FreeLists {
    this.#lists ??= new FreeLists(table, freePointerCoding(table, this.#pages!))
    return this.#lists
  }
}
