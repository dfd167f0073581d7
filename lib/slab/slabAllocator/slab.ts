import { hex } from '../../util/hex.js'
import type { AllocatorReader } from '../allocatorReader.js'
import { CacheNodes } from '../cacheNodes.js'
import type { KernelView } from '../kernelView.js'
import { ALLOCATED, CACHED, FREE, NO_INDEX } from '../model.js'
import type { SlabPageLayout, SlabPages } from '../pageScan.js'
import type { OwnArray } from '../slabs.js'
import type { SlabTable, Slot } from '../slabTable.js'
import { StructReader } from '../structReader.js'
import { ArrayCaches, type ArrayCache } from './arrayCaches.js'

/** Where SLAB keeps what the page scan takes (`struct slab` since v5.17, `struct page` before). */
export function slabLayout(view: KernelView): SlabPageLayout {
  const own = new StructReader(view.memory, view.types, 'slab')
  const slab = own.has('slab_cache') ? own : new StructReader(view.memory, view.types, 'page')
  return {
    cache: slab.offset('slab_cache'),
    freelist: slab.offset('freelist'),
    counters: slab.offset('active'),
    firstObject: slab.offset('s_mem')
  }
}

/**
 * Reads the SLAB allocator's state (until v6.7). A slab's `freelist` is an array of object numbers, of which those from `active` on are free;
 * it lies at the slab's start, in an object of another cache, or in a free object of the slab itself. Array caches hold further free objects
 * that the slab counts as active.
 */
export class Slab implements AllocatorReader {
  #pages: SlabPages | undefined
  #arrays: ArrayCaches | undefined
  readonly #indexBytes: number
  readonly #held = new Map<number, readonly ArrayCache[]>()

  constructor(readonly view: KernelView) {
    // One byte where a page holds at most 256 of the smallest objects, else two (mm/slab.c, FREELIST_BYTE_INDEX).
    this.#indexBytes = view.types.sizeOf('freelist_idx_t') ?? (view.pageBytes <= 4096 ? 1 : 2)
  }

  count(table: SlabTable, pages: SlabPages): void {
    this.#pages = pages
    for (let slab = 0; slab < table.length; slab++) {
      const cache = table.caches[table.cache[slab]]
      if (cache === undefined || table.guarded[slab] === 1) continue
      const start = table.baseAddress(slab)
      const first = (BigInt(pages.firstObject[2 * slab + 1]) << 32n) | BigInt(pages.firstObject[2 * slab])
      const bytes = cache.slabObjects * cache.slotBytes
      if (first < start || first + BigInt(bytes) > start + BigInt(table.bytes(slab))) {
        table.inUse[slab] = NO_INDEX
        table.damage(slab, `its first object lies at ${hex(first)}`)
        continue
      }
      table.base[2 * slab] = pages.firstObject[2 * slab]
      table.base[2 * slab + 1] = pages.firstObject[2 * slab + 1]
      table.objects[slab] = cache.slabObjects
      table.inUse[slab] = pages.counters[slab]
      if (pages.counters[slab] > cache.slabObjects) {
        table.inUse[slab] = NO_INDEX
        table.damage(slab, `claims ${pages.counters[slab]} of ${cache.slabObjects} objects in use`)
      }
    }
  }

  hold(table: SlabTable, cache: number): void {
    for (const { place, objects } of this.arrayCaches(table, cache)) {
      for (const address of objects) {
        const found = slotAt(table, address)
        if (found === undefined && this.view.sampled) continue
        if (found === undefined || table.cache[found.slab] !== cache) {
          this.view.warnings.add(`${table.caches[cache].name}: ${place} holds ${hex(address)}, which is none of its objects`)
          continue
        }
        const entry = table.first[found.slab] + found.slot
        if (table.state[entry] !== ALLOCATED) {
          table.damage(found.slab, `${place} holds ${hex(address)}, which is free on another list too`)
          continue
        }
        table.state[entry] = CACHED
        table.held[found.slab]++
      }
    }
  }

  free(table: SlabTable, cache: number): void {
    for (const slab of table.ofCache(cache)) {
      if (table.guarded[slab] === 1 || table.leaving[slab] === 1) continue
      if (!this.#freeOf(table, slab)) table.doubt(slab)
    }
  }

  ownArrays(): readonly OwnArray[] {
    return [...this.#held.values()].flat().map(({ memory }) => memory)
  }

  /** All array caches of a cache, read once. */
  arrayCaches(table: SlabTable, cache: number): readonly ArrayCache[] {
    let found = this.#held.get(cache)
    if (found === undefined) {
      this.#arrays ??= new ArrayCaches(this.view, new CacheNodes(this.view, table.caches))
      this.#held.set(cache, (found = this.#arrays.read(table.caches[cache])))
    }
    return found
  }

  /** Marks a slab's free objects; false where its array could not be read or cannot be true. */
  #freeOf(table: SlabTable, slab: number): boolean {
    const inUse = table.inUse[slab]
    const free = table.objects[slab] - inUse
    if (inUse === NO_INDEX) return false
    if (free === 0) return true
    const { freelist } = this.#pages!
    const list = (BigInt(freelist[2 * slab + 1]) << 32n) | BigInt(freelist[2 * slab])
    const bytes = this.view.memory.tryRead(list + BigInt(inUse * this.#indexBytes), free * this.#indexBytes)
    if (typeof bytes === 'string') {
      if (bytes === 'unmapped') table.damage(slab, `its free list lies at ${hex(list)}`)
      return false
    }
    for (let i = 0; i < free; i++) {
      const slot = this.#indexBytes === 1 ? bytes[i] : bytes[2 * i] | (bytes[2 * i + 1] << 8)
      if (slot >= table.objects[slab]) {
        table.damage(slab, `its free list holds object ${slot} of ${table.objects[slab]}`)
        return false
      }
      if (table.state[table.first[slab] + slot] !== ALLOCATED) {
        table.damage(slab, `its free list holds object ${slot}, which is free already`)
        return false
      }
      table.state[table.first[slab] + slot] = FREE
      table.listed[slab]++
    }
    return true
  }
}

/** The slot an array cache's entry means: with debugging on, it names the slot, not the payload in it. */
function slotAt(table: SlabTable, address: bigint): Slot | undefined {
  const found = table.holding(address)
  if (found === undefined) return undefined
  const payload = table.objectAddress(found.slab, found.slot)
  return payload === address || payload - BigInt(table.caches[table.cache[found.slab]].payloadOffset) === address ? found : undefined
}
