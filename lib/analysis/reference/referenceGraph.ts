import { Growing } from '../../util/growing.js'
import { ByteCount, DEAD, NO_OBJECT, type LiveWords, type ScannedBytes } from './liveWords.js'
import { adjacency, type Adjacency } from './markReachable.js'
import type { ObjectIndex } from './objectIndex.js'
import { objectSearch, type ObjectSearch } from './pageSearch.js'
import { unreadObjects } from './unreadObjects.js'

/** Which words of memory point at which objects: one pass over all pages of the dump. */
export interface ReferenceGraph {
  readonly index: ObjectIndex
  /** References from kernel memory that is no slab: physical address of the word, and the object it points into. */
  readonly rootWord: Float64Array
  readonly rootTarget: Uint32Array
  /** References from allocated objects to others: positions in the objects. References of an object to itself are not in it. */
  readonly from: Uint32Array
  readonly to: Uint32Array
  /** The same by the object they lead to. */
  referrers(): Adjacency
  readonly bytes: ScannedBytes
  /** 1: objects in use, or perhaps in use, of which a part was not readable: what they refer to is not known. */
  readonly unread: Uint8Array
  /** Which words were looked at, for looking for other addresses by the same rules. */
  readonly live: LiveWords
}

/** Collects the references of pages, shown one by one: a word that points anywhere into an allocated object's payload is one. */
export class ReferenceCollector {
  readonly #live: LiveWords
  readonly #search: ObjectSearch
  readonly #bytes = new ByteCount()
  readonly #rootWord = new Growing(Float64Array)
  readonly #rootTarget = new Growing(Uint32Array)
  readonly #from = new Growing(Uint32Array)
  readonly #to = new Growing(Uint32Array)

  constructor(live: LiveWords) {
    this.#live = live
    this.#search = objectSearch(live.index)
  }

  skip(frame: number): boolean {
    return this.#live.skips(frame, this.#bytes)
  }

  /** For pages that are not to be skipped. */
  visit(frame: number, page: Uint8Array): void {
    if (!this.#live.enter(frame, page, this.#bytes)) return
    const { words, objects } = this.#search
    const start = frame * this.#live.view.pageBytes
    for (let i = 0, found = this.#search.find(page, start); i < found; i++) this.#take(start, words[i], objects[i])
  }

  #take(pageStart: number, word: number, target: number): void {
    const owner = this.#live.ownerOf(word)
    if (owner === DEAD || this.#live.isHint(word, target)) return
    if (owner === NO_OBJECT) {
      this.#rootWord.push(pageStart + word * 4)
      this.#rootTarget.push(target)
    } else {
      this.#from.push(owner)
      this.#to.push(target)
    }
  }

  done(): ReferenceGraph {
    const { index, dead, view } = this.#live
    for (const [reason, bytes] of dead.bytes) this.#bytes.exclude(reason, bytes)
    const from = this.#from.taken()
    const to = this.#to.taken()
    let referrers: Adjacency | undefined
    return {
      index, from, to,
      rootWord: this.#rootWord.taken(),
      rootTarget: this.#rootTarget.taken(),
      referrers: () => (referrers ??= adjacency(index.objects.length, to, from)),
      bytes: this.#bytes,
      unread: unreadObjects(view, index),
      live: this.#live
    }
  }
}
