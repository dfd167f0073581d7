import { MiniKernel, type MiniKernelOptions } from './miniKernel.js'
import { slab61 } from './slabLayouts.js'

export interface SlabCacheSpec {
  readonly name: string
  readonly address: bigint
  readonly objectBytes: number
  readonly slotBytes: number
  readonly num: number
  readonly order: number
  readonly payload: number
  /** Its `kmem_cache_node` on node 0. */
  readonly node: bigint
}

export interface SlabAllocatorSlab {
  readonly cache: SlabCacheSpec
  readonly frame: number
  readonly address: bigint
  readonly page: bigint
  readonly sMem: bigint
  readonly freelist: bigint
}

const PG_SLAB = 1n << 9n

/** A {@link MiniKernel} with SLAB's structures. */
export class SlabKernel extends MiniKernel {
  readonly caches: SlabCacheSpec[] = []
  readonly #head: bigint
  readonly #indexBytes: number

  constructor(options: Partial<MiniKernelOptions> = {}) {
    super({ types: slab61, architecture: 'arm64', ...options })
    this.#head = this.symbol('slab_caches', this.alloc(16))
    this.list(this.#head, [])
    this.#indexBytes = this.types.sizeOf('freelist_idx_t')!
  }

  cache(name: string, shape: { objectBytes: number; slotBytes?: number; num: number; order?: number; payload?: number }): SlabCacheSpec {
    const { objectBytes, slotBytes = objectBytes, num, order = 0, payload = 0 } = shape
    const address = this.alloc(0x110)
    const node = this.alloc(0x80)
    const text = this.alloc(name.length + 1)
    this.writeText(text, name)
    this.set('kmem_cache', address, {
      size: slotBytes, object_size: objectBytes, num, gfporder: order, name: text, refcount: 1, node, cpu_cache: this.allocPerCpu(16 + 8 * 16)
    })
    if (this.types.member('kmem_cache', 'obj_offset') !== undefined) this.set('kmem_cache', address, { obj_offset: payload })
    const cache = { name, address, objectBytes, slotBytes, num, order, payload, node }
    this.caches.unshift(cache)
    this.list(this.#head, this.caches.map((each) => this.at('kmem_cache', each.address, 'list')))
    return cache
  }

  /** A slab whose free slots are the named ones. `colour` shifts its first object; `list` says where its array of numbers lies. */
  slab(cache: SlabCacheSpec, free: readonly number[] = [], shape: { colour?: number; list?: 'end' | 'elsewhere' | { inObject: number } } = {}): SlabAllocatorSlab {
    const frame = this.pages(2 ** cache.order)
    const address = this.virtual(frame)
    const page = this.pageStruct(frame)
    const sMem = address + BigInt(shape.colour ?? 0)
    const place = shape.list ?? 'end'
    const bytes = cache.num * this.#indexBytes
    const freelist = place === 'end' ? address + BigInt((this.pageBytes << cache.order) - bytes)
      : place === 'elsewhere' ? this.alloc(bytes) : sMem + BigInt(place.inObject * cache.slotBytes)
    const active = cache.num - free.length
    this.write(page, PG_SLAB).set('slab', page, { slab_cache: cache.address, s_mem: sMem, freelist, active })
    for (let tail = 1; tail < 2 ** cache.order; tail++) this.write(this.pageStruct(frame + tail) + 8n, page | 1n)
    free.forEach((slot, i) => this.write(freelist + BigInt((active + i) * this.#indexBytes), slot, this.#indexBytes))
    return { cache, frame, address, page, sMem, freelist }
  }

  object(slab: SlabAllocatorSlab, slot: number): bigint {
    return slab.sMem + BigInt(slot * slab.cache.slotBytes + slab.cache.payload)
  }

  /** Fills an array cache with slots' addresses; by default it claims as many as it holds. */
  arrayCache(address: bigint, entries: readonly bigint[], claims: { avail?: number; limit?: number } = {}): bigint {
    this.set('array_cache', address, { avail: claims.avail ?? entries.length, limit: claims.limit ?? 16 })
    entries.forEach((entry, i) => this.write(address + 16n + BigInt(8 * i), entry))
    return address
  }

  /** A CPU's array cache. */
  cpuCache(cache: SlabCacheSpec, cpu: number): bigint {
    return this.perCpu(this.read(this.at('kmem_cache', cache.address, 'cpu_cache')), cpu)
  }
}
