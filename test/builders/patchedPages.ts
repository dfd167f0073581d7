import type { DumpKernel } from '../../lib/system/kernelView.js'

const PAGE = 4096
const GiB = 2 ** 30
const MiB2 = 2 ** 21
const PRESENT = 1n
const LARGE = 0x80n
/** Present, writable, accessed, dirty, global, not executable. */
const LEAF = 0x8000000000000163n
const TABLE = 0x67n
const ADDRESS = 0x000ffffffffff000n

/** Pages of an x86-64 dump that are written over, and page tables that are extended; the dump itself stays as it is. */
export class PatchedPages {
  /** By frame. */
  readonly pages = new Map<number, Buffer>()
  readonly #root: number

  /** @param nextTable frame from which on new page tables lie */
  constructor(readonly kernel: DumpKernel, private nextTable: number) {
    this.#root = this.physicalOf(kernel.symbol('init_top_pgt')!)
  }

  physicalOf(address: bigint): number {
    const physical = this.kernel.physicalOf(address)
    if (physical === undefined) throw new Error(`0x${address.toString(16)} is not mapped`)
    return physical
  }

  read(physical: number): bigint {
    return this.#page(Math.floor(physical / PAGE)).readBigUInt64LE(physical % PAGE)
  }

  write(physical: number, value: bigint): void {
    this.#page(Math.floor(physical / PAGE)).writeBigUInt64LE(value, physical % PAGE)
  }

  /** Adds to a counter of the kernel. */
  count(address: bigint, more: number): void {
    this.write(this.physicalOf(address), this.read(this.physicalOf(address)) + BigInt(more))
  }

  /** Maps addresses to physical memory side by side, in large pages; what is mapped already stays. All are multiples of 1 GiB. */
  map(address: bigint, physical: number, bytes: number): void {
    for (let at = 0; at < bytes; at += GiB) {
      const upper = this.#table(this.#root + entry(address + BigInt(at), 39n)) + entry(address + BigInt(at), 30n)
      if ((this.read(upper) & LARGE) !== 0n) continue
      if ((this.read(upper) & PRESENT) === 0n) {
        this.write(upper, BigInt(physical + at) | LARGE | LEAF)
        continue
      }
      const middle = this.#table(upper)
      for (let part = at; part < at + GiB; part += MiB2) {
        const place = middle + entry(address + BigInt(part), 21n)
        if ((this.read(place) & PRESENT) === 0n) this.write(place, BigInt(physical + part) | LARGE | LEAF)
      }
    }
  }

  #table(place: number): number {
    const found = this.read(place)
    if ((found & PRESENT) !== 0n) return Number(found & ADDRESS)
    const frame = this.nextTable++
    this.pages.set(frame, Buffer.alloc(PAGE))
    this.write(place, BigInt(frame * PAGE) | TABLE)
    return frame * PAGE
  }

  #page(frame: number): Buffer {
    let page = this.pages.get(frame)
    if (page === undefined) {
      const found = this.kernel.physical.page(frame)
      this.pages.set(frame, (page = typeof found === 'string' ? Buffer.alloc(PAGE) : Buffer.from(found)))
    }
    return page
  }
}

function entry(address: bigint, shift: bigint): number {
  return Number((address >> shift) & 511n) * 8
}
