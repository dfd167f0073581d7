import { BtfKind } from '../source/btf.js'
import { Budget, DEEPEST_NESTING, SEARCH_STEPS } from './budget.js'
import { isComposite, rawMember } from './members.js'
import { FARTHEST_MEMBER } from './pointerMembers.js'
import type { TypeGraph } from './typeGraph.js'

/** What a word of a struct may hold: bits, since a union may hold several. 0 is padding. */
export const WordKind = {
  /** A pointer to a function. */
  FUNCTION: 1,
  /** A pointer to a type that is known by name. */
  DATA: 2,
  /** A pointer to anything (`void *`), or to an integer or text: it says little of what it points at. */
  PLAIN_POINTER: 4,
  /** An integer of the machine's word: it may hold an address. */
  WORD: 8,
  /** Smaller integers, enums, bools, bit fields, or several of them. */
  SMALL: 16,
  /** Characters. */
  TEXT: 32
} as const

/** Words in all: a bound for hostile BTF, a hundred times what a kernel has. */
const MOST_WORDS = 64 << 20

/** What each word of each struct may hold, one byte a word, made when first asked for. */
export class WordKinds {
  readonly #graph: TypeGraph
  /** Where a struct's words start in {@link pool}; 0 for one not made yet. */
  readonly #starts: Uint32Array
  readonly #lengths: Uint16Array
  #used = 1
  /** All words made so far: bits of {@link WordKind}. Replaced when it grows. */
  pool = new Uint8Array(1 << 16)

  constructor(graph: TypeGraph) {
    this.#graph = graph
    this.#starts = new Uint32Array(graph.endId)
    this.#lengths = new Uint16Array(graph.endId)
  }

  /** Where in {@link pool} the words of a struct or union start: as many as {@link length} says. */
  start(struct: number): number {
    if (this.#starts[struct] === 0) this.#make(struct)
    return this.#starts[struct]
  }

  /** How many words {@link pool} holds of a struct: up to its last one that is not padding, and up to {@link FARTHEST_MEMBER} bytes. */
  length(struct: number): number {
    this.start(struct)
    return this.#lengths[struct]
  }

  #wordsOf(struct: number): number {
    return Math.ceil(Math.min(this.#graph.sizeOrType(struct), FARTHEST_MEMBER) / this.#graph.pointerBytes)
  }

  /** Kinds of the words of a struct or union: bits of {@link WordKind} each. */
  of(struct: number): Uint8Array {
    const start = this.start(struct)
    return this.pool.subarray(start, start + this.#lengths[struct])
  }

  #make(struct: number): void {
    let kinds = new Uint8Array(this.#wordsOf(struct))
    this.#composite(kinds, struct, 0, 0, new Budget(SEARCH_STEPS))
    let length = kinds.length
    while (length > 0 && kinds[length - 1] === 0) length--
    kinds = kinds.subarray(0, this.#used + length > MOST_WORDS ? 0 : length)
    while (this.#used + kinds.length > this.pool.length) {
      const larger = new Uint8Array(this.pool.length * 2)
      larger.set(this.pool)
      this.pool = larger
    }
    this.pool.set(kinds, this.#used)
    this.#starts[struct] = this.#used
    this.#lengths[struct] = kinds.length
    this.#used += kinds.length
  }

  #composite(kinds: Uint8Array, struct: number, base: number, depth: number, budget: Budget): void {
    if (depth > DEEPEST_NESTING) return
    for (let i = 0, vlen = this.#graph.vlen(struct); i < vlen && budget.spend(); i++) {
      const member = rawMember(this.#graph, struct, i)
      const offset = base + Math.floor(member.bitOffset / 8)
      if (member.bits > 0) this.#mark(kinds, offset, 1, WordKind.SMALL)
      else this.#member(kinds, member.type, offset, depth, budget)
    }
  }

  #member(kinds: Uint8Array, type: number, offset: number, depth: number, budget: Budget): void {
    const graph = this.#graph
    if (offset >= kinds.length * graph.pointerBytes) return
    const target = graph.strip(type)
    if (isComposite(graph, target)) {
      const inner = this.#inner(target, offset)
      if (inner === undefined) this.#composite(kinds, target, offset, depth + 1, budget)
      else for (let i = 0, word = offset / graph.pointerBytes; i < inner.length && word < kinds.length; i++, word++) kinds[word] |= inner[i]
      return
    }
    if (graph.kind(target) !== BtfKind.ARRAY) {
      this.#mark(kinds, offset, graph.bytesOf(target) ?? 0, this.#scalar(target))
      return
    }
    const element = graph.words[graph.body(target)]
    const bytes = graph.bytesOf(element)
    const all = graph.bytesOf(target)
    if (bytes === undefined || bytes === 0 || all === undefined) return
    const plain = graph.strip(element)
    if (!isComposite(graph, plain) && graph.kind(plain) !== BtfKind.ARRAY) {
      this.#mark(kinds, offset, all, this.#scalar(plain))
      return
    }
    const end = Math.min(offset + all, kinds.length * graph.pointerBytes)
    for (let at = offset; at < end && depth < DEEPEST_NESTING && budget.spend(); at += bytes) this.#member(kinds, element, at, depth + 1, budget)
  }

  /** An inner struct's kinds, where its words are words of the outer one; undefined where they straddle. */
  #inner(struct: number, offset: number): Uint8Array | undefined {
    const { pointerBytes } = this.#graph
    const bytes = this.#graph.sizeOrType(struct)
    if (offset % pointerBytes !== 0 || bytes % pointerBytes !== 0 || bytes > FARTHEST_MEMBER) return undefined
    return this.#starts[struct] === 0 ? undefined : this.of(struct)
  }

  #scalar(target: number): number {
    const graph = this.#graph
    switch (graph.kind(target)) {
      case BtfKind.PTR: {
        const pointee = graph.strip(graph.sizeOrType(target))
        const kind = graph.kind(pointee)
        if (kind === BtfKind.FUNC_PROTO) return WordKind.FUNCTION
        return isComposite(graph, pointee) || kind === BtfKind.FWD ? WordKind.DATA : WordKind.PLAIN_POINTER
      }
      case BtfKind.INT:
        if (graph.sizeOrType(target) >= graph.pointerBytes) return WordKind.WORD
        return graph.sizeOrType(target) === 1 ? WordKind.TEXT : WordKind.SMALL
      case BtfKind.ENUM:
      case BtfKind.ENUM64:
      case BtfKind.FLOAT:
        return WordKind.SMALL
      default:
        return 0
    }
  }

  #mark(kinds: Uint8Array, offset: number, bytes: number, kind: number): void {
    const { pointerBytes } = this.#graph
    // A single byte is a flag, several are text.
    const mark = kind === WordKind.TEXT && bytes === 1 ? WordKind.SMALL : kind
    const last = Math.min(Math.floor((offset + Math.max(bytes, 1) - 1) / pointerBytes), kinds.length - 1)
    for (let word = Math.floor(offset / pointerBytes); word <= last; word++) kinds[word] |= mark
  }
}
