import { BtfKind } from '../source/btf.js'
import type { TypeGraph } from './typeGraph.js'

/** Shapes that two types can share beyond BTF's own kinds. Those stand for themselves. */
const UNNAMED = 64
const UNKNOWN = 96

/** What stands for the dots of a function that takes any number of arguments. */
const DOTS = -1

/** Types nested deeper in each other are no C that anybody wrote. */
const DEEPEST = 48

/**
 * Gives each type a number such that types which mean the same to a caller have the same one, whatever their ids: return and parameter
 * types behind typedefs, `const`, `volatile`, `restrict` and tags; structs by kind and name, a declaration like its definition;
 * parameter names left out. Unnamed structs and enums count by the names of what is in them. Numbers are made when asked for,
 * and each type's once, so that comparing prototypes is comparing integers.
 */
export class CanonicalTypes {
  readonly graph: TypeGraph
  readonly #numbers: Int32Array
  readonly #names: ContentTable
  /** Interned shapes: `pool[at[n] ..]` is shape n, length first. Shape 0 is not used. */
  #pool = new Int32Array(1 << 14)
  #used = 0
  #at = new Int32Array(1 << 12)
  #count = 0
  #buckets = new Int32Array(1 << 13)

  constructor(graph: TypeGraph) {
    this.graph = graph
    this.#numbers = new Int32Array(graph.endId)
    this.#names = new ContentTable(graph.strings)
  }

  /** One more than the largest number given so far. */
  get end(): number {
    return this.#count + 1
  }

  /** The number of a type: at least 1. */
  of(id: number): number {
    return this.#of(id, 0)
  }

  #of(id: number, depth: number): number {
    const target = this.graph.strip(id)
    const known = this.#numbers[target]
    if (known !== 0) return known < 0 ? this.#intern([UNKNOWN]) : known
    if (depth > DEEPEST) return this.#intern([UNKNOWN])
    // A type that is met again inside itself without a name between is a loop no compiler makes.
    this.#numbers[target] = -1
    return (this.#numbers[target] = this.#intern(this.#shape(target, depth + 1)))
  }

  #shape(id: number, depth: number): number[] {
    const { graph } = this
    const kind = graph.kind(id)
    const body = graph.body(id)
    switch (kind) {
      case BtfKind.VOID:
        return [kind]
      case BtfKind.INT:
        return [kind, this.#names.first(graph.nameOffset(id)), graph.sizeOrType(id), graph.words[body] | 0]
      case BtfKind.FLOAT:
        return [kind, this.#names.first(graph.nameOffset(id)), graph.sizeOrType(id)]
      case BtfKind.PTR:
        return [kind, this.#of(graph.sizeOrType(id), depth)]
      case BtfKind.ARRAY:
        return [kind, this.#of(graph.words[body], depth), graph.words[body + 2] | 0]
      case BtfKind.FWD:
        return [graph.kindFlag(id) ? BtfKind.UNION : BtfKind.STRUCT, this.#names.first(graph.nameOffset(id))]
      case BtfKind.STRUCT:
      case BtfKind.UNION:
        return graph.nameOffset(id) === 0 ? this.#unnamed(id, 3) : [kind, this.#names.first(graph.nameOffset(id))]
      case BtfKind.ENUM:
      case BtfKind.ENUM64:
        return graph.nameOffset(id) === 0
          ? this.#unnamed(id, kind === BtfKind.ENUM ? 2 : 3)
          : [BtfKind.ENUM, this.#names.first(graph.nameOffset(id))]
      case BtfKind.FUNC:
        return [UNNAMED, this.#of(graph.sizeOrType(id), depth)]
      case BtfKind.FUNC_PROTO: {
        const shape = [kind, this.#of(graph.sizeOrType(id), depth)]
        for (let i = 0, vlen = graph.vlen(id); i < vlen; i++) {
          const type = graph.words[body + 2 * i + 1]
          shape.push(type === 0 && i === vlen - 1 ? DOTS : this.#of(type, depth))
        }
        return shape
      }
      default:
        return [UNKNOWN, id]
    }
  }

  #unnamed(id: number, stride: number): number[] {
    const { graph } = this
    const shape = [UNNAMED + graph.kind(id), graph.sizeOrType(id)]
    for (let i = 0, word = graph.body(id), vlen = graph.vlen(id); i < vlen; i++, word += stride) shape.push(this.#names.first(graph.words[word]))
    return shape
  }

  #intern(shape: readonly number[]): number {
    let hash = shape.length
    for (const part of shape) hash = Math.imul(hash ^ part, 0x9e3779b1) ^ (hash >>> 15)
    if ((this.#count + 1) * 2 > this.#buckets.length) this.#rehash()
    const mask = this.#buckets.length - 1
    let bucket = (hash ^ (hash >>> 13)) & mask
    for (; this.#buckets[bucket] !== 0; bucket = (bucket + 1) & mask) {
      if (this.#equals(this.#buckets[bucket], shape)) return this.#buckets[bucket]
    }
    const number = ++this.#count
    if (number + 1 >= this.#at.length) this.#at = grown(this.#at)
    while (this.#used + shape.length + 1 > this.#pool.length) this.#pool = grown(this.#pool)
    this.#at[number] = this.#used
    this.#pool[this.#used++] = shape.length
    for (const part of shape) this.#pool[this.#used++] = part
    this.#buckets[bucket] = number
    return number
  }

  #equals(number: number, shape: readonly number[]): boolean {
    const at = this.#at[number]
    if (this.#pool[at] !== shape.length) return false
    for (let i = 0; i < shape.length; i++) {
      if (this.#pool[at + 1 + i] !== shape[i]) return false
    }
    return true
  }

  #rehash(): void {
    const old = this.#buckets
    this.#buckets = new Int32Array(old.length * 2)
    const mask = this.#buckets.length - 1
    for (const number of old) {
      if (number === 0) continue
      const at = this.#at[number]
      let hash = this.#pool[at]
      for (let i = 0; i < this.#pool[at]; i++) hash = Math.imul(hash ^ this.#pool[at + 1 + i], 0x9e3779b1) ^ (hash >>> 15)
      let bucket = (hash ^ (hash >>> 13)) & mask
      while (this.#buckets[bucket] !== 0) bucket = (bucket + 1) & mask
      this.#buckets[bucket] = number
    }
  }
}

function grown(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2)
  larger.set(array)
  return larger
}

/** Strings by content: the first offset at which the same bytes were met stands for all others. */
class ContentTable {
  readonly #strings: Uint8Array
  #buckets = new Int32Array(1 << 13)
  #count = 0

  constructor(strings: Uint8Array) {
    this.#strings = strings
  }

  first(offset: number): number {
    const strings = this.#strings
    if (offset >= strings.length || strings[offset] === 0) return 0
    if ((this.#count + 1) * 2 > this.#buckets.length) {
      const old = this.#buckets
      this.#buckets = new Int32Array(old.length * 2)
      for (const entry of old) if (entry !== 0) this.#buckets[this.#find(entry)] = entry
    }
    const bucket = this.#find(offset)
    if (this.#buckets[bucket] !== 0) return this.#buckets[bucket]
    this.#count++
    return (this.#buckets[bucket] = offset)
  }

  #find(offset: number): number {
    const strings = this.#strings
    const mask = this.#buckets.length - 1
    let hash = 0
    for (let i = offset; i < strings.length && strings[i] !== 0; i++) hash = Math.imul(hash ^ strings[i], 0x01000193)
    let bucket = (hash ^ (hash >>> 15)) & mask
    for (; this.#buckets[bucket] !== 0; bucket = (bucket + 1) & mask) {
      let a = this.#buckets[bucket]
      let b = offset
      while (a < strings.length && b < strings.length && strings[a] === strings[b] && strings[a] !== 0) {
        a++
        b++
      }
      if ((strings[a] ?? 0) === 0 && (strings[b] ?? 0) === 0) return bucket
    }
    return bucket
  }
}

