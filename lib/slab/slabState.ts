import type { AllocatorReader } from './allocatorReader.js'
import { readAliases } from './aliases.js'
import { NO_INDEX, type SlabCache, type SlabObjects } from './model.js'
import { gatherObjects } from './gatherObjects.js'
import { readRcuQueues, type RcuQueues } from './rcuQueues.js'
import { counted } from '../util/units.js'
import type { SlabTable } from './slabTable.js'
import type { OwnArray, SlabPlace, SlabRecords } from './slabs.js'
import { noSuchCache } from './noSuchCache.js'

/** Drives the readers: what is asked for decides which caches' lists are walked. */
export class SlabState {
  #caches: readonly SlabCache[] | undefined
  #records: SlabRecords | undefined
  #queues: RcuQueues | undefined
  /** All objects, as several analyses in turn ask for them. */
  #all: SlabObjects | undefined
  #aliases: ReturnType<typeof readAliases> | undefined
  #queuedMarked = false
  readonly #held: Uint8Array
  readonly #freed: Uint8Array

  constructor(readonly table: SlabTable, readonly allocator: AllocatorReader) {
    this.#held = new Uint8Array(table.caches.length)
    this.#freed = new Uint8Array(table.caches.length)
  }

  caches(): readonly SlabCache[] {
    return (this.#caches ??= this.#countCaches())
  }

  objects(names?: readonly string[]): SlabObjects {
    const chosen = names === undefined ? this.table.caches.map((_, cache) => cache) : this.#named(names)
    for (const cache of chosen) this.settle(cache)
    this.#markQueued()
    if (names !== undefined) return gatherObjects(this.table, this.caches(), chosen)
    return (this.#all ??= gatherObjects(this.table, this.caches(), undefined))
  }

  slabs(): SlabRecords {
    return (this.#records ??= this.#readRecords())
  }

  find(address: bigint): SlabPlace | undefined {
    const { table } = this
    const physical = table.view.physicalOf(address)
    const slab = physical === undefined ? -1 : table.ofFrame(Math.floor(physical / table.view.pageBytes))
    if (slab < 0 || table.cache[slab] === NO_INDEX) return undefined
    this.settle(table.cache[slab])
    this.#markQueued()
    const slot = table.slotOf(slab, address)
    const place = { cache: this.caches()[table.cache[slab]], slab, slabAddress: table.address(slab) }
    if (slot === undefined) return { ...place, slot: null, object: null, offset: Number(address - table.address(slab)), state: null, queued: false }
    const object = table.objectAddress(slab, slot)
    const entry = table.first[slab] + slot
    return { ...place, slot, object, offset: Number(address - object), state: table.state[entry], queued: table.queued[entry] === 1 }
  }

  ownArrays(): readonly OwnArray[] {
    this.table.caches.forEach((_, cache) => this.hold(cache))
    return this.allocator.ownArrays()
  }

  /** Marks what lists outside a cache's slabs hold. */
  hold(cache: number): void {
    if (this.#held[cache] === 1) return
    if (this.allocator.holdWaiting !== undefined && this.#queues === undefined) {
      this.allocator.holdWaiting(this.table, this.queues().sheaves)
    }
    this.#held[cache] = 1
    this.allocator.hold(this.table, cache)
  }

  /** Brings the state of every object of a cache up to what the dump says. */
  settle(cache: number): void {
    if (this.#freed[cache] === 1) return
    this.hold(cache)
    this.#freed[cache] = 1
    this.allocator.free(this.table, cache)
  }

  queues(): RcuQueues {
    return (this.#queues ??= readRcuQueues(this.table.view))
  }

  #markQueued(): void {
    if (this.#queuedMarked) return
    this.#queuedMarked = true
    for (const address of this.queues().freed) {
      const found = this.table.holding(address)
      if (found !== undefined) this.table.queued[this.table.first[found.slab] + found.slot] = 1
    }
  }

  #countCaches(): SlabCache[] {
    const { table } = this
    const lacking: { name: string; missing: number; pages: number }[] = []
    // Which sheaves are not in the dump shows when they are looked for.
    if (this.allocator.holdWaiting !== undefined) table.caches.forEach((_, cache) => this.hold(cache))
    const caches = table.caches.map((record, cache) => {
      let slabs = 0
      let bytes = 0
      let total = 0
      let missing = 0
      for (const slab of table.ofCache(cache)) {
        total += table.objects[slab]
        missing += table.missingPages[slab]
        // KFENCE's pages are no slabs of the cache, though the object in one is the cache's.
        if (table.guarded[slab] === 1 || table.leaving[slab] === 1) continue
        slabs++
        bytes += table.bytes(slab)
      }
      if (missing > 0) lacking.push({ name: record.name, missing, pages: bytes / table.view.pageBytes })
      return this.#cacheOf(cache, { slabs, bytes, total })
    })
    this.#warnOfMissing(lacking)
    return caches
  }

  /** What takes walking free lists, or reading sysfs, waits until somebody asks: who wants one cache shall not pay for all. */
  #cacheOf(cache: number, counts: { readonly slabs: number; readonly bytes: number; readonly total: number }): SlabCache {
    const { table } = this
    const record = table.caches[cache]
    let allocated: number | undefined
    const count = (): number => {
      this.settle(cache)
      return table.ofCache(cache).reduce((sum, slab) => sum + table.allocated(slab), 0)
    }
    const aliases = (): readonly string[] => (this.#aliases ??= readAliases(table.view, table.caches)).get(record.address) ?? []
    return {
      name: record.name,
      address: record.address,
      objectBytes: record.objectBytes,
      slotBytes: record.slotBytes,
      get allocated() { return (allocated ??= count()) },
      ...counts,
      slabBytes: record.slabPages * table.view.pageBytes,
      get aliases() { return aliases() },
      reclaimable: record.flags.reclaimable
    }
  }

  /** One warning for all caches that suffer, with how much each does. */
  #warnOfMissing(lacking: { name: string; missing: number; pages: number }[]): void {
    const { view, caches } = this.table
    if (lacking.length > 0) {
      const total = lacking.reduce((sum, { missing }) => sum + missing, 0)
      const each = lacking.sort((a, b) => b.missing - a.missing).map(({ name, missing, pages }) => `${name} ${missing} of ${pages}`)
      view.warnings.add(`not in the dump: ${counted(total, 'slab page')} of ${counted(lacking.length, 'cache')} (makedumpfile may have dropped them): ` +
        `their contents are missing, and objects whose free list leads there are unknown: ${each.join(', ')}`)
    }
    const lost = caches.map(({ name, address }) => ({ name, objects: this.allocator.lostObjects?.(address) ?? 0 })).filter(({ objects }) => objects > 0)
    if (lost.length === 0) return
    const each = lost.sort((a, b) => b.objects - a.objects).map(({ name, objects }) => `${name} ${objects}`)
    view.warnings.add(`not in the dump: sheaves of ${counted(lost.length, 'cache')}: the free objects in them count as allocated, at most ${each.join(', ')}`)
  }

  #named(names: readonly string[]): number[] {
    const chosen = new Set<number>()
    for (const name of names) {
      const found = this.table.caches.flatMap((record, cache) => (record.name === name ? [cache] : []))
      const merged = found.length > 0 ? found : this.caches().flatMap(({ aliases }, cache) => (aliases.includes(name) ? [cache] : []))
      if (merged.length === 0) throw noSuchCache(name, this.caches())
      for (const cache of merged) chosen.add(cache)
    }
    return [...chosen]
  }

  #readRecords(): SlabRecords {
    const { table } = this
    table.caches.forEach((_, cache) => this.settle(cache))
    const address = new BigUint64Array(table.length)
    const allocated = new Uint32Array(table.length)
    for (let slab = 0; slab < table.length; slab++) {
      address[slab] = table.address(slab)
      allocated[slab] = table.cache[slab] === NO_INDEX ? 0 : table.allocated(slab)
    }
    const { length, frame, pages, cache, objects, missingPages, corrupt } = table
    return { length, address, frame, pages, cache, objects, allocated, missingPages, corrupt }
  }
}
