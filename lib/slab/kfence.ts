import { FaultError } from '../errors.js'
import { readU64 } from '../memory/memory.js'
import type { KernelView } from './kernelView.js'
import { ALLOCATED, FREE, PENDING, UNKNOWN } from './model.js'
import type { MemoryRange } from './slabs.js'
import { StructReader } from './structReader.js'

/** The one object of a KFENCE page (`struct kfence_metadata`, mm/kfence/kfence.h). */
export interface GuardedObject {
  /** Of its payload, which lies anywhere in its page. */
  readonly address: bigint
  readonly cache: bigint
  readonly bytes: number
  readonly state: number
}

/** Who allocated or freed an object, as KFENCE keeps it (`struct kfence_track`): functions of the allocator and of KFENCE come first. */
export interface GuardedTrack {
  /** The innermost return address first. */
  readonly stack: readonly bigint[]
  readonly cpu: number
  readonly pid: number
}

/** KFENCE's pool starts with two guard pages; every object page is followed by a guard page (mm/kfence/core.c, addr_to_metadata). */
const PAGES_PER_OBJECT = 2
/** KFENCE_NUM_OBJECTS is 65535 at most (lib/Kconfig.kfence). */
const MOST_OBJECTS = 65535
/** KFENCE_STACK_DEPTH (mm/kfence/kfence.h). */
const MOST_FRAMES = 64
const POINTER_BYTES = 8

/**
 * Reads KFENCE's pool (v5.12): sampled allocations of any cache, each alone in a page that is marked as a slab of that cache though
 * the cache does not know it.
 */
export class Kfence {
  readonly #meta: StructReader
  readonly #track: StructReader
  /** Frames of the pool: where it starts, and where it ends at the latest. */
  readonly firstFrame: number
  readonly lastFrame: number
  readonly #pool: bigint
  readonly #metadata: bigint
  readonly #states: ReadonlyMap<number, number>

  private constructor(readonly view: KernelView, pool: bigint, metadata: bigint) {
    this.#meta = new StructReader(view.memory, view.types, 'kfence_metadata')
    this.#track = new StructReader(view.memory, view.types, 'kfence_track')
    this.#pool = pool
    this.#metadata = metadata
    const physical = view.physicalOf(pool)
    this.firstFrame = physical === undefined ? Infinity : Math.floor(physical / view.pageBytes)
    this.lastFrame = this.firstFrame + PAGES_PER_OBJECT * (MOST_OBJECTS + 1)
    const state = (name: string): [number, number][] => {
      const value = view.types.enumerator(`KFENCE_OBJECT_${name}`)
      if (value === undefined) return []
      return [[Number(value), name === 'ALLOCATED' ? ALLOCATED : name === 'RCU_FREEING' ? PENDING : FREE]]
    }
    this.#states = new Map(['UNUSED', 'ALLOCATED', 'RCU_FREEING', 'FREED'].flatMap(state))
  }

  /** Undefined where the kernel has no KFENCE, or never set up its pool. */
  static of(view: KernelView): Kfence | undefined {
    const poolSymbol = view.symbol('__kfence_pool')
    const metaSymbol = view.symbol('kfence_metadata')
    const meta = new StructReader(view.memory, view.types, 'kfence_metadata')
    if (poolSymbol === undefined || metaSymbol === undefined || !meta.exists) return undefined
    try {
      const pool = readU64(view.memory, poolSymbol, '__kfence_pool')
      if (pool === 0n) return undefined
      // An array until v6.4, a pointer to one since (Linux commit cabdf74e6b31 ("mm: kfence: allocate kfence_metadata at runtime")).
      const pointer = readU64(view.memory, metaSymbol, 'kfence_metadata')
      const allocated = view.physicalOf(pointer) !== undefined && firstPage(view, meta, pointer) === pool + BigInt(PAGES_PER_OBJECT * view.pageBytes)
      return new Kfence(view, pool, allocated ? pointer : metaSymbol)
    } catch (error) {
      if (error instanceof FaultError) return undefined
      throw error
    }
  }

  /** Where the metadata of all its objects lies. */
  records(): MemoryRange {
    const page = BigInt(this.view.pageBytes)
    let index = 0
    while (index < MOST_OBJECTS && this.at(this.#pool + page * BigInt(PAGES_PER_OBJECT * (index + 1))) !== undefined) index++
    return { start: this.#metadata, end: this.#metadata + BigInt(index * this.#meta.bytes) }
  }

  /** All objects of the pool. */
  * all(): Generator<GuardedObject> {
    for (let index = 0; index < MOST_OBJECTS; index++) {
      const object = this.at(this.#pool + BigInt(PAGES_PER_OBJECT * this.view.pageBytes * (index + 1)))
      if (object === undefined) return
      if (object !== null) yield object
    }
  }

  /** The object of the page at `page`; null where the page is KFENCE's and has none, undefined where it is not KFENCE's. */
  at(page: bigint): GuardedObject | null | undefined {
    const pageBytes = BigInt(this.view.pageBytes)
    const meta = this.#metadataOf(page)
    if (meta == null) return meta
    try {
      const address = this.#meta.pointer(meta, 'addr')
      // Metadata beyond the pool's end is other memory, and does not name this page.
      if (address - (address % pageBytes) !== page) return undefined
      const cache = this.#meta.pointer(meta, 'cache')
      if (cache === 0n) return null
      const state = this.#states.get(this.#meta.number(meta, 'state')) ?? UNKNOWN
      return { address, cache, bytes: this.#meta.number(meta, 'size'), state }
    } catch (error) {
      if (error instanceof FaultError) return undefined
      throw error
    }
  }

  /** Who allocated the object of a page, or who freed it; null where that is not recorded. */
  track(page: bigint, kind: 'alloc' | 'free'): GuardedTrack | null {
    const meta = this.#metadataOf(page)
    const member = this.#meta.find(`${kind}_track`)
    if (meta == null || member === undefined) return null
    try {
      const track = meta + BigInt(member.offset)
      const frames = this.#track.number(track, 'num_stack_entries')
      if (frames <= 0 || frames > MOST_FRAMES) return null
      const first = track + BigInt(this.#track.offset('stack_entries'))
      const stack = Array.from({ length: frames }, (_, i) => readU64(this.view.memory, first + BigInt(i * POINTER_BYTES), 'kfence_track.stack_entries'))
      return { stack, cpu: this.#track.number(track, 'cpu'), pid: this.#track.number(track, 'pid') }
    } catch (error) {
      if (error instanceof FaultError) return null
      throw error
    }
  }

  /** Metadata of a page's object; null for the guard pages at the start of the pool, undefined before it. */
  #metadataOf(page: bigint): bigint | null | undefined {
    const distance = page - this.#pool
    if (distance < 0n) return undefined
    const index = distance / BigInt(PAGES_PER_OBJECT * this.view.pageBytes) - 1n
    return index < 0n ? null : this.#metadata + index * BigInt(this.#meta.bytes)
  }
}

function firstPage(view: KernelView, meta: StructReader, metadata: bigint): bigint | undefined {
  try {
    const address = meta.pointer(metadata, 'addr')
    return address - (address % BigInt(view.pageBytes))
  } catch (error) {
    if (error instanceof FaultError) return undefined
    throw error
  }
}
