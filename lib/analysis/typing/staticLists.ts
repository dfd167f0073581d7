import type { System } from '../../system/system.js'
import type { BtfTypes } from '../../type/btfTypes.js'
import type { StructMatcher } from '../../type/structMatch.js'
import { isKernelAddress, word64, wordsOf } from './groupContents.js'
import type { ObjectTypes } from './objectTypes.js'

/** Objects on one list whose head is a variable of the kernel or a module: one struct, as a rule. */
export interface StaticList {
  /** Of the variable. */
  readonly name: string
  /** Where the list's link stands in the objects. */
  readonly offset: number
  /** Numbers of the objects. */
  readonly objects: readonly number[]
}

const WORD_BYTES = 8
/** Links stand in the first bytes of an object: further back they are not looked for. */
const LOOKED_AT = 256
/** Steps in all: lists may be long, or damaged. */
const MOST_STEPS = 1 << 20

/** The lists that begin in static data, found from the objects on them (`struct list_head`, include/linux/list.h of Linux). */
export class StaticLists {
  /** By head and offset in the objects: those that were walked. */
  readonly #walked = new Set<string>()
  /** Objects and offsets of which it is known whether a list goes through there. */
  readonly #seen = new Set<number>()
  #steps = MOST_STEPS

  constructor(readonly system: System, readonly objects: ObjectTypes) {}

  /** Lists through an object that were not found before. */
  through(object: number): StaticList[] {
    const { objects } = this
    const { memory } = this.system
    const start = objects.index.objects.address[object]
    const payload = Math.min(LOOKED_AT, objects.index.payloadBytes(object))
    const content = memory.tryRead(start, payload - (payload % WORD_BYTES))
    if (typeof content === 'string' || this.#steps <= 0) return []
    const words = wordsOf(content, memory.littleEndian)
    const found: StaticList[] = []
    for (let at = 0; at + 3 < words.length; at += 2) {
      const offset = at * 4
      if (this.#seen.has(key(object, offset)) || !isKernelAddress(words[at + 1])) continue
      const node = start + BigInt(offset)
      const next = word64(words, at)
      if (next === node || this.#word(next + 8n) !== node) continue
      const head = this.#headFrom(node, object, offset)
      const list = head === undefined ? undefined : this.#listOf(head, offset)
      if (list !== undefined) found.push(list)
    }
    return found
  }

  /** Where the list through a node of an object leaves the slabs; undefined where it does not. */
  #headFrom(node: bigint, object: number, offset: number): bigint | undefined {
    this.#seen.add(key(object, offset))
    for (let at = this.#word(node); at !== undefined && at !== node && this.#steps > 0; at = this.#word(at)) {
      const next = this.#objectAt(at, offset)
      if (next === 'static') return at
      if (next === undefined || this.#seen.has(key(next, offset))) return undefined
      this.#seen.add(key(next, offset))
    }
    return undefined
  }

  /** The whole list, from a head that is a variable or stands in one. */
  #listOf(head: bigint, offset: number): StaticList | undefined {
    const name = this.system.symbols.at(head)?.name
    const walk = `${head} ${offset}`
    if (name === undefined || this.#walked.has(walk)) return undefined
    this.#walked.add(walk)
    const listed = new Set<number>()
    for (let at = this.#word(head); at !== head; at = this.#word(at)) {
      if (at === undefined || this.#steps <= 0) return undefined
      const object = this.#objectAt(at, offset)
      // A list that leaves the objects, or runs in a circle beside its head, is damaged.
      if (typeof object !== 'number' || listed.has(object)) return undefined
      this.#seen.add(key(object, offset))
      listed.add(object)
    }
    return { name, offset, objects: [...listed] }
  }

  /** The object that has a node at this offset; 'static' for an address outside of the slabs; undefined for another place in an object. */
  #objectAt(address: bigint, offset: number): number | 'static' | undefined {
    const low = Number(address & 0xffffffffn)
    const high = Number(address >> 32n)
    const object = this.objects.target(low, high)
    if (object < 0) return 'static'
    return this.objects.offsetIn(object, low, high) === offset ? object : undefined
  }

  #word(address: bigint): bigint | undefined {
    this.#steps--
    const { memory } = this.system
    const content = memory.tryRead(address, WORD_BYTES)
    return typeof content === 'string' ? undefined : word64(wordsOf(content, memory.littleEndian), 0)
  }
}

/** The struct of a list's objects: the one with a link there that the list is named after; else the one that is known of enough of them. */
export function structOfList(list: StaticList, objects: ObjectTypes, matcher: StructMatcher, types: BtfTypes): number | undefined {
  const link = types.find('struct list_head')
  if (link === undefined) return undefined
  const named = nameParts(list.name, usualOfLists)
  const bytes = list.objects.reduce((least, object) => Math.min(least, objects.index.payloadBytes(object)), Infinity)
  const candidates = named.size < LEAST_PARTS ? [] : matcher.structsWith(list.offset, link, bytes).filter((struct) => isSame(nameParts(types.graph.name(struct), usualOfEntries), named))
  if (candidates.length === 1) return candidates[0]
  const known = list.objects.map((object) => objects.struct[object]).filter((struct) => struct !== 0)
  const isOne = known.length > 0 && known.length >= list.objects.length * LEAST_KNOWN && known.every((struct) => struct === known[0])
  return isOne && matcher.typesAt(known[0], list.offset).includes(matcher.canonical.of(link)) ? known[0] : undefined
}

/** Part of a list's objects whose struct must be known to speak for all. */
const LEAST_KNOWN = 1 / 32
/** A name of one word is that of too much. */
const LEAST_PARTS = 2
/** What names of lists have beside the name of what is on them, and names of structs beside that of the list. */
const usualOfLists: ReadonlySet<string> = new Set(['list', 'lists', 'head', 'heads', 'queue', 'all', 'global', 'registered', 'chain'])
const usualOfEntries: ReadonlySet<string> = new Set(['entry', 'node', 'item', 'elem', 'element', 'struct', 'info', 'list'])

function nameParts(name: string, usual: ReadonlySet<string>): Set<string> {
  return new Set(name.replace(/\.\d+$/, '').toLowerCase().split('_').filter((part) => part !== '' && !usual.has(part)).map((part) => part.replace(/(?<=..)s$/, '')))
}

function isSame(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((part) => b.has(part))
}

function key(object: number, offset: number): number {
  return object * LOOKED_AT + offset
}
