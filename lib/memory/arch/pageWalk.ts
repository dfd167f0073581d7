import type { FaultReason } from '../../errors.js'
import type { PhysicalMemory } from '../memory.js'

/**
 * One architecture's page tables. Addresses come as two unsigned halves: walks are too many for a bigint each.
 * A physical address comes back as a number (exact: no machine has more than 52 bits of it); below zero it is a fault of {@link faultOf}.
 */
export interface PageWalk {
  /** The physical address of the byte at `high`·2³² + `low`, which must be canonical (see `canonical`). */
  physical(high: number, low: number): number
  /**
   * The high half of the address as the page tables know it, with a pointer's tag taken off; -1 for an address that no kernel page
   * table can map.
   */
  canonicalHigh(high: number): number
  /**
   * What the tables map of the kernel's half, or of a part of it, in ascending order: for whoever looks for memory without knowing where.
   * At most `budget` tables are read.
   */
  mappings(budget: number, part?: { readonly start: bigint; readonly end: bigint }): Iterable<Mapping>
}

/** A stretch of addresses that one table entry maps. */
export interface Mapping {
  readonly address: bigint
  readonly physical: number
  readonly bytes: number
  readonly writable: boolean
}

/** The kernel's half of the address space. */
export const wholeHalf: { readonly start: bigint; readonly end: bigint } = { start: 1n << 63n, end: 1n << 64n }

/** A walk over mappings under way: tables that may still be read, and what is looked at. */
export interface Search {
  tables: number
  readonly start: bigint
  readonly end: bigint
}

const reasons: readonly FaultReason[] = ['unmapped', 'absent', 'excluded', 'corrupt']

export const UNMAPPED = -1

/** Number that stands for a fault where physical addresses are numbers. */
export function codeOf(reason: FaultReason): number {
  return -1 - reasons.indexOf(reason)
}

/** The reason behind a number below zero. */
export function faultOf(code: number): FaultReason {
  return reasons[-1 - code] ?? 'unmapped'
}

/**
 * Reads 64-bit page table entries, two halves each. The upper tables are few and read again for every address, so the last one of each
 * upper level is kept; the lowest ones are many.
 */
export class TableReader {
  low = 0
  high = 0
  readonly #frames: number[] = []
  readonly #pages: (Uint8Array | undefined)[] = []

  constructor(readonly physical: PhysicalMemory, readonly littleEndian: boolean) {}

  /** Reads the entry at a physical address into `low` and `high`; `level` only names the slot of the cache. 0, or the code of a fault. */
  read(address: number, level: number): number {
    const pageBytes = this.physical.pageBytes
    const frame = Math.floor(address / pageBytes)
    const offset = address - frame * pageBytes
    let page = this.#frames[level] === frame ? this.#pages[level] : undefined
    if (page === undefined) {
      const found = this.physical.page(frame)
      if (typeof found === 'string') return codeOf(found)
      page = found
      if (level > 1) {
        // What the file's reader gives is its own after its next call.
        page = found.slice()
        this.#frames[level] = frame
        this.#pages[level] = page
      }
    }
    const first = word(page, offset, this.littleEndian)
    const second = word(page, offset + 4, this.littleEndian)
    this.low = this.littleEndian ? first : second
    this.high = this.littleEndian ? second : first
    return 0
  }
}

function word(page: Uint8Array, at: number, littleEndian: boolean): number {
  return (littleEndian
    ? page[at] | (page[at + 1] << 8) | (page[at + 2] << 16) | (page[at + 3] << 24)
    : page[at + 3] | (page[at + 2] << 8) | (page[at + 1] << 16) | (page[at] << 24)) >>> 0
}
