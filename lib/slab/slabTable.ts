import { hex } from '../util/hex.js'
import type { KernelView } from './kernelView.js'
import type { KmemCache } from './kmemCache.js'
import { ALLOCATED, NO_INDEX, UNKNOWN } from './model.js'
import type { SlabPages } from './pageScan.js'

/** Frames a bucket of the frame index spans. */
const BUCKET_SHIFT = 9
/** A slab that no CPU owns. */
const NO_CPU = -1

/** A slot of a slab. */
export interface Slot {
  readonly slab: number
  readonly slot: number
}

/**
 * All slabs of a dump and the state of every slot in them. Rows are in frame order, which is address order in the direct map;
 * the slots of slab `s` are entries `first[s]` to `first[s + 1]` of `state` and `queued`.
 * The allocator's readers fill in `objects`, `inUse` and the states.
 */
export class SlabTable {
  readonly length: number
  readonly frame: Float64Array
  readonly pages: Uint32Array
  /** Row of `caches`, or NO_INDEX. */
  readonly cache: Uint32Array
  /** Address of the first slot, low word first. SLAB may colour the start of a slab or put its free list there. */
  readonly base: Uint32Array
  readonly objects: Uint32Array
  /** Objects in use by the slab's own counter: what per-CPU lists and sheaves hold is in it. NO_INDEX where the counter cannot be true. */
  readonly inUse: Uint32Array
  /** Objects that lists outside the slab hold: CPUs, array caches, sheaves. */
  readonly held: Uint32Array
  /** Objects that the slab's own free list holds. */
  readonly listed: Uint32Array
  /** 1: a list broke off before it was known of every object whether it is free. */
  readonly uncertain: Uint8Array
  readonly missingPages: Uint32Array
  readonly corrupt: Uint8Array
  /** CPU that owns the slab (it is its active one, or on its partial list), or -1: free objects in it are that CPU's. */
  readonly ownerCpu: Int32Array
  /** Whether the slab's one page is KFENCE's. */
  readonly guarded: Uint8Array
  /** Whether the slab is empty and waits for RCU before its pages go back. It has no objects any more. */
  readonly leaving: Uint8Array
  first = new Uint32Array(1)
  state = new Uint8Array(0)
  queued = new Uint8Array(0)
  readonly #guardedStates = new Map<number, number>()
  readonly #buckets: Uint32Array
  /** The row that {@link ofFrame} found last. */
  #found = -1
  #byCache: { rows: Uint32Array; first: Uint32Array } | undefined

  constructor(readonly view: KernelView, readonly caches: readonly KmemCache[], scanned: SlabPages, cacheOfRow: Uint32Array) {
    this.length = scanned.length
    this.frame = scanned.frame
    this.pages = scanned.pages
    this.cache = cacheOfRow
    this.base = new Uint32Array(2 * this.length)
    this.objects = new Uint32Array(this.length)
    this.inUse = new Uint32Array(this.length)
    this.held = new Uint32Array(this.length)
    this.listed = new Uint32Array(this.length)
    this.uncertain = new Uint8Array(this.length)
    this.missingPages = new Uint32Array(this.length)
    this.corrupt = new Uint8Array(this.length)
    this.ownerCpu = new Int32Array(this.length).fill(NO_CPU)
    this.guarded = new Uint8Array(this.length)
    this.leaving = new Uint8Array(this.length)
    this.#buckets = this.#index()
    this.#baseAndPages()
  }

  /** Makes a slab KFENCE's: one object, at `base` as if it were a slot, in a state that its metadata says. */
  guard(slab: number, base: bigint, state: number): void {
    this.guarded[slab] = 1
    this.base[2 * slab] = Number(base & 0xffffffffn)
    this.base[2 * slab + 1] = Number(base >> 32n)
    this.objects[slab] = 1
    this.inUse[slab] = state === ALLOCATED ? 1 : 0
    this.#guardedStates.set(slab, state)
  }

  /** Takes a slab out of its cache's counts: it is on its way back to the page allocator. */
  leave(slab: number): void {
    this.leaving[slab] = 1
    this.objects[slab] = 0
  }

  /** Rows whose first frame lies between two frames. */
  * inFrames(first: number, last: number): Generator<number> {
    for (let slab = 0; slab < this.length; slab++) if (this.frame[slab] >= first && this.frame[slab] <= last) yield slab
  }

  /** Lays out the states once `objects` is filled in. */
  allot(): void {
    const first = new Uint32Array(this.length + 1)
    for (let slab = 0; slab < this.length; slab++) first[slab + 1] = first[slab] + this.objects[slab]
    this.first = first
    this.state = new Uint8Array(first[this.length]).fill(ALLOCATED)
    this.queued = new Uint8Array(first[this.length])
    for (const [slab, state] of this.#guardedStates) this.state[first[slab]] = state
  }

  /** Rows of a cache's slabs, in address order. */
  ofCache(cache: number): Uint32Array {
    this.#byCache ??= this.#sortByCache()
    const { rows, first } = this.#byCache
    return rows.subarray(first[cache], first[cache + 1])
  }

  /** Row of the slab that holds a frame, or -1. */
  ofFrame(frame: number): number {
    if (!(frame >= 0)) return -1
    // Frames are asked for in order for the most part: those of the slab found last, those behind it, then those of the next one.
    if (!this.#isLastUpTo(frame, this.#found)) this.#found = this.#isLastUpTo(frame, this.#found + 1) ? this.#found + 1 : this.#lastUpTo(frame)
    const slab = this.#found
    return slab >= 0 && frame < this.frame[slab] + this.pages[slab] ? slab : -1
  }

  #isLastUpTo(frame: number, slab: number): boolean {
    return slab >= 0 && this.frame[slab] <= frame && (slab + 1 >= this.length || this.frame[slab + 1] > frame)
  }

  /** The last slab that starts at or before a frame, or -1: in the frame's bucket, or the last one of an earlier bucket. */
  #lastUpTo(frame: number): number {
    const bucket = Math.floor(frame / 2 ** BUCKET_SHIFT)
    if (bucket + 1 >= this.#buckets.length) return -1
    let low = this.#buckets[bucket]
    let high = this.#buckets[bucket + 1]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.frame[middle] <= frame) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  /** Row of the slab whose page structure lies at `address`, or -1. */
  ofPageStruct(address: bigint): number {
    const frame = this.view.frameOfPageStruct(address)
    if (frame === undefined) return -1
    const slab = this.ofFrame(frame)
    return slab >= 0 && this.frame[slab] === frame && this.view.pageStructOf(frame) === address ? slab : -1
  }

  /** Virtual address of a slab's first byte. */
  address(slab: number): bigint {
    return this.view.virtualOf(this.frame[slab] * this.view.pageBytes)
  }

  /** Bytes of a slab. */
  bytes(slab: number): number {
    return this.pages[slab] * this.view.pageBytes
  }

  /** Virtual address of a slab's first slot. */
  baseAddress(slab: number): bigint {
    return (BigInt(this.base[2 * slab + 1]) << 32n) | BigInt(this.base[2 * slab])
  }

  /** Payload address of an object. */
  objectAddress(slab: number, slot: number): bigint {
    const cache = this.caches[this.cache[slab]]
    return this.baseAddress(slab) + BigInt(slot * cache.slotBytes + cache.payloadOffset)
  }

  /** The slot whose payload starts at `address`; undefined where that is no object of any slab. */
  objectAt(address: bigint): Slot | undefined {
    const found = this.holding(address)
    return found !== undefined && this.objectAddress(found.slab, found.slot) === address ? found : undefined
  }

  /** The slot that an address lies in, be it in its payload or not; undefined outside of slots. */
  holding(address: bigint): Slot | undefined {
    const physical = this.view.physicalOf(address)
    const slab = physical === undefined ? -1 : this.ofFrame(Math.floor(physical / this.view.pageBytes))
    if (slab < 0 || this.cache[slab] === NO_INDEX) return undefined
    const slot = this.slotOf(slab, address)
    return slot === undefined ? undefined : { slab, slot }
  }

  /** The slot that holds an address of the slab; undefined in front of the first and behind the last one. */
  slotOf(slab: number, address: bigint): number | undefined {
    const offset = Number(address - this.baseAddress(slab))
    const slot = Math.floor(offset / this.caches[this.cache[slab]].slotBytes)
    return offset >= 0 && slot < this.objects[slab] ? slot : undefined
  }

  /** Objects of a slab that no list named may be either: those not known to be free become unknown. */
  doubt(slab: number): void {
    this.uncertain[slab] = 1
    for (let entry = this.first[slab]; entry < this.first[slab + 1]; entry++) if (this.state[entry] === ALLOCATED) this.state[entry] = UNKNOWN
  }

  /**
   * Objects of a slab in use, once its lists were walked: what these leave; where a list broke off, what the slab's counter says,
   * if it can be true.
   */
  allocated(slab: number): number {
    if (this.guarded[slab] === 1) return this.inUse[slab]
    if (this.uncertain[slab] === 0) return this.objects[slab] - this.listed[slab] - this.held[slab]
    return this.inUse[slab] === NO_INDEX ? 0 : Math.max(0, this.inUse[slab] - this.held[slab])
  }

  /** How messages name a slab. */
  name(slab: number): string {
    const cache = this.caches[this.cache[slab]]
    return `${cache === undefined ? '' : `${cache.name}: `}slab ${hex(this.address(slab))}`
  }

  /** Marks a slab corrupt, and says so the first time. */
  damage(slab: number, found: string): void {
    if (this.corrupt[slab] === 0) this.view.warnings.add(`${this.name(slab)}: ${found}`)
    this.corrupt[slab] = 1
  }

  #sortByCache(): { rows: Uint32Array; first: Uint32Array } {
    const first = new Uint32Array(this.caches.length + 1)
    for (const cache of this.cache) if (cache !== NO_INDEX) first[cache + 1]++
    for (let cache = 0; cache < this.caches.length; cache++) first[cache + 1] += first[cache]
    const rows = new Uint32Array(first[this.caches.length])
    const next = first.slice()
    for (let slab = 0; slab < this.length; slab++) if (this.cache[slab] !== NO_INDEX) rows[next[this.cache[slab]]++] = slab
    return { rows, first }
  }

  #index(): Uint32Array {
    const last = this.length === 0 ? 0 : this.frame[this.length - 1] + this.pages[this.length - 1]
    const buckets = new Uint32Array(Math.floor(last / 2 ** BUCKET_SHIFT) + 2)
    let slab = 0
    for (let bucket = 0; bucket < buckets.length; bucket++) {
      const start = bucket * 2 ** BUCKET_SHIFT
      while (slab < this.length && this.frame[slab] < start) slab++
      buckets[bucket] = slab
    }
    return buckets
  }

  #baseAndPages(): void {
    const { view } = this
    // The direct map is one linear stretch: the words of an address come by addition, without a bigint for each slab.
    const start = this.length === 0 ? 0n : this.address(0)
    const low = Number(start & 0xffffffffn)
    const high = Number(start >> 32n)
    for (let slab = 0; slab < this.length; slab++) {
      const distance = (this.frame[slab] - this.frame[0]) * view.pageBytes + low
      this.base[2 * slab] = distance % 2 ** 32
      this.base[2 * slab + 1] = high + Math.floor(distance / 2 ** 32)
      for (let page = 0; page < this.pages[slab]; page++) if (!view.physical.has(this.frame[slab] + page)) this.missingPages[slab]++
    }
  }
}
