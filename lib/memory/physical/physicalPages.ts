import type { FaultReason } from '../../errors.js'
import type { PhysicalMemory } from '../memory.js'
import type { BlockStore, Run } from './blockStore.js'
import { PageCache } from './pageCache.js'
import type { PageKeeper } from './pageKeeper.js'
import { PagePass, type SharedPass } from './pagePass.js'
import { pagesOf, WholePages, type SharedPages } from './wholePages.js'

/** Memory that decompressed pages may take unless the caller says otherwise. */
const CACHE_BYTES = 256 << 20
/** Dumps whose frames reach further (4 TiB of 4 KiB pages) go through a cache: a table of places would outgrow the pages. */
const MOST_FRAMES = 2 ** 30

/** Starts threads that read the same dump. */
export interface PageHelpers {
  /** Threads that fill pages which are kept. */
  fill(pages: SharedPages): void
  /** Threads that fill pages ahead of who goes through them; false where none start. */
  follow(pass: SharedPass): boolean
}

/**
 * A dump's pages by the guest's frame number, decompressed once where they all fit into the memory allowed, else behind a bounded cache.
 * The dump's block may be the page, several of them, or a part of one; a page is there if all its blocks are.
 */
export class PhysicalPages implements PhysicalMemory {
  readonly frames: number
  readonly #store: BlockStore
  readonly #unitBytes: number
  readonly #cacheBytes: number
  #keeper: PageKeeper | undefined
  readonly #helpers: PageHelpers | undefined
  #filling = false
  #pass: PagePass | undefined
  readonly #pagesPerBlock: number
  readonly #blocksPerPage: number
  /** The unit that a linear pass is at, outside of the cache. */
  readonly #passing: Uint8Array
  #peeked = -1
  /** The unit asked for last: most reads go on in the same page. */
  #lastNumber = -1
  #last: Uint8Array | undefined

  constructor(store: BlockStore, readonly pageBytes: number, cacheBytes: number = CACHE_BYTES, helpers?: PageHelpers) {
    this.#store = store
    this.#pagesPerBlock = Math.max(1, store.blockBytes / pageBytes)
    this.#blocksPerPage = Math.max(1, pageBytes / store.blockBytes)
    this.#unitBytes = Math.max(pageBytes, store.blockBytes)
    this.#cacheBytes = cacheBytes
    this.#helpers = helpers
    this.#passing = new Uint8Array(this.#unitBytes)
    this.frames = Math.ceil(store.blocks / this.#blocksPerPage) * this.#pagesPerBlock
  }

  page(frame: number): Uint8Array | FaultReason {
    if (!(frame >= 0)) return 'absent'
    if (this.#pagesPerBlock === 1) return this.#unit(frame)
    return this.#partOf(this.#unit(Math.floor(frame / this.#pagesPerBlock)), frame)
  }

  peek(frame: number): Uint8Array | FaultReason {
    if (!(frame >= 0)) return 'absent'
    const number = Math.floor(frame / this.#pagesPerBlock)
    if (number === this.#peeked) return this.#partOf(this.#passing, frame)
    if (this.#pages instanceof WholePages) return this.page(frame)
    const passed = this.#pass?.page(number)
    if (passed !== undefined) return passed
    const cached = this.#pages.get(number)
    if (cached !== undefined) return this.#partOf(cached, frame)
    const missing = this.#read(number, this.#newlyPassing())
    if (missing !== undefined) return missing
    this.#peeked = number
    return this.#partOf(this.#passing, frame)
  }

  has(frame: number): boolean {
    return this.#holds(Math.floor(frame / this.#pagesPerBlock))
  }

  *presentRuns(): Generator<Run> {
    for (const { start, end } of this.#store.presentRuns()) {
      const first = Math.ceil(start / this.#blocksPerPage) * this.#pagesPerBlock
      const last = Math.floor(end / this.#blocksPerPage) * this.#pagesPerBlock
      if (first < last) yield { start: first, end: last }
    }
  }

  readAhead(): void {
    // Helpers know blocks, and nothing of pages that are put together from several.
    if (this.#filling || this.#blocksPerPage !== 1 || !(this.#pages instanceof WholePages)) return
    this.#filling = true
    this.#helpers?.fill(this.#pages.shared)
  }

  startPass(runs: readonly Run[]): () => void {
    // Helpers know blocks: pages that are parts of them, or made of several, are read here.
    const single = this.#blocksPerPage === 1 && this.#pagesPerBlock === 1
    if (!single || this.#helpers === undefined || this.#filling || this.#pass !== undefined) return () => {}
    // Who went through them before, and not long ago, finds them kept.
    if (runs.length === 0 || this.#pages.get(runs[0].start) !== undefined) return () => {}
    const pass = new PagePass(runs, this.#unitBytes, (number, target) => this.#store.read(number, target))
    if (!this.#helpers.follow(pass.shared)) return () => {}
    this.#pass = pass
    return () => {
      this.#pass = undefined
      pass.end()
    }
  }

  get #pages(): PageKeeper {
    return (this.#keeper ??= this.#newKeeper())
  }

  #newKeeper(): PageKeeper {
    const runs = this.#blocksPerPage === 1 ? [...this.#store.presentRuns()] : [...this.presentRuns()]
    const fits = pagesOf(runs) * this.#unitBytes <= this.#cacheBytes && (runs.at(-1)?.end ?? 0) <= MOST_FRAMES
    return fits ? new WholePages(runs, this.#unitBytes) : new PageCache(this.#unitBytes, this.#cacheBytes)
  }

  #partOf(unit: Uint8Array | FaultReason, frame: number): Uint8Array | FaultReason {
    if (this.#pagesPerBlock === 1 || typeof unit === 'string') return unit
    const at = (frame % this.#pagesPerBlock) * this.pageBytes
    return unit.subarray(at, at + this.pageBytes)
  }

  /** What the cache holds: a block, or a page of several blocks. */
  #unit(number: number): Uint8Array | FaultReason {
    if (number === this.#lastNumber) return this.#last!
    const pages = this.#pages
    const cached = pages.get(number)
    if (cached !== undefined) {
      this.#lastNumber = number
      this.#last = cached
      return cached
    }
    // What is not in the file shall not drive out what is.
    if (!this.#holds(number)) return this.#read(number, this.#newlyPassing()) ?? 'absent'
    const slot = pages.room(number)
    this.#lastNumber = -1
    const missing = this.#read(number, slot)
    if (missing !== undefined) return missing
    pages.keep(number)
    this.#lastNumber = number
    this.#last = slot
    return slot
  }

  #holds(number: number): boolean {
    if (this.#blocksPerPage === 1) return this.#store.has(number)
    for (let i = 0; i < this.#blocksPerPage; i++) if (!this.#store.has(number * this.#blocksPerPage + i)) return false
    return true
  }

  #newlyPassing(): Uint8Array {
    this.#peeked = -1
    return this.#passing
  }

  #read(number: number, slot: Uint8Array): FaultReason | undefined {
    const passed = this.#pass?.page(number)
    if (passed !== undefined) slot.set(passed)
    else return this.#blocksPerPage === 1 ? this.#store.read(number, slot) : this.#join(number, slot)
    return undefined
  }

  #join(frame: number, slot: Uint8Array): FaultReason | undefined {
    const { blockBytes } = this.#store
    for (let i = 0; i < this.#blocksPerPage; i++) {
      const missing = this.#store.read(frame * this.#blocksPerPage + i, slot.subarray(i * blockBytes, (i + 1) * blockBytes))
      if (missing !== undefined) return missing
    }
    return undefined
  }
}
