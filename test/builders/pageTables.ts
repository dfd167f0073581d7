import type { SparseMemory } from './sparseMemory.js'

/** How a machine writes its tables; the level counts from 1, the one that maps pages. */
export interface TableShape {
  readonly pageShift: number
  readonly levels: number
  readonly levelBits: number
  /** Bits of the address that the top table is indexed with, where fewer than `levelBits`. */
  readonly topBits?: number
  table(physical: number): bigint
  leaf(physical: number, level: number, writable: boolean): bigint
  target(entry: bigint): number
}

export const x86Shape = (levels: 4 | 5, mask = 0n): TableShape => ({
  pageShift: 12, levels, levelBits: 9,
  table: (physical) => BigInt(physical) | mask | 0x63n,
  // Bit 12 of a large page is an attribute, not address; bit 63 forbids execution.
  leaf: (physical, level, writable) => BigInt(physical) | mask | (level > 1 ? 0x10e1n : 0x161n) | (writable ? 2n : 0n) | (1n << 63n),
  target: (entry) => Number(entry & 0x000ffffffffff000n & ~mask)
})

/** `address`: where the architecture puts the bits of an output address that do not fit in place. */
export const arm64Shape = (pageShift: number, vaBits: number, wide: 'plain' | 'lpa' | 'lpa2' = 'plain'): TableShape => {
  const levelBits = pageShift - 3
  const levels = Math.ceil((vaBits - pageShift) / levelBits)
  const place = (physical: number): bigint => {
    const address = BigInt(physical)
    if (wide === 'lpa') return (address & 0xffffffff0000n) | ((address >> 48n) << 12n)
    if (wide === 'lpa2') return (address & 0x3ffffffffffffn) | ((address >> 50n) << 8n)
    return address
  }
  return {
    pageShift, levels, levelBits, topBits: vaBits - pageShift - (levels - 1) * levelBits,
    table: (physical) => place(physical) | (0x18n << 56n) | 0x3n,
    leaf: (physical, level, writable) => place(physical) | (level > 1 ? 0x1n : 0x3n) | (0xe8n << 48n) | (1n << 10n) | (writable ? 0n : 0x80n),
    target: (entry) => wide === 'lpa'
      ? Number((entry & 0xffffffff0000n) | (((entry >> 12n) & 0xfn) << 48n))
      : wide === 'lpa2' ? Number((entry & 0x3fffffffff000n) | (((entry >> 8n) & 3n) << 50n)) : Number(entry & 0xfffffffff000n)
  }
}

/** Writes page tables into memory, taking new tables from `nextTable` on. */
export class PageTables {
  readonly root: number
  #next: number

  constructor(readonly memory: SparseMemory, readonly shape: TableShape, root: number) {
    this.root = root
    this.#next = root + 2 ** shape.pageShift
    memory.frame(root / memory.pageBytes)
  }

  /** Physical address of the entry that maps `address` at a level; tables on the way are made. */
  entry(address: bigint, level: number): number {
    const { shape } = this
    let table = this.root
    for (let at = shape.levels; at >= 1; at--) {
      const bits = at === shape.levels ? (shape.topBits ?? shape.levelBits) : shape.levelBits
      const index = Number((address >> BigInt(shape.pageShift + (at - 1) * shape.levelBits)) & BigInt(2 ** bits - 1))
      const place = table + index * 8
      if (at === level) return place
      const entry = this.memory.readU64(place)
      if (entry === 0n) {
        table = this.#next
        this.#next += 2 ** shape.pageShift
        this.memory.frame(table / this.memory.pageBytes)
        this.memory.u64(place, shape.table(table))
      } else table = shape.target(entry)
    }
    throw new RangeError(`no level ${level}`)
  }

  /** Maps one page, block or huge page. */
  map(address: bigint, physical: number, level = 1, writable = true): this {
    this.memory.u64(this.entry(address, level), this.shape.leaf(physical, level, writable))
    return this
  }
}
