import { BtfKind } from '../source/btf.js'
import { DEEPEST_NESTING } from './budget.js'
import type { CanonicalTypes } from './canonical.js'
import { isPlainText } from './memberAt.js'
import { isComposite, memberBitOffset, memberBits } from './members.js'
import type { TypeGraph } from './typeGraph.js'

/** The largest slab object: kmalloc-8k. Members further back are in no slab. */
export const FARTHEST_MEMBER = 8192
/** Pairs in all: a bound for hostile BTF, ten times what a kernel has. */
const MOST_PAIRS = 8_000_000

/**
 * What is listed: pointers to functions of a prototype, pointers to values of a type, the structs that stand in a struct, itself included, or
 * arrays of characters.
 */
export type PointerSort = 'functions' | 'data' | 'embedded' | 'text'

/**
 * The pointer members of every struct and union at any depth, embedded structs, unions and arrays unrolled: (struct, offset, pointee)
 * by pointee. Pointees are {@link CanonicalTypes} numbers. Rows of one pointee are in order of struct and offset.
 */
export class PointerMembers {
  /** Struct and offset of each row. */
  readonly structs: Uint32Array
  readonly offsets: Uint16Array
  readonly #starts: Uint32Array
  readonly #flat: Flattener
  #byOffset: ReturnType<Flattener['byOffset']> | undefined

  private constructor(structs: Uint32Array, offsets: Uint16Array, starts: Uint32Array, flat: Flattener) {
    this.structs = structs
    this.offsets = offsets
    this.#starts = starts
    this.#flat = flat
  }

  /** One more than the largest pointee. */
  get end(): number {
    return this.#starts.length - 1
  }

  /** All pointees that have rows. */
  pointees(): number[] {
    const found: number[] = []
    for (let pointee = 0; pointee < this.end; pointee++) if (this.#starts[pointee + 1] > this.#starts[pointee]) found.push(pointee)
    return found
  }

  /** The rows of a pointee, [first, end). */
  rows(pointee: number): readonly [first: number, end: number] {
    return pointee + 1 < this.#starts.length ? [this.#starts[pointee], this.#starts[pointee + 1]] : [0, 0]
  }

  /** What the structs have at an offset, in order of struct. */
  at(offset: number): { readonly structs: Uint32Array; readonly pointees: Uint32Array } {
    const { starts, structs, pointees } = (this.#byOffset ??= this.#flat.byOffset())
    const [first, end] = offset < FARTHEST_MEMBER ? [starts[offset], starts[offset + 1]] : [0, 0]
    return { structs: structs.subarray(first, end), pointees: pointees.subarray(first, end) }
  }

  static of(canonical: CanonicalTypes, sort: PointerSort): PointerMembers {
    const flat = new Flattener(canonical, sort)
    const { ids, pairs, starts, ends } = flat
    const counts = new Uint32Array(canonical.end + 1)
    let total = 0
    for (let n = 0; n < ids.length; n++) {
      const end = ends[ids[n]]
      for (let i = starts[ids[n]]; i < end; i += 2) {
        counts[pairs[i + 1] + 1]++
        total++
      }
    }
    for (let i = 1; i < counts.length; i++) counts[i] += counts[i - 1]
    const structs = new Uint32Array(total)
    const offsets = new Uint16Array(total)
    const next = counts.slice()
    for (let n = 0; n < ids.length; n++) {
      const end = ends[ids[n]]
      for (let i = starts[ids[n]]; i < end; i += 2) {
        const row = next[pairs[i + 1]]++
        structs[row] = ids[n]
        offsets[row] = pairs[i]
      }
    }
    return new PointerMembers(structs, offsets, counts, flat)
  }
}

/** What a member's type means to the flattening, in the low bits of its class; above them a type id or pointee. */
const NOTHING = 1
const COMPOSITE = 2
const POINTER = 3
const CLASS_BITS = 2
/** Where pairs start in their list: an end of 0 is that of a struct not flattened. */
const FIRST_PAIR = 2

/** Makes each struct's list of (offset, pointee), inner structs' lists shifted into the outer ones'. */
class Flattener {
  /** Where a type's pairs start and end in `pairs`; ends 0 for one not flattened yet. */
  readonly starts: Uint32Array
  readonly ends: Uint32Array
  pairs = new Int32Array(1 << 17)
  #used = FIRST_PAIR
  /** All structs and unions, in order. */
  readonly ids: Uint32Array
  readonly #open: Uint8Array
  /** By type id: what its values, or an array's elements, are. 0 is not asked yet. */
  readonly #classes: Uint32Array

  /** Flattens every struct and union. */
  constructor(readonly canonical: CanonicalTypes, readonly sort: PointerSort) {
    const { graph } = canonical
    this.starts = new Uint32Array(graph.endId)
    this.ends = new Uint32Array(graph.endId)
    this.#open = new Uint8Array(graph.endId)
    this.#classes = new Uint32Array(graph.endId)
    const structs = graph.ofKind(BtfKind.STRUCT)
    const unions = graph.ofKind(BtfKind.UNION)
    this.ids = new Uint32Array(structs.length + unions.length)
    this.ids.set(structs)
    this.ids.set(unions, structs.length)
    this.ids.sort()
    for (let i = 0; i < this.ids.length; i++) this.flatten(this.ids[i], 0)
  }

  /** All pairs by offset, those of one offset in order of struct: offset o's are from `starts[o]` to `starts[o + 1]`. */
  byOffset(): { readonly starts: Uint32Array; readonly structs: Uint32Array; readonly pointees: Uint32Array } {
    const { ids, pairs } = this
    const next = new Uint32Array(FARTHEST_MEMBER + 1)
    for (let i = FIRST_PAIR; i < this.#used; i += 2) next[pairs[i] + 1]++
    for (let offset = 1; offset < next.length; offset++) next[offset] += next[offset - 1]
    const starts = next.slice()
    const structs = new Uint32Array(next[FARTHEST_MEMBER])
    const pointees = new Uint32Array(structs.length)
    for (let n = 0; n < ids.length; n++) {
      const id = ids[n]
      for (let i = this.starts[id], end = this.ends[id]; i < end; i += 2) {
        const at = next[pairs[i]]++
        structs[at] = id
        pointees[at] = pairs[i + 1]
      }
    }
    return { starts, structs, pointees }
  }

  flatten(id: number, depth: number): void {
    if (this.ends[id] !== 0 || this.#open[id] === 1 || depth > DEEPEST_NESTING) return
    const { graph } = this.canonical
    const { words } = graph
    const body = graph.body(id)
    const end = body + 3 * graph.vlen(id)
    // A struct that contains itself by value is none; its inner copy has no members here.
    this.#open[id] = 1
    // Inner structs first: their pairs must be complete before this one's begin.
    let matters = false
    for (let word = body; word < end; word += 3) {
      const type = words[word + 1]
      const found = this.#classes[type] !== 0 ? this.#classes[type] : this.#classify(type)
      if (found === NOTHING) continue
      matters = true
      if ((found & 3) === COMPOSITE) this.flatten(found >>> CLASS_BITS, depth + 1)
    }
    const start = this.#used
    if (this.sort === 'embedded') this.#push(0, this.canonical.of(id))
    if (matters) {
      for (let i = 0; body + 3 * i < end; i++) {
        const type = words[body + 3 * i + 1]
        if (this.#classes[type] === NOTHING) continue
        const bitOffset = memberBitOffset(graph, id, i)
        if (memberBits(graph, id, i) === 0 && bitOffset % 8 === 0) this.#add(type, bitOffset / 8, this.sort === 'functions' && body + 3 * (i + 1) === end)
      }
    }
    this.#open[id] = 0
    this.starts[id] = start
    this.ends[id] = this.#used
  }

  #classify(type: number): number {
    const { graph } = this.canonical
    let element = graph.strip(type)
    for (let depth = 0; depth < DEEPEST_NESTING && graph.kind(element) === BtfKind.ARRAY; depth++) element = graph.strip(graph.words[graph.body(element)])
    let found = NOTHING
    if (isComposite(graph, element)) found = (element << CLASS_BITS) | COMPOSITE
    else if (this.sort === 'text') {
      if (isPlainText(graph, type)) found = (this.canonical.of(element) << CLASS_BITS) | POINTER
    } else if (this.sort !== 'embedded' && graph.kind(element) === BtfKind.PTR) {
      const pointee = graph.strip(graph.sizeOrType(element))
      const isFunction = graph.kind(pointee) === BtfKind.FUNC_PROTO
      if (isFunction === (this.sort === 'functions')) found = (this.canonical.of(pointee) << CLASS_BITS) | POINTER
    }
    return (this.#classes[type] = found)
  }

  /** Functions tell structs apart even in an array of any length at a struct's end, which is made for some: its first element counts for them. */
  #add(type: number, offset: number, withFirst: boolean): void {
    const { graph } = this.canonical
    const found = this.#classes[type]
    const target = graph.strip(type)
    if ((found & 3) === POINTER) {
      const bytes = graph.pointerBytes
      // Text is one thing, not its characters.
      const elements = this.sort !== 'text' && graph.kind(target) === BtfKind.ARRAY ? elementsOf(graph, target, bytes, withFirst) : 1
      for (let i = 0, at = offset; i < elements && at < FARTHEST_MEMBER; i++, at += bytes) this.#push(at, found >>> CLASS_BITS)
      return
    }
    const element = found >>> CLASS_BITS
    const from = this.starts[element]
    const to = this.ends[element]
    if (to <= from) return
    const bytes = graph.sizeOrType(element)
    const elements = graph.kind(target) !== BtfKind.ARRAY ? 1 : elementsOf(graph, target, bytes, withFirst)
    for (let i = 0, at = offset; i < elements && at < FARTHEST_MEMBER; i++, at += bytes) {
      for (let pair = from; pair < to; pair += 2) {
        if (at + this.pairs[pair] < FARTHEST_MEMBER) this.#push(at + this.pairs[pair], this.pairs[pair + 1])
      }
    }
  }

  #push(offset: number, pointee: number): void {
    if (this.#used > 2 * MOST_PAIRS) return
    if (this.#used + 2 > this.pairs.length) {
      const larger = new Int32Array(this.pairs.length * 2)
      larger.set(this.pairs)
      this.pairs = larger
    }
    this.pairs[this.#used++] = offset
    this.pairs[this.#used++] = pointee
  }
}

/** How many elements of so many bytes an array has, its own arrays' included; of one of any length none, or the first. */
function elementsOf(graph: TypeGraph, array: number, bytes: number, withFirst: boolean): number {
  const all = graph.bytesOf(array) ?? 0
  return bytes === 0 ? 0 : all === 0 && withFirst ? 1 : all / bytes
}
