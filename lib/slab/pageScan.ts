import type { Run } from '../memory/physical/blockStore.js'
import type { KernelView, PageStructRun } from './kernelView.js'
import { slabPageTest } from './slabPageTest.js'

/** Byte offsets in `struct slab` (`struct page` before 5.17) of what the scan takes from each slab's first page. -1: this kernel has no such member. */
export interface SlabPageLayout {
  readonly cache: number
  readonly freelist: number
  /** 32 bits: SLUB's `inuse`, `objects` and `frozen`, SLAB's `active`. */
  readonly counters: number
  /** SLAB's address of the first object. */
  readonly firstObject: number
}

/**
 * The first page of every slab in frame order, one typed array a property. 64-bit words are two 32-bit ones, low first,
 * so that a scan over millions of pages makes no bigint.
 */
export interface SlabPages {
  readonly length: number
  readonly frame: Float64Array
  /** Pages of the slab: its first one and the compound's others, as the page structures mark them. */
  readonly pages: Uint32Array
  readonly cache: Uint32Array
  readonly freelist: Uint32Array
  readonly counters: Uint32Array
  readonly firstObject: Uint32Array
  /** Page structures that could not be read, for whatever reason. */
  readonly unreadable: number
}

/** Bytes of page structures read at a time. */
const CHUNK_BYTES = 1 << 18
/** Frames of the largest compound page that can be a slab: MAX_PAGE_ORDER is 13 at most (arm64 with 64K pages). */
const MOST_PAGES = 1 << 13

/**
 * One pass over all page structures: which frames start a slab, of which cache, with which counters. Finds every slab, full ones too,
 * and needs no list that could be broken.
 */
export function scanPages(view: KernelView, layout: SlabPageLayout): SlabPages {
  const found = new Growing()
  const scan = pageScanner(view, layout, found)
  const unreadable = scanPageStructs(view, view.sampled ? beyondEnds(view, scan, found) : scan)
  return found.done(unreadable)
}

/**
 * Of a sample, reads on where a slab may go beyond the end of what was chosen, so that it is known as a whole. Slabs that begin before
 * it are of another part: each slab belongs where its first page lies.
 */
function beyondEnds(view: KernelView, scan: Scan, found: Growing): Scan {
  return (words, frame, frames) => {
    scan(words, frame, frames)
    for (let next = frame + frames; found.maySpan(next); next++) {
      const address = view.pageStructOf(next)
      const bytes = address === undefined ? 'absent' : view.memory.tryRead(address, view.pageStructBytes)
      if (typeof bytes === 'string') return
      const pages = found.lastPages
      scan(new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >>> 2), next, 1, true)
      if (found.lastPages === pages) return
    }
  }
}

/** Takes the page structures of some frames as 32-bit words, `pageStructBytes` of them a frame; what lies behind them is none of theirs. */
export type Scan = (words: Uint32Array, frame: number, frames: number, tailsOnly?: boolean) => void

/** Gives all page structures to `scan`, in frame order and pieces. Returns how many could not be read. */
export function scanPageStructs(view: KernelView, scan: Scan): number {
  const perChunk = Math.max(1, Math.floor(CHUNK_BYTES / view.pageStructBytes))
  // Words of this machine: dumps and hosts are little endian alike.
  const words = new Uint32Array((perChunk * view.pageStructBytes) >>> 2)
  let unreadable = 0
  const endPass = startPass(view)
  try {
    for (const run of view.pageStructRuns()) {
      for (let start = run.start; start < run.end; start += perChunk) {
        unreadable += readPart(view, run, start, Math.min(run.end, start + perChunk), words, scan)
      }
    }
  } finally {
    endPass()
  }
  return unreadable
}

/** Bytes of page structures that are worth further threads: those of 4 GiB in 4 KiB pages. */
const PASS_BYTES = 64 << 20
/** What a kernel maps at a time where it can. */
const LARGE_PAGE_BYTES = 2 << 20

/** Lets threads decompress the page structures ahead, where there are many. */
function startPass(view: KernelView): () => void {
  const pieces = view.pageStructRuns().map(({ start, end, address }) => ({ address, bytes: (end - start) * view.pageStructBytes }))
  const bytes = pieces.reduce((sum, piece) => sum + piece.bytes, 0)
  if (bytes < PASS_BYTES || view.physical.startPass === undefined) return () => {}
  const frames: Run[] = []
  for (const piece of pieces) addFrames(view, piece.address, piece.bytes, frames)
  return view.physical.startPass(frames)
}

/** The frames behind a stretch of addresses, as far as they are mapped. */
function addFrames(view: KernelView, address: bigint, bytes: number, frames: Run[]): void {
  const { pageBytes } = view
  const add = (at: bigint, pages: number): void => {
    const physical = view.physicalOf(at)
    if (physical === undefined) return
    const start = Math.floor(physical / pageBytes)
    const last = frames.at(-1)
    if (last?.end === start) frames[frames.length - 1] = { start: last.start, end: start + pages }
    else frames.push({ start, end: start + pages })
  }
  const end = address + BigInt(bytes)
  for (let at = address - address % BigInt(pageBytes); at < end;) {
    const left = Math.min(LARGE_PAGE_BYTES, Number(end - at))
    const pages = at % BigInt(LARGE_PAGE_BYTES) === 0n ? Math.ceil(left / pageBytes) : 1
    // A large page, or pages side by side: both ends tell.
    const span = view.physicalOf(at + BigInt((pages - 1) * pageBytes))! - view.physicalOf(at)!
    if (span === (pages - 1) * pageBytes) add(at, pages)
    else for (let i = 0; i < pages; i++) add(at + BigInt(i * pageBytes), 1)
    at += BigInt(pages * pageBytes)
  }
}

/** Scans frames `start` to `end`; where their page structures are not all readable, halves until the readable ones are done. Returns how many were not. */
function readPart(view: KernelView, run: PageStructRun, start: number, end: number, words: Uint32Array, scan: Scan): number {
  const stride = view.pageStructBytes
  const present = new Uint8Array(1)
  view.memory.readMany(BigUint64Array.of(run.address + BigInt((start - run.start) * stride)), (end - start) * stride, new Uint8Array(words.buffer), present)
  if (present[0] === 1) {
    scan(words, start, end - start)
    return 0
  }
  if (end - start === 1) return 1
  const middle = (start + end) >>> 1
  return readPart(view, run, start, middle, words, scan) + readPart(view, run, middle, end, words, scan)
}

function pageScanner(view: KernelView, layout: SlabPageLayout, found: Growing): Scan {
  const test = slabPageTest(view)
  const stride = view.pageStructBytes >>> 2
  const { mask, value } = test
  const testWord = test.offset >>> 2
  const tailWord = test.tailOffset >>> 2
  const word = (offset: number): number => (offset < 0 ? -1 : offset >>> 2)
  const cacheWord = word(layout.cache)
  const freelistWord = word(layout.freelist)
  const countersWord = word(layout.counters)
  const firstObjectWord = word(layout.firstObject)
  return (words, frame, frames, tailsOnly = false) => {
    for (let i = 0, at = 0; i < frames; i++, at += stride) {
      if ((words[at + tailWord] & 1) !== 0) {
        found.tail(frame + i)
        continue
      }
      if (tailsOnly || ((words[at + testWord] & mask) >>> 0) !== value) continue
      const row = found.add(frame + i)
      found.cache[2 * row] = words[at + cacheWord]
      found.cache[2 * row + 1] = words[at + cacheWord + 1]
      found.freelist[2 * row] = words[at + freelistWord]
      found.freelist[2 * row + 1] = words[at + freelistWord + 1]
      found.counters[row] = words[at + countersWord]
      if (firstObjectWord >= 0) {
        found.firstObject[2 * row] = words[at + firstObjectWord]
        found.firstObject[2 * row + 1] = words[at + firstObjectWord + 1]
      }
    }
  }
}

/** Arrays of {@link SlabPages} while their length is not known. */
class Growing {
  length = 0
  frame = new Float64Array(4096)
  pages = new Uint32Array(4096)
  cache = new Uint32Array(8192)
  freelist = new Uint32Array(8192)
  counters = new Uint32Array(4096)
  firstObject = new Uint32Array(8192)

  add(frame: number): number {
    if (this.length === this.frame.length) this.#grow()
    this.frame[this.length] = frame
    this.pages[this.length] = 1
    return this.length++
  }

  /** A compound page's further page: it belongs to the last slab found if it lies right behind it. */
  tail(frame: number): void {
    const last = this.length - 1
    if (last >= 0 && frame === this.frame[last] + this.pages[last] && this.pages[last] < MOST_PAGES) this.pages[last]++
  }

  /** Pages of the last slab. */
  get lastPages(): number {
    return this.length === 0 ? 0 : this.pages[this.length - 1]
  }

  /** Whether the last slab ends at a frame and may be larger: pages that belong together are a power of two, and start at a multiple of it. */
  maySpan(frame: number): boolean {
    const last = this.length - 1
    if (last < 0 || this.frame[last] + this.pages[last] !== frame || this.pages[last] >= MOST_PAGES) return false
    return this.frame[last] % 2 ** Math.ceil(Math.log2(this.pages[last] + 1)) === 0
  }

  done(unreadable: number): SlabPages {
    const { length } = this
    return {
      length,
      unreadable,
      frame: this.frame.slice(0, length),
      pages: this.pages.slice(0, length),
      cache: this.cache.slice(0, 2 * length),
      freelist: this.freelist.slice(0, 2 * length),
      counters: this.counters.slice(0, length),
      firstObject: this.firstObject.slice(0, 2 * length)
    }
  }

  #grow(): void {
    this.frame = grown(this.frame, new Float64Array(2 * this.frame.length))
    this.pages = grown(this.pages, new Uint32Array(2 * this.pages.length))
    this.cache = grown(this.cache, new Uint32Array(2 * this.cache.length))
    this.freelist = grown(this.freelist, new Uint32Array(2 * this.freelist.length))
    this.counters = grown(this.counters, new Uint32Array(2 * this.counters.length))
    this.firstObject = grown(this.firstObject, new Uint32Array(2 * this.firstObject.length))
  }
}

function grown<T extends Uint32Array | Float64Array>(old: T, larger: T): T {
  larger.set(old)
  return larger
}
