import { BtfKind } from '../source/btf.js'
import { Budget, DEEPEST_NESTING, SEARCH_STEPS } from './budget.js'
import { isComposite, memberBitOffset, memberBits } from './members.js'
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

/** Classes of types beside the kinds of words. */
const COMPOSITE = 64
const ARRAY = 65
/** Length of a struct whose words are being made. */
const OPEN = 0xffff

/** What each word of each struct may hold, one byte a word, made when first asked for. */
export class WordKinds {
  readonly #graph: TypeGraph
  /** Where a struct's words start in {@link pool}; 0 for one not made yet. */
  readonly #starts: Uint32Array
  readonly #lengths: Uint16Array
  /** By type id: its class plus one, 0 for not asked yet; and what is behind its typedefs. */
  readonly #classes: Uint8Array
  readonly #targets: Uint32Array
  #used = 1
  /** All words made so far: bits of {@link WordKind}. Replaced when it grows. */
  pool = new Uint8Array(1 << 16)

  constructor(graph: TypeGraph) {
    this.#graph = graph
    this.#starts = new Uint32Array(graph.endId)
    this.#lengths = new Uint16Array(graph.endId)
    this.#classes = new Uint8Array(graph.endId)
    this.#targets = new Uint32Array(graph.endId)
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

  /** Kinds of the words of a struct or union: bits of {@link WordKind} each. */
  of(struct: number): Uint8Array {
    const start = this.start(struct)
    return this.pool.subarray(start, start + this.#lengths[struct])
  }

  #make(struct: number, depth = 0): void {
    if (this.#lengths[struct] === OPEN) return
    // A struct that contains itself has no words inside itself.
    this.#lengths[struct] = OPEN
    const { pointerBytes } = this.#graph
    const words = Math.ceil(Math.min(this.#graph.sizeOrType(struct), FARTHEST_MEMBER) / pointerBytes)
    this.#makeInner(struct, depth)
    const start = this.#used
    if (start + words > MOST_WORDS) {
      this.#starts[struct] = start
      this.#lengths[struct] = 0
      return
    }
    while (start + words > this.pool.length) {
      const larger = new Uint8Array(this.pool.length * 2)
      larger.set(this.pool)
      this.pool = larger
    }
    this.#composite(start, start + words, struct, 0, 0, new Budget(SEARCH_STEPS))
    let length = words
    while (length > 0 && this.pool[start + length - 1] === 0) length--
    this.#starts[struct] = start
    this.#lengths[struct] = length
    this.#used += length
  }

  /** Structs within the struct come first: their words are copied, and must not be written in the middle of its own. */
  #makeInner(struct: number, depth: number): void {
    if (depth > DEEPEST_NESTING) return
    const { words } = this.#graph
    const body = this.#graph.body(struct)
    for (let word = body + 3 * this.#graph.vlen(struct) - 2; word > body; word -= 3) {
      const inner = this.#classOf(words[word]) === COMPOSITE ? this.#targets[words[word]] : 0
      if (inner !== 0 && this.#starts[inner] === 0) this.#make(inner, depth + 1)
    }
  }

  /** Marks pool[first .. end) for a struct whose own start is `base` bytes into these words. */
  #composite(first: number, end: number, struct: number, base: number, depth: number, budget: Budget): void {
    const graph = this.#graph
    if (depth > DEEPEST_NESTING) return
    for (let i = 0, vlen = graph.vlen(struct); i < vlen && budget.spend(); i++) {
      const offset = base + Math.floor(memberBitOffset(graph, struct, i) / 8)
      if (memberBits(graph, struct, i) > 0) this.#mark(first, end, offset, 1, WordKind.SMALL)
      else this.#member(first, end, graph.words[graph.body(struct) + 3 * i + 1], offset, depth, budget)
    }
  }

  #member(first: number, end: number, type: number, offset: number, depth: number, budget: Budget): void {
    const graph = this.#graph
    if (offset >= (end - first) * graph.pointerBytes) return
    const found = this.#classOf(type)
    const target = this.#targets[type]
    if (found === COMPOSITE) {
      if (this.#fits(target, offset)) {
        const from = this.#starts[target]
        const words = Math.min(this.#lengths[target], end - first - offset / graph.pointerBytes)
        const to = first + offset / graph.pointerBytes
        for (let i = 0; i < words; i++) this.pool[to + i] |= this.pool[from + i]
      } else {
        this.#composite(first, end, target, offset, depth + 1, budget)
      }
      return
    }
    if (found !== ARRAY) {
      this.#mark(first, end, offset, graph.bytesOf(target) ?? 0, found)
      return
    }
    const element = graph.words[graph.body(target)]
    const bytes = graph.bytesOf(element)
    const all = graph.bytesOf(target)
    if (bytes === undefined || bytes === 0 || all === undefined) return
    const inner = this.#classOf(element)
    if (inner !== COMPOSITE && inner !== ARRAY) {
      this.#mark(first, end, offset, all, inner)
      return
    }
    const stop = Math.min(offset + all, (end - first) * graph.pointerBytes)
    for (let at = offset; at < stop && depth < DEEPEST_NESTING && budget.spend(); at += bytes) this.#member(first, end, element, at, depth + 1, budget)
  }

  /** Whether an inner struct's words are made, and are words of the outer one: they do not straddle. */
  #fits(struct: number, offset: number): boolean {
    const { pointerBytes } = this.#graph
    return offset % pointerBytes === 0 && this.#graph.sizeOrType(struct) % pointerBytes === 0 && this.#starts[struct] !== 0
  }

  /** What a member's type is: {@link COMPOSITE}, {@link ARRAY}, or the kind of word a scalar makes. Its target goes to `targets`. */
  #classOf(type: number): number {
    if (this.#classes[type] === 0) {
      const graph = this.#graph
      const target = graph.strip(type)
      this.#targets[type] = target
      this.#classes[type] = 1 + (isComposite(graph, target) ? COMPOSITE : graph.kind(target) === BtfKind.ARRAY ? ARRAY : this.#scalar(target))
    }
    return this.#classes[type] - 1
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

  #mark(first: number, end: number, offset: number, bytes: number, kind: number): void {
    const { pointerBytes } = this.#graph
    // A single byte is a flag, several are text.
    const mark = kind === WordKind.TEXT && bytes === 1 ? WordKind.SMALL : kind
    const last = Math.min(first + Math.floor((offset + Math.max(bytes, 1) - 1) / pointerBytes), end - 1)
    for (let word = first + Math.floor(offset / pointerBytes); word <= last; word++) this.pool[word] |= mark
  }
}
