import type { PhysicalMemory } from '../memory/memory.js'

const UNREAD = 0
const PRESENT = 1
const MISSING = 2

/**
 * The bytes of one slab at a time, as 32-bit words, its pages read when first needed: a walk over a short free list of a slab of
 * eight pages reads one or two of them.
 */
export class SlabWindow {
  #words = new Uint32Array(0)
  #bytes = new Uint8Array(0)
  #pages = new Uint8Array(0)
  #frame = 0
  #count = 0

  constructor(readonly physical: PhysicalMemory) {}

  /** Turns to the slab of `pages` pages from `frame` on. */
  open(frame: number, pages: number): void {
    if (pages > this.#pages.length) {
      this.#bytes = new Uint8Array(pages * this.physical.pageBytes)
      this.#words = new Uint32Array(this.#bytes.buffer)
      this.#pages = new Uint8Array(pages)
    }
    this.#pages.fill(UNREAD, 0, pages)
    this.#frame = frame
    this.#count = pages
  }

  /** Words of the slab; only those that {@link has} said yes to are its. */
  get words(): Uint32Array {
    return this.#words
  }

  /** Whether `bytes` at `offset` from the slab's start are in the dump; reads them if they are. */
  has(offset: number, bytes: number): boolean {
    const { pageBytes } = this.physical
    const last = Math.floor((offset + bytes - 1) / pageBytes)
    if (offset < 0 || last >= this.#count) return false
    for (let page = Math.floor(offset / pageBytes); page <= last; page++) {
      if (this.#pages[page] === UNREAD) this.#read(page)
      if (this.#pages[page] === MISSING) return false
    }
    return true
  }

  #read(page: number): void {
    const found = this.physical.page(this.#frame + page)
    if (typeof found !== 'string') this.#bytes.set(found, page * this.physical.pageBytes)
    this.#pages[page] = typeof found === 'string' ? MISSING : PRESENT
  }
}
