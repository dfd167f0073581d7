import { Kfence } from './kfence.js'
import type { KernelView } from './kernelView.js'
import type { KmemCache } from './kmemCache.js'
import { StackDepot } from './stackDepot.js'
import { StructReader } from './structReader.js'
import type { SlabTable } from './slabTable.js'
import { SlabWindow } from './slabWindow.js'

/** Who allocated or freed an object last, as slub_debug=U keeps it behind each object (`struct track`, mm/slub.c), and KFENCE of its samples. */
export interface Track {
  /** The caller of the allocator; of KFENCE's objects, where the stack begins. */
  readonly caller: bigint
  /** The whole stack, the innermost return address first; null where the kernel keeps none. */
  readonly stack: readonly bigint[] | null
  readonly cpu: number
  readonly pid: number
}

export type TrackKind = 'alloc' | 'free'

/** Objects whose tracks are equal in caller and stack. */
export interface TrackGroup {
  readonly cache: number
  readonly caller: bigint
  readonly stack: readonly bigint[] | null
  readonly objects: number
  /** One of them: its payload address. */
  readonly example: bigint
  /** Whether KFENCE recorded it: of a few objects among many. */
  readonly sampled: boolean
}

const POINTER_BYTES = 8

/** Reads the tracks of caches with SLAB_STORE_USER, and those of the objects of any cache that KFENCE has sampled. */
export class Tracks {
  readonly #track: StructReader
  readonly #depot: StackDepot
  readonly #kfence: Kfence | undefined

  constructor(readonly view: KernelView, readonly table: SlabTable) {
    this.#track = new StructReader(view.memory, view.types, 'track')
    this.#depot = new StackDepot(view)
    this.#kfence = Kfence.of(view)
  }

  /** Whether a cache's objects have tracks. */
  has(cache: KmemCache): boolean {
    return cache.flags.storeUser && this.#track.has('addr')
  }

  /** Whether anything is recorded of any object of a cache (row of `table.caches`). */
  records(cache: number): boolean {
    return this.has(this.table.caches[cache]) || (this.#kfence !== undefined && this.table.ofCache(cache).some((slab) => this.table.guarded[slab] === 1))
  }

  /** The track of the one object in a page of KFENCE's; null where none is recorded. */
  sampled(slab: number, kind: TrackKind): Track | null {
    const track = this.#kfence?.track(this.table.address(slab), kind) ?? null
    return track === null ? null : { ...track, caller: track.stack[0] }
  }

  /** The track of the object at a payload address; null where the kernel has recorded none. @throws FaultError */
  at(cache: KmemCache, object: bigint, kind: TrackKind): Track | null {
    const address = object + BigInt(this.#offset(cache, kind))
    const caller = this.#track.pointer(address, 'addr')
    if (caller === 0n) return null
    const { memory } = this.view
    const addresses = this.#track.find('addrs')
    let stack: readonly bigint[] | null = null
    if (this.#track.has('handle')) stack = this.#depot.stack(this.#track.number(address, 'handle'))
    else if (addresses?.bytes != null) {
      // Until v5.19 the addresses themselves, up to 16, 0 behind the last.
      const bytes = memory.tryRead(address + BigInt(addresses.offset), addresses.bytes)
      if (typeof bytes !== 'string') stack = [...new BigUint64Array(bytes.slice().buffer)].filter((each) => each !== 0n)
    }
    return {
      caller, stack, cpu: this.#track.number(address, 'cpu'), pid: this.#track.number(address, 'pid')
    }
  }

  /**
   * Objects of a cache in the wanted states, or those `among` them, grouped by caller and stack: the most frequent first. Objects without
   * a track, or in a missing page, are left out.
   */
  groups(cache: number, kind: TrackKind, states: ReadonlySet<number>, among?: ReadonlySet<bigint>): TrackGroup[] {
    const { table } = this
    const record = table.caches[cache]
    const sampled = this.#sampledGroups(cache, kind, states, among)
    if (!this.has(record)) return sampled
    const groups = new Map<number, Map<number, { objects: number; slab: number; slot: number }>>()
    const window = new SlabWindow(this.view.physical)
    const track = record.payloadOffset + this.#offset(record, kind)
    const stack = this.#track.find('handle') ?? this.#track.find('addrs')
    for (const slab of table.ofCache(cache)) {
      if (table.guarded[slab] === 1) continue
      window.open(table.frame[slab], table.pages[slab])
      for (let slot = 0; slot < table.objects[slab]; slot++) {
        const at = slot * record.slotBytes + track
        if (!states.has(table.state[table.first[slab] + slot]) || !window.has(at, this.#track.bytes)) continue
        if (among !== undefined && !among.has(table.objectAddress(slab, slot))) continue
        const { words } = window
        const word = (at + this.#track.offset('addr')) >>> 2
        if (words[word] === 0 && words[word + 1] === 0) continue
        // Kernel text spans less than 2^53 from the top of memory, so a caller's low 53 bits tell it.
        const caller = (words[word + 1] & 0x1fffff) * 2 ** 32 + words[word]
        const trace = stack === undefined ? 0 : digest(words, (at + stack.offset) >>> 2, (stack.bytes ?? 4) >>> 2)
        let ofCaller = groups.get(caller)
        if (ofCaller === undefined) groups.set(caller, (ofCaller = new Map<number, { objects: number; slab: number; slot: number }>()))
        const group = ofCaller.get(trace)
        if (group === undefined) ofCaller.set(trace, { objects: 1, slab, slot })
        else group.objects++
      }
    }
    const all = [...groups.values()].flatMap((ofCaller) => [...ofCaller.values()])
    return [...all.map(({ objects, slab, slot }): TrackGroup => {
      const example = table.objectAddress(slab, slot)
      const { caller, stack } = this.at(record, example, kind)!
      return { cache, caller, stack, objects, example, sampled: false }
    }), ...sampled].sort((a, b) => b.objects - a.objects)
  }

  /** KFENCE's objects of a cache: some hundreds of all caches at most. */
  #sampledGroups(cache: number, kind: TrackKind, states: ReadonlySet<number>, among: ReadonlySet<bigint> | undefined): TrackGroup[] {
    const { table } = this
    const groups = new Map<string, TrackGroup & { objects: number }>()
    if (this.#kfence === undefined) return []
    for (const slab of table.ofCache(cache)) {
      if (table.guarded[slab] === 0 || !states.has(table.state[table.first[slab]])) continue
      const example = table.objectAddress(slab, 0)
      const track = among === undefined || among.has(example) ? this.sampled(slab, kind) : null
      if (track === null) continue
      const { caller, stack } = track
      const key = String(stack)
      const group = groups.get(key)
      if (group === undefined) groups.set(key, { cache, caller, stack, objects: 1, example, sampled: true })
      else group.objects++
    }
    return [...groups.values()]
  }

  /** Bytes from an object's payload to its track: behind the free pointer where that lies behind the object (get_info_end). */
  #offset(cache: KmemCache, kind: TrackKind): number {
    const end = cache.freePointerOffset >= cache.inuse ? cache.inuse + POINTER_BYTES : cache.inuse
    return end + (kind === 'free' ? this.#track.bytes : 0)
  }
}

/** A number that tells stacks apart: the handle itself, or a digest of the addresses (FNV-1a over two lanes). */
function digest(words: Uint32Array, first: number, count: number): number {
  if (count === 1) return words[first]
  let low = 0x811c9dc5
  let high = 0
  for (let word = first; word < first + count; word++) {
    low = Math.imul(low ^ words[word], 0x01000193)
    high = Math.imul(high + words[word], 0x85ebca6b) ^ low
  }
  return (high & 0x1fffff) * 2 ** 32 + (low >>> 0)
}
