import type { KernelView } from '../../slab/kernelView.js'
import { ALLOCATED, UNKNOWN } from '../../slab/model.js'
import { eachSlab } from '../../slab/slabRuns.js'
import type { Slabs } from '../../slab/slabs.js'
import type { DeadBytes, DeadRanges } from './deadRanges.js'
import { FREE, frameRoles, PAGE_STRUCTS, type FrameRoles } from './frameRoles.js'
import type { ObjectIndex } from './objectIndex.js'
import type { StalePointers, StaleTest } from './stalePointers.js'

/** Words of no object: kernel memory that is no slab. */
export const NO_OBJECT = -1

const WORD_BYTES = 8

/** What a pass read, and what it left out and why. */
export interface ScannedBytes {
  /** Kernel memory that is no slab. */
  roots: number
  /** Payloads of allocated objects. */
  objects: number
  /** Left out, by reason. */
  readonly excluded: ReadonlyMap<string, number>
}

/** No reference, whatever the word holds: free objects, red zones, dead stacks, links of the allocator. */
export const DEAD = -2

/** What the words of a page are. */
type PageKind = 'memory' | 'slab' | 'page structures'

/**
 * Which words of a dump's pages may be references: the one rule for everything that looks for them. A pass enters page after page, tests
 * every word by its value, which few pass, and only then asks whose the word is.
 */
export class LiveWords {
  readonly #slabs: Pick<Slabs, 'slabOfFrame'>
  readonly #ownersWord: number
  /** Where the structure of a page table names its mm_struct, which holds the table and not the other way round. */
  readonly #tableOwnerWord: number
  readonly #isTaskCache: readonly boolean[]
  #page: Uint8Array = new Uint8Array(0)
  #words: Uint32Array | undefined
  #kind: PageKind = 'memory'
  #pageStart = 0
  #slab = NO_OBJECT
  #dead: readonly DeadBytes[] | undefined
  #stale: StaleTest | undefined
  #described = 0
  #wordsBefore = 0
  /** By slab: how many of its objects may refer to something. */
  #referring: Uint32Array | undefined

  constructor(
    readonly view: KernelView, readonly index: ObjectIndex, readonly roles: FrameRoles, readonly dead: DeadRanges,
    /** By cache: those whose objects hold no references, for they are of tools that watch others. */
    readonly watching: readonly boolean[], readonly stale: StalePointers, slabs: Pick<Slabs, 'slabOfFrame'>
  ) {
    this.#slabs = slabs
    // Where a slab keeps the cgroups and allocation sites of its objects: `memcg_data`, `obj_exts` since v6.10, in struct page before v5.17.
    const owners = view.types.member('slab', 'obj_exts') ?? view.types.member('slab', 'memcg_data') ?? view.types.member('page', 'memcg_data') ??
      view.types.member('page', 'obj_cgroups')
    this.#ownersWord = owners === undefined ? -1 : owners.offset >>> 2
    const tableOwner = view.types.member('ptdesc', 'pt_mm') ?? view.types.member('page', 'pt_mm')
    this.#tableOwnerWord = tableOwner === undefined ? -1 : tableOwner.offset >>> 2
    this.#isTaskCache = index.objects.caches.map(({ name }) => name === 'task_struct')
  }

  /** Of the page entered last: its 64-bit words, two 32-bit halves each, low first. */
  get words(): Uint32Array {
    return (this.#words ??= new Uint32Array(this.#page.buffer, this.#page.byteOffset, this.#page.byteLength >>> 2))
  }

  /** Whether none of a frame's words can be a reference, whatever they hold: then its bytes are counted, and it need not be read. */
  skips(frame: number, bytes: ByteCount): boolean {
    const role = this.index.slabOfFrame(frame) >= 0 ? -1 : this.roles.of(frame)
    if (role < 0 || (role === PAGE_STRUCTS && this.roles.firstDescribed(frame) >= 0)) return false
    bytes.exclude(frameRoles[role], this.view.pageBytes)
    return true
  }

  /** Takes up a page that is not to be skipped, and counts its bytes; false where none of its words can be a reference. */
  enter(frame: number, page: Uint8Array, bytes: ByteCount): boolean {
    this.#page = page
    this.#words = undefined
    this.#slab = this.index.slabOfFrame(frame)
    if (this.#slab < 0 && this.roles.of(frame) === PAGE_STRUCTS) return this.#enterPageStructs(frame, page.length, bytes)
    this.#pageStart = frame * this.view.pageBytes
    this.#dead = this.dead.of(frame)
    if (this.#slab >= 0) return this.#enterSlab(bytes)
    this.#kind = 'memory'
    bytes.roots += this.#liveBytes(0, page.length)
    return true
  }

  /** Whose payload the word at a position in {@link words} is: an object's, {@link NO_OBJECT} for the kernel's own memory, or {@link DEAD}. */
  ownerOf(word: number): number {
    if (this.#kind === 'page structures') return this.#ownerInPageStructs(word)
    if (this.#dead !== undefined && isDead(this.#dead, word)) return DEAD
    return this.#kind === 'slab' ? this.#ownerInSlab(word) : NO_OBJECT
  }

  /**
   * Whether a word that points into an object only says who was there: a semaphore names the task that read under it last, long gone perhaps,
   * with marks in the lowest bits (`owner`, kernel/locking/rwsem.c). A task that is in use is on other lists.
   */
  isHint(word: number, target: number): boolean {
    const low = this.words[word]
    if ((low & 7) === 0 || !this.#isTaskCache[this.index.objects.cache[target]]) return false
    return Number(this.index.objects.address[target] & 0xffffffffn) === (low & ~7) >>> 0
  }

  /**
   * Page structures refer to objects: `private` to the buffers of a file's page, `mapping` to its inode. Those of slabs are the allocator's
   * links (`s_mem`, free lists), but for the arrays that say whose the objects are; those of free pages are stale.
   */
  #enterPageStructs(frame: number, pageBytes: number, bytes: ByteCount): boolean {
    this.#kind = 'page structures'
    this.#described = this.roles.firstDescribed(frame)
    this.#wordsBefore = this.roles.bytesBefore(frame) >>> 2
    const stride = this.view.pageStructBytes
    const within = (start: number, size: number): number => Math.max(0, Math.min(pageBytes, start + size) - Math.max(0, start))
    let live = 0
    // Structures whose size does not divide a page lie across two: each page counts its part.
    for (let at = -this.#wordsBefore * 4, described = this.#described; at < pageBytes; at += stride, described++) {
      if (this.#slabs.slabOfFrame(described) >= 0) live += this.#ownersWord >= 0 ? within(at + this.#ownersWord * 4, WORD_BYTES) : 0
      else if (this.roles.of(described) !== FREE) live += within(at, stride) - (this.#tableOwnerWord < 0 ? 0 : within(at + this.#tableOwnerWord * 4, WORD_BYTES))
    }
    bytes.roots += live
    bytes.exclude(frameRoles[PAGE_STRUCTS], pageBytes - live)
    return live > 0
  }

  #ownerInPageStructs(word: number): number {
    const stride = this.view.pageStructBytes >>> 2
    const at = word + this.#wordsBefore
    const position = Math.floor(at / stride)
    const described = this.#described + position
    if (this.#slabs.slabOfFrame(described) >= 0) return at - position * stride === this.#ownersWord ? NO_OBJECT : DEAD
    return this.roles.of(described) === FREE || at - position * stride === this.#tableOwnerWord ? DEAD : NO_OBJECT
  }

  #enterSlab(bytes: ByteCount): boolean {
    this.#kind = 'slab'
    const { index } = this
    const slab = this.#slab
    const { first, end } = index.range(slab)
    const referring = (this.#referring ??= this.#referringBySlab())[slab]
    if (referring === 0) return false
    this.#stale = this.stale.of(index.objects.caches[index.objects.cache[first]].name)
    const { pageBytes } = this.view
    const slotBytes = index.slotBytes(slab)
    const payload = index.payloadBytes(first)
    const base = index.base(slab) - this.#pageStart
    if (referring === end - first && this.#dead === undefined && (base | slotBytes) % WORD_BYTES === 0) {
      // Nearly all slabs of a large cache: no need to go from object to object.
      const words = payload - (payload % WORD_BYTES)
      const before = (byte: number): number => {
        const slot = Math.min(end - first, Math.max(0, Math.floor((byte - base) / slotBytes)))
        return slot * words + (slot === end - first ? 0 : Math.max(0, Math.min(words, byte - base - slot * slotBytes)))
      }
      bytes.objects += before(pageBytes) - before(0)
      return true
    }
    const from = Math.max(0, Math.floor(-base / slotBytes))
    for (let object = first + from, start = base + from * slotBytes; object < end && start < pageBytes; object++, start += slotBytes) {
      if (!this.#mayRefer(object)) continue
      const firstByte = Math.max(0, Math.ceil(start / WORD_BYTES) * WORD_BYTES)
      const endByte = Math.min(pageBytes, Math.floor((start + payload) / WORD_BYTES) * WORD_BYTES)
      if (firstByte < endByte) bytes.objects += this.#liveBytes(firstByte, endByte)
    }
    return true
  }

  #referringBySlab(): Uint32Array {
    const { objects } = this.index
    const { state, cache } = objects
    const found = new Uint32Array(objects.slabs.length)
    eachSlab(objects, (slab, first, end) => {
      if (this.watching[cache[first]]) return
      let others = 0
      for (let object = first; object < end; object++) if (state[object] !== ALLOCATED && state[object] !== UNKNOWN) others++
      found[slab] = end - first - others
    })
    return found
  }

  #ownerInSlab(word: number): number {
    const { index } = this
    const slab = this.#slab
    const offset = this.#pageStart + word * 4 - index.base(slab)
    if (offset < 0) return DEAD
    const slotBytes = index.slotBytes(slab)
    const slot = Math.floor(offset / slotBytes)
    const { first, end } = index.range(slab)
    const object = first + slot
    if (object >= end || !this.#mayRefer(object) || offset - slot * slotBytes + WORD_BYTES > index.payloadBytes(first)) return DEAD
    if (this.#stale?.(this.words, word, (index.base(slab) + slot * slotBytes - this.#pageStart) >> 2)) return DEAD
    return index.objects.state[object] === UNKNOWN ? NO_OBJECT : object
  }

  /** Whether an object of unknown state is in use nobody knows: what it points at may be held by it. */
  #mayRefer(object: number): boolean {
    const { state, cache } = this.index.objects
    return (state[object] === ALLOCATED || state[object] === UNKNOWN) && !this.watching[cache[object]]
  }

  /** Bytes from `start` to `end` that are not dead. */
  #liveBytes(start: number, end: number): number {
    let live = end - start
    if (this.#dead === undefined) return live
    let at = start
    for (const range of this.#dead) {
      const from = Math.max(at, wordBefore(range.start))
      const to = Math.min(end, wordBehind(range.end))
      if (from >= to) continue
      live -= to - from
      at = to
    }
    return live
  }
}

function isDead(dead: readonly DeadBytes[], word: number): boolean {
  const byte = word * 4
  for (const { start, end } of dead) if (byte >= wordBefore(start) && byte < wordBehind(end)) return true
  return false
}

/** A word of which a part is dead is dead. */
function wordBefore(byte: number): number {
  return byte - (byte % WORD_BYTES)
}

function wordBehind(byte: number): number {
  return Math.ceil(byte / WORD_BYTES) * WORD_BYTES
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
