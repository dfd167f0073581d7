import type { FreePointerCoding } from '../../lib/slab/slub/freePointer.js'
import { MiniKernel, type MiniKernelOptions } from './miniKernel.js'
import { slub61 } from './slabLayouts.js'

export interface TestCache {
  readonly name: string
  readonly address: bigint
  readonly objectBytes: number
  readonly slotBytes: number
  readonly redLeft: number
  readonly offset: number
  readonly order: number
  readonly random: bigint
}

export interface TestSlab {
  readonly cache: TestCache
  readonly frame: number
  readonly pages: number
  readonly objects: number
  /** Of its first byte. */
  readonly address: bigint
  /** Of its `struct slab`. */
  readonly page: bigint
}

const PG_SLAB = 1n << 9n
const PGTY_SLAB = 0xf5000000
/** Offset of `page_type` in `struct page`. */
const PAGE_TYPE = 0x30n

/** A {@link MiniKernel} with SLUB's structures. */
export class SlubKernel extends MiniKernel {
  readonly caches: TestCache[] = []
  readonly coding: FreePointerCoding
  readonly #head: bigint

  constructor(options: Partial<MiniKernelOptions> & { coding?: FreePointerCoding } = {}) {
    super({ types: slub61, ...options })
    this.coding = options.coding ?? 'swapped'
    this.#head = this.symbol('slab_caches', this.alloc(16))
    this.list(this.#head, [])
  }

  /** Creates a cache and puts it first in the list, as kernels do. */
  cache(name: string, shape: { objectBytes: number; slotBytes?: number; offset?: number; order?: number; redLeft?: number; flags?: number }): TestCache {
    const { objectBytes, slotBytes = objectBytes, offset = 0, order = 0, redLeft = 0, flags = 0 } = shape
    const { types } = this
    const address = this.alloc((types.member('kmem_cache', 'node') ?? types.member('kmem_cache', 'per_node'))!.offset + 16)
    const random = 0x5eed0000c0ffee00n + BigInt(this.caches.length) * 0x1_0000_0101n
    const cache = { name, address, objectBytes, slotBytes, redLeft, offset, order, random }
    const text = this.alloc(name.length + 1)
    this.writeText(text, name)
    const objects = Math.floor((this.pageBytes << order) / slotBytes)
    this.set('kmem_cache', address, { size: slotBytes, object_size: objectBytes, offset, 'oo.x': order * 65536 + objects, refcount: 1, name: text, flags, red_left_pad: redLeft, inuse: objectBytes })
    if (types.member('kmem_cache', 'random') !== undefined) this.set('kmem_cache', address, { random })
    if (types.member('kmem_cache', 'cpu_slab') !== undefined) this.set('kmem_cache', address, { cpu_slab: this.allocPerCpu(48) })
    this.caches.unshift(cache)
    this.list(this.#head, this.caches.map((each) => this.at('kmem_cache', each.address, 'list')))
    return cache
  }

  /** A slab of which the named slots are free, in that order on its list; `inUse` is what its counter says. */
  slab(cache: TestCache, free: readonly number[] = [], shape: { inUse?: number; objects?: number; pages?: number } = {}): TestSlab {
    const pages = shape.pages ?? 2 ** cache.order
    const frame = this.pages(pages)
    const objects = Math.floor((pages * this.pageBytes) / cache.slotBytes)
    const slab = { cache, frame, pages, objects, address: this.virtual(frame), page: this.pageStruct(frame) }
    this.#mark(slab)
    this.set('slab', slab.page, {
      slab_cache: cache.address, freelist: this.chain(slab, free), inuse: shape.inUse ?? objects - free.length, objects: shape.objects ?? objects
    })
    return slab
  }

  /** Payload address of a slot. */
  object(slab: TestSlab, slot: number): bigint {
    return slab.address + BigInt(slot * slab.cache.slotBytes + slab.cache.redLeft)
  }

  /** Links slots into a free list and returns its first object's address, 0 for none. `end` is what the last one points at. */
  chain(slab: TestSlab, slots: readonly number[], end = 0n): bigint {
    slots.forEach((slot, i) => this.point(slab, slot, i + 1 < slots.length ? this.object(slab, slots[i + 1]) : end))
    return slots.length === 0 ? end : this.object(slab, slots[0])
  }

  /** Writes a free object's pointer, encoded as this kernel does. */
  point(slab: TestSlab, slot: number, next: bigint): void {
    const place = this.object(slab, slot) + BigInt(slab.cache.offset)
    const swapped = Buffer.alloc(8)
    swapped.writeBigUInt64LE(place)
    const mask = this.coding === 'plain' ? 0n : slab.cache.random ^ (this.coding === 'swapped' ? swapped.readBigUInt64BE() : place)
    this.write(place, next ^ mask)
  }

  /** Makes a slab the one a CPU allocates from, with the named slots on the CPU's own list. */
  cpuSlab(cpu: number, slab: TestSlab, slots: readonly number[]): void {
    const own = this.cpuPart(slab.cache, cpu)
    const member = this.types.member('kmem_cache_cpu', 'slab') === undefined ? 'page' : 'slab'
    this.set('kmem_cache_cpu', own, { [member]: slab.page, freelist: this.chain(slab, slots) })
  }

  /** Puts slabs on a CPU's partial list. */
  cpuPartial(cpu: number, slabs: readonly TestSlab[]): void {
    this.set('kmem_cache_cpu', this.cpuPart(slabs[0].cache, cpu), { partial: slabs[0].page })
    slabs.forEach((slab, i) => this.set(this.slabStruct, slab.page, { next: slabs[i + 1]?.page ?? 0n }))
  }

  /** A CPU's `kmem_cache_cpu` of a cache. */
  cpuPart(cache: TestCache, cpu: number): bigint {
    return this.perCpu(this.read(this.at('kmem_cache', cache.address, 'cpu_slab')), cpu)
  }

  /** A sheaf of a cache; by default it claims as many objects as it holds. */
  sheaf(cache: TestCache, objects: readonly bigint[], size = objects.length): bigint {
    const address = this.alloc(32 + 8 * objects.length)
    this.set('slab_sheaf', address, { cache: cache.address, size })
    objects.forEach((object, i) => this.write(address + 32n + BigInt(8 * i), object))
    return address
  }

  /** Gives a cache sheaves of a capacity; returns the per-CPU pointer. */
  sheaves(cache: TestCache, capacity: number): bigint {
    const pointer = this.allocPerCpu(32)
    this.set('kmem_cache', cache.address, { cpu_sheaves: pointer, sheaf_capacity: capacity })
    return pointer
  }

  get slabStruct(): 'slab' | 'page' {
    return this.types.member('slab', 'slab_cache') === undefined ? 'page' : 'slab'
  }

  override set(struct: string, address: bigint, members: Readonly<Record<string, bigint | number>>): this {
    return super.set(struct === 'slab' ? this.slabStruct : struct, address, members)
  }

  #mark({ frame, pages, page }: TestSlab): void {
    if (this.types.enumerator('PGTY_slab') === undefined) this.write(page, PG_SLAB)
    else this.write(page + PAGE_TYPE, PGTY_SLAB, 4)
    const masked = this.types.member('page', 'compound_info') !== undefined
    for (let tail = 1; tail < pages; tail++) {
      // compound_head names the first page; compound_info (7.1) is a mask over a page structure's own address.
      this.write(this.pageStruct(frame + tail) + 8n, masked ? BigInt.asUintN(64, -BigInt(pages * 64)) | 1n : page | 1n)
    }
  }
}
