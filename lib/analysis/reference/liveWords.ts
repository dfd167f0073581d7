import type { KernelView } from '../../slab/kernelView.js'
import { ALLOCATED, UNKNOWN } from '../../slab/model.js'
import type { Slabs } from '../../slab/slabs.js'
import type { DeadBytes, DeadRanges } from './deadRanges.js'
import { FREE, frameRoles, PAGE_STRUCTS, type FrameRoles } from './frameRoles.js'
import type { ObjectIndex } from './objectIndex.js'
import type { StalePointers, StaleTest } from './stalePointers.js'

/** Words of no object: kernel memory that is no slab. */
export const NO_OBJECT = -1

/** What a pass read, and what it left out and why. */
export interface ScannedBytes {
  /** Kernel memory that is no slab. */
  roots: number
  /** Payloads of allocated objects. */
  objects: number
  /** Left out, by reason. */
  readonly excluded: ReadonlyMap<string, number>
}

/**
 * Takes a stretch of 64-bit words that may be references: `words[start]` to `words[end]`, two 32-bit halves each, low first.
 * `object` is the one whose payload they are, or {@link NO_OBJECT}; `stale` tells words of it that are leftovers.
 */
export type StretchVisitor = (words: Uint32Array, start: number, end: number, object: number, stale: ((word: number) => boolean) | undefined) => void

/** Which words of a dump's pages may be references: the one rule for everything that looks for them. */
export class LiveWords {
  readonly #slabs: Pick<Slabs, 'slabOfFrame'>
  readonly #ownersWord: number

  constructor(
    readonly view: KernelView, readonly index: ObjectIndex, readonly roles: FrameRoles, readonly dead: DeadRanges,
    /** 1 for objects that hold no references: those of tools that watch others. */
    readonly skipped: Uint8Array, readonly stale: StalePointers, slabs: Pick<Slabs, 'slabOfFrame'>
  ) {
    this.#slabs = slabs
    // Where a slab keeps the cgroups and allocation sites of its objects: `memcg_data`, `obj_exts` since v6.10, in struct page before v5.17.
    const owners = view.types.member('slab', 'obj_exts') ?? view.types.member('slab', 'memcg_data') ?? view.types.member('page', 'memcg_data') ??
      view.types.member('page', 'obj_cgroups')
    this.#ownersWord = owners === undefined ? -1 : owners.offset >>> 2
  }

  /** Shows the live stretches of one page, counting them in `bytes`. */
  walk(frame: number, page: Uint8Array, visit: StretchVisitor, bytes: ByteCount): void {
    const slab = this.index.slabOfFrame(frame)
    const role = slab >= 0 ? -1 : this.roles.of(frame)
    const words = new Uint32Array(page.buffer, page.byteOffset, page.byteLength >>> 2)
    if (role >= 0) {
      bytes.exclude(frameRoles[role], page.length - (role === PAGE_STRUCTS ? this.#pageStructs(frame, words, visit, bytes) : 0))
      return
    }
    const dead = this.dead.of(frame)
    if (slab >= 0) this.#slabPage(slab, frame, words, dead, visit, bytes)
    else bytes.roots += this.#around(dead, words, 0, words.length, NO_OBJECT, undefined, visit)
  }

  /**
   * Page structures refer to objects: `private` to the buffers of a file's page, `mapping` to its inode. Those of slabs are the allocator's
   * links (`s_mem`, free lists), but for the arrays that say whose the objects are; those of free pages are stale. Returns the bytes visited.
   */
  #pageStructs(frame: number, words: Uint32Array, visit: StretchVisitor, bytes: ByteCount): number {
    const first = this.roles.firstDescribed(frame)
    if (first < 0) return 0
    const stride = this.view.pageStructBytes >>> 2
    const before = bytes.roots
    for (let at = 0, described = first; at + stride <= words.length; at += stride, described++) {
      if (this.#slabs.slabOfFrame(described) < 0) {
        if (this.roles.of(described) === FREE) continue
        visit(words, at, at + stride, NO_OBJECT, undefined)
        bytes.roots += stride * 4
      } else if (this.#ownersWord >= 0) {
        visit(words, at + this.#ownersWord, at + this.#ownersWord + 2, NO_OBJECT, undefined)
        bytes.roots += 8
      }
    }
    return bytes.roots - before
  }

  #slabPage(slab: number, frame: number, words: Uint32Array, dead: readonly DeadBytes[] | undefined, visit: StretchVisitor, bytes: ByteCount): void {
    const { index } = this
    const { state, caches, cache } = index.objects
    const pageStart = frame * this.view.pageBytes
    const slotBytes = index.slotBytes(slab)
    const base = index.base(slab)
    const { first, end } = index.range(slab)
    const payload = index.payloadBytes(first)
    const staleTest = this.stale.of(caches[cache[first]].name)
    const from = Math.max(0, Math.floor((pageStart - base) / slotBytes))
    for (let object = first + from; object < end; object++) {
      const start = base + (object - first) * slotBytes - pageStart
      if (start >= this.view.pageBytes) break
      // Whether an object of unknown state is in use nobody knows: what it points at may be held by it.
      if ((state[object] !== ALLOCATED && state[object] !== UNKNOWN) || this.skipped[object] === 1) continue
      const firstWord = Math.max(0, Math.ceil(start / 8) * 2)
      const lastWord = Math.min(words.length, Math.floor((start + payload) / 8) * 2)
      if (firstWord >= lastWord) continue
      const owner = state[object] === UNKNOWN ? NO_OBJECT : object
      bytes.objects += this.#around(dead, words, firstWord, lastWord, owner, staleTest && bound(staleTest, words, start >> 2), visit)
    }
  }

  /** Visits `start` to `end` without its dead parts; returns the bytes visited. */
  #around(
    dead: readonly DeadBytes[] | undefined, words: Uint32Array, start: number, end: number, object: number,
    stale: ((word: number) => boolean) | undefined, visit: StretchVisitor
  ): number {
    if (dead === undefined) {
      visit(words, start, end, object, stale)
      return (end - start) * 4
    }
    let seen = 0
    let at = start
    const show = (to: number): void => {
      if (to <= at) return
      visit(words, at, to, object, stale)
      seen += (to - at) * 4
    }
    for (const range of dead) {
      show(Math.min(end, (range.start >>> 3) * 2))
      at = Math.max(at, Math.ceil(range.end / 8) * 2)
    }
    show(end)
    return seen
  }
}

function bound(test: StaleTest, words: Uint32Array, start: number): (word: number) => boolean {
  return (word) => test(words, word, start)
}

/** Counts what a pass reads. */
export class ByteCount implements ScannedBytes {
  roots = 0
  objects = 0
  readonly excluded = new Map<string, number>()

  exclude(reason: string, bytes: number): void {
    this.excluded.set(reason, (this.excluded.get(reason) ?? 0) + bytes)
  }
}
