import type { PhysicalMemory } from '../memory.js'
import { TableReader, UNMAPPED, wholeHalf, type Mapping, type PageWalk, type Search } from './pageWalk.js'

/** Bits of a descriptor (Arm ARM D8.3). */
const VALID = 0x1
/** Bits 1..0 of a table, and of a page at the last level; 1 alone is a block. */
const TABLE = 0x3
/** AP[2]: read-only. */
const READ_ONLY = 0x80
const GiB4 = 0x1_0000_0000
/** Addresses with bit 55 set belong to the kernel's table (TTBR1); the byte above may hold a tag. */
const KERNEL_HALF = 0x00800000
const TAG_BYTE = 0xff000000

export interface Arm64Paging {
  /** Physical address of the top table, `swapper_pg_dir`. */
  readonly root: number
  /** 12, 14 or 16 */
  readonly pageShift: number
  /** Bits of a virtual address that the tables are walked with. */
  readonly vaBits: number
  /** Whether descriptors hold 52-bit addresses the way of 4K and 16K pages (FEAT_LPA2). */
  readonly lpa2: boolean
  readonly littleEndian: boolean
}

/** The walk through arm64 page tables of any page size and address width. */
export class Arm64PageWalk implements PageWalk {
  readonly #reader: TableReader
  readonly #levels: number
  readonly #levelBits: number
  readonly #topEntries: number
  readonly #lowMask: number

  constructor(physical: PhysicalMemory, readonly paging: Arm64Paging) {
    const { pageShift, vaBits } = paging
    this.#reader = new TableReader(physical, paging.littleEndian)
    this.#levelBits = pageShift - 3
    this.#levels = Math.ceil((vaBits - pageShift) / this.#levelBits)
    this.#topEntries = 2 ** (vaBits - pageShift - (this.#levels - 1) * this.#levelBits)
    this.#lowMask = ~(2 ** pageShift - 1)
  }

  canonicalHigh(high: number): number {
    if ((high & KERNEL_HALF) === 0) return -1
    const untagged = (high | TAG_BYTE) >>> 0
    return untagged >> (this.paging.vaBits - 32) === -1 ? untagged : -1
  }

  physical(high: number, low: number): number {
    let table = this.paging.root
    for (let level = this.#levels; level >= 1; level--) {
      const shift = this.paging.pageShift + (level - 1) * this.#levelBits
      const bits = level === this.#levels ? this.#topEntries : 1 << this.#levelBits
      const index = indexAt(high, low, shift, bits)
      const fault = this.#reader.read(table + index * 8, level)
      if (fault < 0) return fault
      const kind = this.#reader.low & TABLE
      if ((kind & VALID) === 0) return UNMAPPED
      const address = this.#address()
      const block = kind !== TABLE
      if (block ? level === 1 : false) return UNMAPPED
      if (level === 1 || block) {
        const bytes = 2 ** shift
        return address - (address % bytes) + remainder(high, low, shift)
      }
      table = address
    }
    return UNMAPPED
  }

  *mappings(budget: number, part = wholeHalf): Iterable<Mapping> {
    const left: Search = { tables: budget, ...part }
    yield* this.#under(this.paging.root, this.#levels, this.#topEntries, -1n << BigInt(this.paging.vaBits), left)
  }

  *#under(table: number, level: number, entries: number, base: bigint, left: Search): Iterable<Mapping> {
    const shift = this.paging.pageShift + (level - 1) * this.#levelBits
    for (let index = 0; index < entries; index++) {
      if (this.#reader.read(table + index * 8, level) < 0) return
      const kind = this.#reader.low & TABLE
      if ((kind & VALID) === 0 || (level === 1 && kind !== TABLE)) continue
      const bytes = 2 ** shift
      const address = BigInt.asUintN(64, base + (BigInt(index) << BigInt(shift)))
      if (address + BigInt(bytes) <= left.start || address >= left.end) continue
      const target = this.#address()
      if (level === 1 || kind !== TABLE) {
        yield { address, physical: target - (target % bytes), bytes, writable: (this.#reader.low & READ_ONLY) === 0 }
      } else if (left.tables > 0) {
        left.tables--
        yield* this.#under(target, level - 1, 1 << this.#levelBits, address, left)
      }
    }
  }

  /** Output address of the descriptor just read. Where its upper bits lie depends on the page size (Arm ARM D8.3.1). */
  #address(): number {
    const { high, low } = this.#reader
    const bottom = (low & this.#lowMask) >>> 0
    // 64K pages: bits 15..12 hold address bits 51..48.
    if (this.paging.pageShift === 16) return ((high & 0xffff) + (((low >>> 12) & 0xf) << 16)) * GiB4 + bottom
    // FEAT_LPA2: bits 49..48 in place, bits 9..8 hold address bits 51..50.
    if (this.paging.lpa2) return ((high & 0x3ffff) + (((low >>> 8) & 3) << 18)) * GiB4 + bottom
    return (high & 0xffff) * GiB4 + bottom
  }
}

function indexAt(high: number, low: number, shift: number, entries: number): number {
  const value = shift >= 32 ? high >>> (shift - 32) : ((low >>> shift) | (shift === 0 ? 0 : high << (32 - shift))) >>> 0
  return value & (entries - 1)
}

/** The bits of an address below `shift`, which may be more than 32. */
function remainder(high: number, low: number, shift: number): number {
  if (shift >= 32) return (shift === 32 ? 0 : (high & (2 ** (shift - 32) - 1)) >>> 0) * GiB4 + low
  return (low & (2 ** shift - 1)) >>> 0
}
