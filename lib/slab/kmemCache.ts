import { FaultError } from '../errors.js'
import { readCString } from '../memory/memory.js'
import { hex } from '../util/hex.js'
import { cacheFlags, type CacheFlags } from './cacheFlags.js'
import type { KernelView } from './kernelView.js'
import { StructReader } from './structReader.js'

/** What slablab takes from a `struct kmem_cache` (mm/slab.h, include/linux/slub_def.h, slab_def.h). */
export interface KmemCache {
  readonly address: bigint
  readonly name: string
  /** Payload of one object. */
  readonly objectBytes: number
  /** Distance between objects. */
  readonly slotBytes: number
  /** Bytes from a slot's start to its payload: SLUB's left red zone, SLAB's `obj_offset`. */
  readonly payloadOffset: number
  /** Objects and pages of a slab of the usual order. */
  readonly slabObjects: number
  readonly slabPages: number
  readonly flags: CacheFlags
  /** Caches that share this one after merging, itself included. */
  readonly refcount: number
  /** SLUB: where a free object keeps the address of the next one, from its payload's start. */
  readonly freePointerOffset: number
  /** SLUB: the secret that free pointers are hidden with; null where the kernel does not hide them. */
  readonly random: bigint | null
  /** SLUB: end of the part of a slot that belongs to the object; tracks lie behind it. */
  readonly inuse: number
}

/** KMALLOC_MAX_SIZE is 4 MiB with 4K pages; with 64K pages a slab may be larger. */
const MOST_SLOT_BYTES = 1 << 26
/** Orders beyond this are no page allocation (MAX_PAGE_ORDER). */
const MOST_ORDER = 13
/** oo.x: order above, objects below (mm/slub.c, OO_SHIFT). */
const OO_SHIFT = 16
const OO_MASK = 0xffff
const LONGEST_NAME = 256
const WORD_BYTES = 4

/** Reads caches; one for each kernel. */
export class KmemCacheReader {
  readonly struct: StructReader
  readonly allocator: 'SLUB' | 'SLAB' | null
  readonly #objectSize: string
  readonly #headBytes: number
  readonly #flagBits: (flags: bigint) => CacheFlags

  constructor(readonly view: KernelView) {
    this.struct = new StructReader(view.memory, view.types, 'kmem_cache')
    this.allocator = this.struct.has('oo') ? 'SLUB' : this.struct.has('num') ? 'SLAB' : null
    // objsize until commit 3b0efdfa1e71 ("mm, sl[aou]b: Extract common fields from struct kmem_cache") in v3.6.
    this.#objectSize = this.struct.spelled('object_size', 'objsize') ?? 'object_size'
    this.#flagBits = cacheFlags(view.types)
    this.#headBytes = Math.min(this.struct.find('node')?.offset ?? Infinity, this.struct.find('per_node')?.offset ?? Infinity, this.struct.bytes)
  }

  /** @throws FaultError where its memory is missing; a string says what cannot be true of a cache. */
  read(address: bigint): KmemCache | string {
    const { struct } = this
    // Everything that is read lies in front of the array of nodes.
    struct.load(address, this.#headBytes)
    const slotBytes = struct.number(address, this.allocator === 'SLAB' ? struct.spelled('size', 'buffer_size') ?? 'size' : 'size')
    const objectBytes = struct.number(address, this.#objectSize)
    if (slotBytes === 0 || slotBytes > MOST_SLOT_BYTES) return `an object size of ${slotBytes}`
    if (objectBytes === 0 || objectBytes > slotBytes) return `objects of ${objectBytes} bytes in slots of ${slotBytes}`
    const { order, slabObjects } = this.#shape(address)
    if (order > MOST_ORDER) return `slabs of order ${order}`
    const slabBytes = this.view.pageBytes * 2 ** order
    if (slabObjects === 0 || slabObjects * slotBytes > slabBytes) return `${slabObjects} objects of ${slotBytes} bytes in slabs of ${slabBytes}`
    const name = this.#name(address)
    if (name === '') return 'no name'
    const flags = this.#flagBits(readFlags(struct, address))
    const freePointerOffset = struct.has('offset') ? struct.number(address, 'offset') : 0
    const payloadOffset = this.#payloadOffset(address, flags)
    if (payloadOffset >= slotBytes) return `a left red zone of ${payloadOffset} bytes in slots of ${slotBytes}`
    if (this.allocator === 'SLUB' && ((freePointerOffset | payloadOffset | slotBytes) % WORD_BYTES !== 0 || freePointerOffset >= slotBytes)) {
      return `a free pointer at byte ${freePointerOffset} of slots of ${slotBytes}`
    }
    return {
      address,
      name,
      objectBytes,
      slotBytes,
      payloadOffset,
      slabObjects,
      slabPages: 2 ** order,
      flags,
      refcount: struct.has('refcount') ? struct.number(address, 'refcount') : 1,
      freePointerOffset,
      random: struct.has('random') ? struct.pointer(address, 'random') : null,
      inuse: struct.has('inuse') ? struct.number(address, 'inuse') : objectBytes
    }
  }

  #shape(address: bigint): { order: number; slabObjects: number } {
    if (this.allocator === 'SLAB') return { order: this.struct.number(address, 'gfporder'), slabObjects: this.struct.number(address, 'num') }
    const oo = this.struct.number(address, this.struct.has('oo.x') ? 'oo.x' : 'oo')
    return { order: Math.floor(oo / 2 ** OO_SHIFT), slabObjects: oo & OO_MASK }
  }

  /** Both allocators shift the payload only where red zones are on; SLAB keeps the shift in a debug-only member. */
  #payloadOffset(address: bigint, flags: CacheFlags): number {
    if (this.struct.has('obj_offset')) return this.struct.number(address, 'obj_offset')
    return flags.redZone && this.struct.has('red_left_pad') ? this.struct.number(address, 'red_left_pad') : 0
  }

  #name(address: bigint): string {
    const pointer = this.struct.pointer(address, 'name')
    try {
      return readCString(this.view.memory, pointer, LONGEST_NAME, 'kmem_cache.name')
    } catch (error) {
      // The name of a module's cache may lie in memory that the dump left out; the cache is one all the same.
      if (error instanceof FaultError && error.reason === 'excluded') return `(unnamed ${hex(address)})`
      throw error
    }
  }
}

/** `unsigned long` in SLUB and `slab_flags_t` (32 bits) in SLAB of some years. */
function readFlags(struct: StructReader, address: bigint): bigint {
  return struct.find('flags')?.bytes === 4 ? BigInt(struct.number(address, 'flags')) : struct.pointer(address, 'flags')
}
