import type { PhysicalMemory } from '../memory.js'
import { TableReader, UNMAPPED, wholeHalf, type Mapping, type PageWalk, type Search } from './pageWalk.js'

/** Where the kernel image is linked: __START_KERNEL_map (Linux arch/x86/include/asm/page_64_types.h). */
export const startKernelMap = 0xffffffff80000000n

/** Bits of a page table entry (Intel SDM volume 3, 4.5). */
const PRESENT = 0x1
const WRITABLE = 0x2
/** In an entry of the second or third level: it maps a page of 2 MiB or 1 GiB. */
const LARGE = 0x80
/** Physical address bits 51..32 of an entry. */
const ADDRESS_HIGH = 0x000fffff
const ADDRESS_LOW = 0xfffff000

const pageShift = 12
const levelBits = 9
const entries = 1 << levelBits
const tableBytes = 4096
const GiB4 = 0x1_0000_0000

export interface X86Paging {
  /** Physical address of the top table. */
  readonly root: number
  readonly levels: 4 | 5
  /** Bits that memory encryption puts into physical addresses; 0 without it. */
  readonly smeMask: bigint
}

/** The walk through x86-64 page tables of 4 or 5 levels. */
export class X86PageWalk implements PageWalk {
  readonly #reader: TableReader
  readonly #maskHigh: number
  readonly #maskLow: number

  constructor(physical: PhysicalMemory, readonly paging: X86Paging) {
    this.#reader = new TableReader(physical, true)
    this.#maskHigh = ADDRESS_HIGH & ~Number((paging.smeMask >> 32n) & 0xffffffffn)
    this.#maskLow = ADDRESS_LOW & ~Number(paging.smeMask & 0xffffffffn)
  }

  canonicalHigh(high: number): number {
    // Bits 63..47 (or 63..56) are all the same.
    const sign = high >> (this.paging.levels === 5 ? 24 : 15)
    return sign === 0 || sign === -1 ? high : -1
  }

  physical(high: number, low: number): number {
    let table = this.paging.root
    for (let level: number = this.paging.levels; level >= 1; level--) {
      const shift = pageShift + (level - 1) * levelBits
      const index = shift >= 32 ? (high >>> (shift - 32)) & (entries - 1) : indexBelow(high, low, shift)
      const fault = this.#reader.read(table + index * 8, level)
      if (fault < 0) return fault
      if ((this.#reader.low & PRESENT) === 0) return UNMAPPED
      const address = this.#address()
      if (level === 1) return address + (low & (tableBytes - 1))
      if (level <= 3 && (this.#reader.low & LARGE) !== 0) {
        const bytes = 2 ** shift
        return address - (address % bytes) + ((low & (bytes - 1)) >>> 0)
      }
      table = address
    }
    return UNMAPPED
  }

  *mappings(budget: number, part = wholeHalf): Iterable<Mapping> {
    const left: Search = { tables: budget, ...part }
    // The upper half of the top table is the kernel's.
    yield* this.#under(this.paging.root, this.paging.levels, entries / 2, -1n << BigInt(pageShift + this.paging.levels * levelBits - 1), true, left)
  }

  *#under(table: number, level: number, first: number, base: bigint, writable: boolean, left: Search): Iterable<Mapping> {
    const shift = pageShift + (level - 1) * levelBits
    for (let index = first; index < entries; index++) {
      if (this.#reader.read(table + index * 8, level) < 0) return
      const entry = this.#reader.low
      if ((entry & PRESENT) === 0) continue
      const bytes = 2 ** shift
      const address = BigInt.asUintN(64, base + (BigInt(index - first) << BigInt(shift)))
      if (address + BigInt(bytes) <= left.start || address >= left.end) continue
      const target = this.#address()
      const mayWrite = writable && (entry & WRITABLE) !== 0
      if (level === 1 || (level <= 3 && (entry & LARGE) !== 0)) {
        yield { address, physical: target - (target % bytes), bytes, writable: mayWrite }
      } else if (left.tables > 0) {
        left.tables--
        yield* this.#under(target, level - 1, 0, address, mayWrite, left)
      }
    }
  }

  #address(): number {
    return (this.#reader.high & this.#maskHigh) * GiB4 + ((this.#reader.low & this.#maskLow) >>> 0)
  }
}

function indexBelow(high: number, low: number, shift: number): number {
  return shift + levelBits > 32
    ? ((low >>> shift) | (high << (32 - shift))) & (entries - 1)
    : (low >>> shift) & (entries - 1)
}
