import { FaultError } from '../../errors.js'
import { hex } from '../../util/hex.js'
import type { KernelView } from '../kernelView.js'
import type { KmemCache } from '../kmemCache.js'
import { walkNext } from '../lists.js'
import type { SlabTable } from '../slabTable.js'
import { StructReader } from '../structReader.js'

/** One CPU's part of a SLUB cache (`struct kmem_cache_cpu`). */
export interface CpuSlab {
  readonly cpu: number
  /** Of the `kmem_cache_cpu`. */
  readonly address: bigint
  /** First object of the CPU's own free list, 0 where it is empty. */
  readonly freelist: bigint
  /** Row of the slab the CPU allocates from, or -1. */
  readonly active: number
  /** Rows of the slabs on the CPU's partial list, in its order. */
  readonly partial: readonly number[]
  /** How many slabs that list has, those outside of a sample too; Infinity where it breaks off. */
  readonly partialSlabs: number
}

/** Slabs on a CPU's partial list where their number is not known; the kernel's own limit is about a hundred. */
const MOST_PARTIAL = 1 << 16

/** Reads per-CPU slabs. Kernels from 7.0 on and SLUB_TINY ones have none. */
export class CpuSlabs {
  readonly #cpu: StructReader
  readonly #slabMember: string | undefined
  readonly #nextOffset: number | undefined
  readonly #cpuSlabOffset: number | undefined

  constructor(readonly view: KernelView) {
    this.#cpu = new StructReader(view.memory, view.types, 'kmem_cache_cpu')
    // `page` until commit bb192ed9aa71 ("mm/slub: Convert most struct page to struct slab by spatch") in v5.17.
    this.#slabMember = this.#cpu.spelled('slab', 'page')
    this.#nextOffset = (view.types.member('slab', 'next') ?? view.types.member('page', 'next'))?.offset
    this.#cpuSlabOffset = view.types.member('kmem_cache', 'cpu_slab')?.offset
  }

  /** Every possible CPU's part, offline ones' too: they keep what they had. */
  read(table: SlabTable, cache: KmemCache): CpuSlab[] {
    if (this.#cpuSlabOffset === undefined || this.#slabMember === undefined) return []
    const { memory } = this.view
    const pointer = memory.tryRead(cache.address + BigInt(this.#cpuSlabOffset), 8)
    if (typeof pointer === 'string') return []
    const base = new DataView(pointer.buffer, pointer.byteOffset, 8).getBigUint64(0, memory.littleEndian)
    if (base === 0n) return []
    return this.view.cpus.flatMap((cpu) => this.#readOne(table, cache, cpu, this.view.perCpu(base, cpu)))
  }

  #readOne(table: SlabTable, cache: KmemCache, cpu: number, address: bigint): CpuSlab[] {
    const { view } = this
    try {
      this.#cpu.load(address, this.#cpu.bytes)
      const slab = this.#cpu.pointer(address, this.#slabMember!)
      const active = slab === 0n ? -1 : table.ofPageStruct(slab)
      if (slab !== 0n && active < 0 && !view.sampled) view.warnings.add(`${cache.name}: CPU ${cpu} allocates from ${hex(slab)}, which is no slab`)
      return [{ cpu, address, freelist: this.#cpu.pointer(address, 'freelist'), active, ...this.#partial(table, cache, cpu, address) }]
    } catch (error) {
      if (!(error instanceof FaultError)) throw error
      view.warnings.add(`${cache.name}: ${error.message}; what CPU ${cpu} holds counts as allocated`)
      return []
    }
  }

  #partial(table: SlabTable, cache: KmemCache, cpu: number, address: bigint): Pick<CpuSlab, 'partial' | 'partialSlabs'> {
    if (!this.#cpu.has('partial') || this.#nextOffset === undefined) return { partial: [], partialSlabs: 0 }
    const { entries, trouble } = walkNext(this.view.memory, this.#cpu.pointer(address, 'partial'), this.#nextOffset, this.view.sampled ? MOST_PARTIAL : table.length + 1)
    if (trouble !== null) this.view.warnings.add(`${cache.name}: the partial list of CPU ${cpu} breaks off: ${trouble}`)
    const rows: number[] = []
    for (const entry of entries) {
      const row = table.ofPageStruct(entry)
      if (row < 0 && this.view.sampled) continue
      if (row < 0 || table.caches[table.cache[row]] !== cache) {
        this.view.warnings.add(`${cache.name}: the partial list of CPU ${cpu} holds ${hex(entry)}, which is none of its slabs`)
        break
      }
      rows.push(row)
    }
    return { partial: rows, partialSlabs: trouble === null ? entries.length : Infinity }
  }
}
