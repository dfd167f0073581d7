import { FaultError } from '../errors.js'
import { readCString } from '../memory/memory.js'
import type { KernelView } from './kernelView.js'
import type { SlabTable } from './slabTable.js'
import { slabStruct } from './slub/slub.js'
import { StructReader } from './structReader.js'

/** Where an object was allocated, as memory allocation profiling keeps it (`struct codetag`, v6.10). */
export interface AllocationSite {
  readonly file: string
  readonly line: number
  readonly function: string
  readonly module: string | null
}

/** For each slot of a slab: the `obj_cgroup` it is charged to and the `codetag` of where it was allocated; 0 where there is none. */
export interface OwnerEntries {
  readonly charged: BigUint64Array
  readonly sites: BigUint64Array
}

/** Low bits of the vector's address are flags: at most three (enum objext_flags, enum page_memcg_data_flags). */
const FLAG_MASK = 7n
/** CODETAG_EMPTY: allocated while profiling was off (include/linux/alloc_tag.h). */
const CODETAG_EMPTY = 1n
/** __PERCPU_REF_DEAD: a low bit of the counter's address (include/linux/percpu-refcount.h). */
const PERCPU_REF_DEAD = 2n
const POINTER_BYTES = 8
/** Entries so near to each other are read at once. */
const NEAR_BYTES = 32
const LONGEST_TEXT = 256
/** Cgroups nest no deeper in any configuration. */
const DEEPEST_PATH = 64

/**
 * Reads whom an object is charged to, and where it was allocated: from the vector that a slab has beside its objects. Three layouts:
 * `page.obj_cgroups` (v5.9), `memcg_data` (v5.11) of pointers, `obj_exts` (v6.10) of `struct slabobj_ext`.
 */
export class Owners {
  readonly #member: string | undefined
  readonly #slab: StructReader
  readonly #ext: StructReader
  readonly #objcg: StructReader
  readonly #removed = new Map<bigint, boolean>()
  readonly #paths = new Map<bigint, string | null>()
  readonly #sites = new Map<bigint, AllocationSite | null>()
  readonly #vectors = new Map<number, { address: bigint; stride: number } | null>()

  constructor(readonly view: KernelView, readonly table: SlabTable) {
    this.#slab = slabStruct(view)
    this.#member = this.#slab.spelled('obj_exts', 'memcg_data', 'obj_cgroups')
    this.#ext = this.#reader('slabobj_ext')
    this.#objcg = this.#reader('obj_cgroup')
  }

  /** Whether this kernel keeps either. */
  get exist(): boolean {
    return this.#member !== undefined
  }

  /** Whether this kernel can keep where an object was allocated. */
  get recordSites(): boolean {
    return this.#ext.has('ref')
  }

  /** Path of the cgroup that an object is charged to (`/system.slice/app.service`); null where it is charged to none or that is not in the dump. */
  cgroup(slab: number, slot: number): string | null {
    return this.cgroupOf(this.entries(slab)?.charged[slot] ?? 0n)
  }

  /** Where an object was allocated; null where the kernel does not know. */
  site(slab: number, slot: number): AllocationSite | null {
    return this.siteOf(this.entries(slab)?.sites[slot] ?? 0n)
  }

  /** The path behind one of {@link OwnerEntries.charged}. */
  cgroupOf(charged: bigint): string | null {
    if (charged === 0n) return null
    let path = this.#paths.get(charged)
    if (path === undefined) this.#paths.set(charged, (path = this.#try(() => this.#path(charged))))
    return path
  }

  /**
   * Whether the cgroup behind one of {@link OwnerEntries.charged} was removed: its charges went to its parent, which {@link cgroupOf} names
   * since (Linux commit bf4f059954dc ("mm: memcg/slab: obj_cgroup API") in v5.9), and its reference count was killed. False where that is not known.
   */
  isRemoved(charged: bigint): boolean {
    if (charged === 0n || !this.#objcg.has('refcnt.percpu_count_ptr')) return false
    let removed = this.#removed.get(charged)
    if (removed === undefined) {
      removed = this.#try(() => (this.#objcg.pointer(charged, 'refcnt.percpu_count_ptr') & PERCPU_REF_DEAD) !== 0n) ?? false
      this.#removed.set(charged, removed)
    }
    return removed
  }

  /** The source line behind one of {@link OwnerEntries.sites}. */
  siteOf(tag: bigint): AllocationSite | null {
    if (tag === 0n || tag === CODETAG_EMPTY) return null
    let site = this.#sites.get(tag)
    if (site === undefined) this.#sites.set(tag, (site = this.#try(() => this.#codetag(tag))))
    return site
  }

  /** What a slab's vector says of its objects; null where it has none, or the dump does not hold it. */
  entries(slab: number): OwnerEntries | null {
    const vector = this.#vector(slab)
    if (vector === null) return null
    const { memory } = this.view
    const objects = this.table.objects[slab]
    const charged = new BigUint64Array(objects)
    const sites = new BigUint64Array(objects)
    const objcg = this.#ext.exists ? this.#ext.find('objcg')?.offset : 0
    const site = this.#ext.find('ref.ct')?.offset ?? this.#ext.find('ref')?.offset
    const own = this.#ext.exists ? this.#ext.bytes : POINTER_BYTES
    const { address, stride } = vector
    const all = stride > NEAR_BYTES ? 'apart' : memory.tryRead(address, (objects - 1) * stride + own)
    for (let slot = 0; slot < objects; slot++) {
      const found = typeof all === 'string' ? memory.tryRead(address + BigInt(slot * stride), own) : all.subarray(slot * stride, slot * stride + own)
      if (typeof found === 'string') continue
      const words = new DataView(found.buffer, found.byteOffset, own)
      if (objcg !== undefined) charged[slot] = words.getBigUint64(objcg, memory.littleEndian)
      if (site !== undefined) sites[slot] = words.getBigUint64(site, memory.littleEndian)
    }
    return { charged, sites }
  }

  #vector(slab: number): { address: bigint; stride: number } | null {
    let found = this.#vectors.get(slab)
    if (found === undefined) this.#vectors.set(slab, (found = this.#try(() => this.#readVector(slab))))
    return found
  }

  #readVector(slab: number): { address: bigint; stride: number } | null {
    const page = this.view.pageStructOf(this.table.frame[slab])
    if (page === undefined || this.#member === undefined) return null
    const address = this.#slab.pointer(page, this.#member) & ~FLAG_MASK
    if (address === 0n) return null
    const own = this.#ext.exists ? this.#ext.bytes : POINTER_BYTES
    // In an object's own padding the entries are a slot apart (v7.0: `stride`, later one bit).
    if (this.#slab.has('obj_exts_in_object') && this.#slab.number(page, 'obj_exts_in_object') === 1) {
      return { address, stride: this.table.caches[this.table.cache[slab]].slotBytes }
    }
    const stride = this.#slab.has('stride') ? this.#slab.number(page, 'stride') : own
    return { address, stride: stride >= own ? stride : own }
  }

  #path(objcg: bigint): string | null {
    const memcg = this.#objcg.pointer(objcg, 'memcg')
    if (memcg === 0n) return null
    const cgroup = this.#reader('mem_cgroup').pointer(memcg, 'css.cgroup')
    const kernfs = this.#reader('kernfs_node')
    const parent = kernfs.spelled('parent', '__parent')
    const names: string[] = []
    let node = cgroup === 0n ? 0n : this.#reader('cgroup').pointer(cgroup, 'kn')
    if (node === 0n || parent === undefined) return null
    for (let depth = 0; node !== 0n && depth < DEEPEST_PATH; depth++, node = kernfs.pointer(node, parent)) {
      names.unshift(readCString(this.view.memory, kernfs.pointer(node, 'name'), LONGEST_TEXT, 'kernfs_node.name'))
    }
    return `/${names.slice(1).join('/')}`
  }

  #codetag(tag: bigint): AllocationSite {
    const codetag = this.#reader('codetag')
    const text = (member: string): string => readCString(this.view.memory, codetag.pointer(tag, member), LONGEST_TEXT, `codetag.${member}`)
    const module = codetag.pointer(tag, 'modname') === 0n ? null : text('modname')
    return { file: text('filename'), line: codetag.number(tag, 'lineno'), function: text('function'), module }
  }

  #reader(name: string): StructReader {
    return new StructReader(this.view.memory, this.view.types, name)
  }

  #try<T>(read: () => T): T | null {
    try {
      return read()
    } catch (error) {
      if (error instanceof FaultError) return null
      throw error
    }
  }
}
