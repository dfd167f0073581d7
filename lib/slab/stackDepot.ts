import { FaultError } from '../errors.js'
import { readU32, readU64 } from '../memory/memory.js'
import type { KernelView } from './kernelView.js'
import { StructReader } from './structReader.js'

/** Records lie at multiples of 1 << DEPOT_STACK_ALIGN in a pool (lib/stackdepot.c). */
const DEPOT_STACK_ALIGN = 4
/** CONFIG_STACKDEPOT_MAX_FRAMES is 256 at most. */
const MOST_FRAMES = 256
const POINTER_BYTES = 8

/**
 * The kernel's store of stack traces (lib/stackdepot.c): a handle of 32 bits names a pool, a place in it, and some bits of its user.
 * How the bits are cut is read from `union handle_parts`; each record repeats its handle, which tells a wrong reading.
 */
export class StackDepot {
  readonly #record: StructReader
  readonly #parts: StructReader
  readonly #pools: bigint | undefined
  readonly #known = new Map<number, readonly bigint[] | null>()

  constructor(readonly view: KernelView) {
    this.#record = new StructReader(view.memory, view.types, 'stack_record')
    this.#parts = new StructReader(view.memory, view.types, 'handle_parts')
    // stack_slabs until Linux commit 961c949b012f ("lib/stackdepot: rename slab to pool") in v6.3.
    this.#pools = view.symbol('stack_pools') ?? view.symbol('stack_slabs')
  }

  /** Return addresses of a stack, the innermost first; null where the dump does not hold it. */
  stack(handle: number): readonly bigint[] | null {
    let found = this.#known.get(handle)
    if (found === undefined) this.#known.set(handle, (found = handle === 0 ? null : this.#read(handle)))
    return found
  }

  #read(handle: number): readonly bigint[] | null {
    const member = this.#parts.spelled('pool_index', 'pool_index_plus_1', 'slabindex')
    if (member === undefined || this.#pools === undefined || !this.#record.exists) return null
    // Counted from 1 since Linux commit 3ee34eabac2a ("lib/stackdepot: fix first entry having a 0-handle") in v6.9.
    const index = this.#bits(handle, member) - (member === 'pool_index_plus_1' ? 1 : 0)
    const place = BigInt(this.#bits(handle, 'offset') << DEPOT_STACK_ALIGN)
    if (index < 0) return null
    // An array of pools, or since v6.13 a pointer to one.
    return this.#at(this.#pools, index, place, handle) ?? this.#at(this.#try(() => readU64(this.view.memory, this.#pools!)) ?? 0n, index, place, handle)
  }

  #at(array: bigint, index: number, place: bigint, handle: number): readonly bigint[] | null {
    return this.#try(() => {
      const record = readU64(this.view.memory, array + BigInt(index * POINTER_BYTES), 'stack_pools') + place
      const own = readU32(this.view.memory, record + BigInt(this.#record.offset('handle')), 'stack_record.handle')
      const frames = this.#record.number(record, 'size')
      if (this.#withoutUserBits(own) !== this.#withoutUserBits(handle) || frames === 0 || frames > MOST_FRAMES) return null
      const first = record + BigInt(this.#record.offset('entries'))
      return Array.from({ length: frames }, (_, i) => readU64(this.view.memory, first + BigInt(i * POINTER_BYTES), 'stack_record.entries'))
    })
  }

  #try<T>(read: () => T): T | null {
    try {
      return read()
    } catch (error) {
      if (error instanceof FaultError) return null
      throw error
    }
  }

  #bits(handle: number, member: string): number {
    const place = this.#parts.find(member)
    if (place?.bits == null || place.bitOffset == null) return 0
    return Math.floor(handle / 2 ** place.bitOffset) % 2 ** place.bits
  }

  #withoutUserBits(handle: number): number {
    const place = this.#parts.find('extra')
    return place?.bitOffset == null ? handle : handle - this.#bits(handle, 'extra') * 2 ** place.bitOffset
  }
}
