import type { FaultReason } from '../errors.js'
import { codeOf, faultOf, UNMAPPED, type PageWalk } from './arch/pageWalk.js'
import type { Memory, PhysicalMemory } from './memory.js'

/** Addresses that follow physical ones at a constant distance: the direct map, the kernel image. */
export interface LinearWindow {
  /** First address, and one past the last. */
  readonly start: bigint
  readonly end: bigint
  /** Physical address behind `start`. */
  readonly physical: number
}

export interface VirtualMemoryOptions {
  readonly littleEndian?: boolean
  /** The kernel image: translated by arithmetic where its page tables are missing from the dump. */
  readonly image?: LinearWindow
}

/** Entries of the translation cache: it covers 32 MiB of scattered 4K pages in 128 KiB. */
const cachedTranslations = 8192
const GiB4 = 0x1_0000_0000
const noWords: Uint32Array = new Uint32Array(0)
/** Rows up to this size are copied byte by byte: cheaper than a view for each. */
const shortRow = 64

/** A dump's memory by kernel virtual address: its physical pages behind its page tables. */
export class VirtualMemory implements Memory {
  readonly littleEndian: boolean
  readonly pointerBytes = 8
  readonly #physical: PhysicalMemory
  readonly #walk: PageWalk
  readonly #pageBytes: number
  readonly #pageShift: number
  readonly #pages = new Float64Array(cachedTranslations).fill(-1)
  readonly #frames = new Float64Array(cachedTranslations)
  readonly #word = new BigUint64Array(1)
  readonly #halves = new Uint32Array(this.#word.buffer)
  #direct: Window | undefined
  #image: Window | undefined

  constructor(physical: PhysicalMemory, walk: PageWalk, options: VirtualMemoryOptions = {}) {
    this.#physical = physical
    this.#walk = walk
    this.#pageBytes = physical.pageBytes
    this.#pageShift = Math.log2(physical.pageBytes)
    this.littleEndian = options.littleEndian ?? true
    this.#image = windowOf(options.image)
  }

  /** Tells the direct map, once it is found and verified: it is translated by arithmetic from then on, without the page tables. */
  useDirectMap(window: LinearWindow): void {
    this.#direct = windowOf(window)
  }

  /** Tells the kernel image more exactly, once its end is known. */
  useImage(window: LinearWindow): void {
    this.#image = windowOf(window)
  }

  /** Physical address behind a virtual one, or why there is none. A frame that the file lacks has an address all the same. */
  translate(address: bigint): number | FaultReason {
    this.#word[0] = address
    const found = this.#translate(this.#halves[1], this.#halves[0])
    return found < 0 ? faultOf(found) : found
  }

  tryRead(address: bigint, bytes: number): Uint8Array | FaultReason {
    this.#word[0] = address
    const out = new Uint8Array(bytes)
    const fault = this.#fill(this.#halves[1], this.#halves[0], out, 0, bytes)
    return fault < 0 ? faultOf(fault) : out
  }

  readMany(addresses: BigUint64Array, bytes: number, out: Uint8Array, present: Uint8Array): void {
    const halves = new Uint32Array(addresses.buffer, addresses.byteOffset, addresses.length * 2)
    const pageBytes = this.#pageBytes
    const mask = pageBytes - 1
    let lastHigh = -1
    let lastPage = -1
    // The view of the page at hand; undefined where it cannot be read. Objects come in address order, many to a page.
    let view: Uint8Array | undefined
    // Objects that consist of words are copied by words, where both sides allow it.
    const byWords = bytes <= shortRow && bytes % 4 === 0 && out.byteOffset % 4 === 0
    const outWords = byWords ? new Uint32Array(out.buffer, out.byteOffset, out.length >>> 2) : noWords
    let viewWords = noWords
    for (let i = 0; i < addresses.length; i++) {
      const low = halves[i * 2]
      const high = halves[i * 2 + 1]
      const offset = low & mask
      const row = i * bytes
      if (offset + bytes > pageBytes) {
        // The view is spoilt by reading further pages.
        lastHigh = -1
        const fault = this.#fill(high, low, out, row, bytes)
        present[i] = fault < 0 ? 0 : 1
        if (fault < 0) out.fill(0, row, row + bytes)
        continue
      }
      const page = low - offset
      if (high !== lastHigh || page !== lastPage) {
        const physical = this.#translate(high, page)
        const found = physical < 0 ? undefined : this.#physical.page(Math.floor(physical / pageBytes))
        view = found === undefined || typeof found === 'string' ? undefined : found
        if (view !== undefined && byWords) viewWords = new Uint32Array(view.buffer, view.byteOffset, view.length >>> 2)
        lastHigh = high
        lastPage = page
      }
      if (view === undefined) {
        present[i] = 0
        out.fill(0, row, row + bytes)
      } else {
        present[i] = 1
        if (byWords && offset % 4 === 0) for (let to = row >>> 2, from = offset >>> 2, end = to + (bytes >>> 2); to < end;) outWords[to++] = viewWords[from++]
        else if (bytes <= shortRow) for (let at = 0; at < bytes; at++) out[row + at] = view[offset + at]
        else out.set(view.subarray(offset, offset + bytes), row)
      }
    }
  }

  /** Fills out[at .. at + bytes] from an address; 0, or the code of the first fault. */
  #fill(high: number, low: number, out: Uint8Array, at: number, bytes: number): number {
    let left = bytes
    while (left > 0) {
      const physical = this.#translate(high, low)
      if (physical < 0) return physical
      const frame = Math.floor(physical / this.#pageBytes)
      const page = this.#physical.page(frame)
      if (typeof page === 'string') return codeOf(page)
      const offset = physical - frame * this.#pageBytes
      const part = Math.min(left, this.#pageBytes - offset)
      if (part <= shortRow) for (let i = 0; i < part; i++) out[at + i] = page[offset + i]
      else out.set(page.subarray(offset, offset + part), at)
      at += part
      left -= part
      low += part
      if (low >= GiB4) {
        low -= GiB4
        high++
        // Nothing lies behind the last address.
        if (high >= GiB4 && left > 0) return UNMAPPED
      }
    }
    return 0
  }

  #translate(high: number, low: number): number {
    const canonical = this.#walk.canonicalHigh(high)
    if (canonical < 0) return UNMAPPED
    const direct = this.#direct
    if (direct !== undefined) {
      const distance = (canonical - direct.high) * GiB4 + (low - direct.low)
      if (distance >= 0 && distance < direct.bytes) return direct.physical + distance
    }
    // The upper bits of a kernel address are all ones: what is left of the page number is exact as a number.
    const page = (canonical & 0x01ffffff) * 2 ** (32 - this.#pageShift) + (low >>> this.#pageShift)
    const slot = page % cachedTranslations
    const offset = low & (this.#pageBytes - 1)
    if (this.#pages[slot] === page) return this.#frames[slot] + offset
    let start = this.#walk.physical(canonical, low - offset)
    if (start < 0) {
      const image = this.#image
      if (image === undefined) return start
      const distance = (canonical - image.high) * GiB4 + (low - offset - image.low)
      if (distance < 0 || distance >= image.bytes || start === UNMAPPED) return start
      start = image.physical + distance
    }
    this.#pages[slot] = page
    this.#frames[slot] = start
    return start + offset
  }
}

/** A window with its start in two halves. */
interface Window {
  readonly high: number
  readonly low: number
  readonly bytes: number
  readonly physical: number
}

function windowOf(window: LinearWindow | undefined): Window | undefined {
  if (window === undefined) return undefined
  return {
    high: Number(window.start >> 32n),
    low: Number(window.start & 0xffffffffn),
    bytes: Number(window.end - window.start),
    physical: window.physical
  }
}
