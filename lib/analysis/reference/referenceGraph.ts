import type { KernelView } from '../../slab/kernelView.js'
import { ALLOCATED, UNKNOWN } from '../../slab/model.js'
import { Growing } from '../../util/growing.js'
import type { FrameRoles } from './frameRoles.js'
import { frameRoles } from './frameRoles.js'
import type { ObjectIndex } from './objectIndex.js'
import type { DeadRanges } from './deadRanges.js'
import type { StalePointers } from './stalePointers.js'

/** Which words of memory point at which objects: one pass over all pages of the dump. */
export interface ReferenceGraph {
  readonly index: ObjectIndex
  /** References from kernel memory that is no slab: physical address of the word, and the object it points into. */
  readonly rootWord: Float64Array
  readonly rootTarget: Uint32Array
  /** References from allocated objects to others: positions in the objects. References of an object to itself are not in it. */
  readonly from: Uint32Array
  readonly to: Uint32Array
  readonly bytes: ScannedBytes
  /** 1: allocated objects of which a part was not readable: what they refer to is not known. */
  readonly unread: Uint8Array
}

/** What the pass read, and what it left out and why. */
export interface ScannedBytes {
  /** Kernel memory that is no slab. */
  roots: number
  /** Payloads of allocated objects. */
  objects: number
  /** Left out, by reason. */
  readonly excluded: Map<string, number>
}

/**
 * Collects references page by page: `visit` takes each page of a dump once, in any order. Words are read where they are aligned;
 * a word that points anywhere into an allocated object's payload is a reference to it.
 */
export class ReferenceScan {
  readonly #view: KernelView
  readonly #index: ObjectIndex
  readonly #roles: FrameRoles
  readonly #dead: DeadRanges
  readonly #skipped: Uint8Array
  readonly #stale: StalePointers
  readonly #rootWord = new Growing(Float64Array)
  readonly #rootTarget = new Growing(Uint32Array)
  readonly #from = new Growing(Uint32Array)
  readonly #to = new Growing(Uint32Array)
  readonly #bytes: ScannedBytes = { roots: 0, objects: 0, excluded: new Map() }

  /** @param skipped 1 for objects of tools that watch others: they hold no references */
  constructor(view: KernelView, index: ObjectIndex, roles: FrameRoles, dead: DeadRanges, skipped: Uint8Array, stale: StalePointers) {
    this.#view = view
    this.#index = index
    this.#roles = roles
    this.#dead = dead
    this.#skipped = skipped
    this.#stale = stale
  }

  visit(frame: number, page: Uint8Array): void {
    const slab = this.#index.slabOfFrame(frame)
    if (slab >= 0) {
      this.#slabPage(slab, frame, page)
      return
    }
    const role = this.#roles.of(frame)
    if (role >= 0) {
      this.#exclude(frameRoles[role], page.length)
      return
    }
    const words = new Uint32Array(page.buffer, page.byteOffset, page.byteLength >>> 2)
    const dead = this.#dead.of(frame)
    if (dead === undefined) this.#rootWords(words, 0, words.length, frame)
    else for (const { start, end } of between(dead, page.length)) this.#rootWords(words, start >>> 2, end >>> 2, frame)
  }

  #exclude(reason: string, bytes: number): void {
    this.#bytes.excluded.set(reason, (this.#bytes.excluded.get(reason) ?? 0) + bytes)
  }

  #rootWords(words: Uint32Array, start: number, end: number, frame: number): void {
    const index = this.#index
    const { startHigh, spanHigh, tagged } = index
    this.#bytes.roots += (end - start) * 4
    for (let i = start; i < end; i += 2) {
      let high = words[i + 1]
      if (tagged && (high & 0x00800000) !== 0) high = (high | 0xff000000) >>> 0
      if (((high - startHigh) >>> 0) > spanHigh) continue
      const target = index.targetOf(words[i], high)
      if (target < 0) continue
      this.#rootWord.push(frame * this.#view.pageBytes + i * 4)
      this.#rootTarget.push(target)
    }
  }

  #slabPage(slab: number, frame: number, page: Uint8Array): void {
    const index = this.#index
    const { state } = index.objects
    const pageStart = frame * this.#view.pageBytes
    const slotBytes = index.slotBytes(slab)
    const base = index.base(slab)
    const { first, end } = index.range(slab)
    const payload = index.payloadBytes(first)
    const words = new Uint32Array(page.buffer, page.byteOffset, page.byteLength >>> 2)
    const { startHigh, spanHigh, tagged } = index
    const dead = this.#dead.of(frame)
    const stale = this.#stale.of(index.objects.caches[index.objects.cache[first]].name)
    const from = Math.max(0, Math.floor((pageStart - base) / slotBytes))
    for (let object = first + from; object < end; object++) {
      const start = base + (object - first) * slotBytes - pageStart
      if (start >= page.length) break
      if ((state[object] !== ALLOCATED && state[object] !== UNKNOWN) || this.#skipped[object] === 1) continue
      const firstWord = Math.max(0, Math.ceil(start / 8) * 2)
      const lastWord = Math.min(words.length, Math.floor((start + payload) / 8) * 2)
      this.#bytes.objects += Math.max(0, lastWord - firstWord) * 4
      for (let i = firstWord; i < lastWord; i += 2) {
        let high = words[i + 1]
        if (tagged && (high & 0x00800000) !== 0) high = (high | 0xff000000) >>> 0
        if (((high - startHigh) >>> 0) > spanHigh) continue
        const target = index.targetOf(words[i], high)
        if (target < 0 || target === object) continue
        if (dead !== undefined && dead.some(({ start, end }) => i * 4 >= start && i * 4 < end)) continue
        if (stale !== undefined && stale(words, i, start >> 2)) continue
        if (state[object] === UNKNOWN) {
          // Whether it is in use is not known: what it points at may well be held by it.
          this.#rootWord.push(pageStart + i * 4)
          this.#rootTarget.push(target)
        } else {
          this.#from.push(object)
          this.#to.push(target)
        }
      }
    }
  }

  done(): ReferenceGraph {
    for (const [reason, bytes] of this.#dead.bytes) this.#exclude(reason, bytes)
    return {
      index: this.#index,
      rootWord: this.#rootWord.taken(),
      rootTarget: this.#rootTarget.taken(),
      from: this.#from.taken(),
      to: this.#to.taken(),
      bytes: this.#bytes,
      unread: unreadObjects(this.#view, this.#index)
    }
  }
}

/** What lies between dead ranges of a page of `bytes`. */
function* between(dead: readonly { start: number; end: number }[], bytes: number): Generator<{ start: number; end: number }> {
  let at = 0
  for (const { start, end } of [...dead].sort((a, b) => a.start - b.start)) {
    if (start > at) yield { start: at, end: start & ~7 }
    at = Math.max(at, (end + 7) & ~7)
  }
  if (at < bytes) yield { start: at, end: bytes }
}

function unreadObjects(view: KernelView, index: ObjectIndex): Uint8Array {
  const { objects } = index
  const unread = new Uint8Array(objects.length)
  const { pageBytes, physical } = view
  for (let slab = 0; slab < objects.slabs.length; slab++) {
    const { first, end } = index.range(slab)
    if (first === end) continue
    const slotBytes = index.slotBytes(slab)
    const start = index.base(slab)
    const stop = start + (end - first - 1) * slotBytes + index.payloadBytes(first)
    for (let frame = Math.floor(start / pageBytes); frame * pageBytes < stop; frame++) {
      if (physical.has(frame)) continue
      const from = Math.max(0, Math.floor((frame * pageBytes - start) / slotBytes))
      const to = Math.min(end - first - 1, Math.floor(((frame + 1) * pageBytes - 1 - start) / slotBytes))
      for (let slot = from; slot <= to; slot++) if (objects.state[first + slot] === ALLOCATED) unread[first + slot] = 1
    }
  }
  return unread
}
