import { BtfKind } from '../source/btf.js'
import { Budget, SEARCH_STEPS } from './budget.js'
import { bytesAre } from './nameIndex.js'
import { DEEPEST_CHAIN, type TypeGraph } from './typeGraph.js'

/** One member of a struct or union, as BTF has it. */
export interface RawMember {
  readonly nameOffset: number
  readonly type: number
  /** Bits from the start of the struct. */
  readonly bitOffset: number
  /** Width of a bit field; 0 for an ordinary member. */
  readonly bits: number
}

/** Member `index` of a struct or union. */
export function rawMember(graph: TypeGraph, struct: number, index: number): RawMember {
  const word = graph.body(struct) + 3 * index
  return {
    nameOffset: graph.words[word],
    type: graph.words[word + 1],
    bitOffset: memberBitOffset(graph, struct, index),
    bits: memberBits(graph, struct, index)
  }
}

/**
 * Width of a bit field; 0 for an ordinary member. Bit fields come in two encodings: with kind_flag the width is in the member's offset
 * word, without it in the INT behind the member's type (bits narrower than its bytes), pahole before 1.12.
 */
export function memberBits(graph: TypeGraph, struct: number, index: number): number {
  const word = graph.body(struct) + 3 * index
  if (graph.kindFlag(struct)) return graph.words[word + 2] >>> 24
  if (!graph.hasNarrowIntegers) return 0
  const target = narrowInteger(graph, graph.words[word + 1])
  return target === 0 ? 0 : graph.words[graph.body(target)] & 0xff
}

/** Bits from the start of the struct. */
export function memberBitOffset(graph: TypeGraph, struct: number, index: number): number {
  const word = graph.body(struct) + 3 * index
  const offset = graph.words[word + 2]
  if (graph.kindFlag(struct)) return offset & 0xffffff
  if (!graph.hasNarrowIntegers) return offset
  const target = narrowInteger(graph, graph.words[word + 1])
  return target === 0 ? offset : offset + ((graph.words[graph.body(target)] >>> 16) & 0xff)
}

/** The INT behind a type, if its own word (width in bits 0–7, offset of the first bit in 16–23) makes it a bit field; else 0. */
function narrowInteger(graph: TypeGraph, type: number): number {
  const target = graph.strip(type)
  return graph.kind(target) === BtfKind.INT && (graph.words[graph.body(target)] & 0xff) !== 8 * graph.sizeOrType(target) ? target : 0
}

export function isComposite(graph: TypeGraph, id: number): boolean {
  const kind = graph.kind(id)
  return kind === BtfKind.STRUCT || kind === BtfKind.UNION
}

export interface FoundMember {
  readonly type: number
  /** Bits from the start of the struct that was asked. */
  readonly bitOffset: number
  readonly bits: number
}

/**
 * A member of a struct or union by path, anonymous members looked through: `oo.x`, `node[2]`, `mem[1].base`.
 * Undefined where any part does not exist. Pointers are not followed.
 */
export function findMember(graph: TypeGraph, id: number, path: string): FoundMember | undefined {
  let found: FoundMember = { type: id, bitOffset: 0, bits: 0 }
  for (const step of path.split('.')) {
    const [, name, indexes] = /^(\w+)((?:\[\d+\])*)$/.exec(step) ?? []
    if (name === undefined) return undefined
    const inner = findNamed(graph, graph.strip(found.type), Buffer.from(name, 'latin1'), 0, new Budget(SEARCH_STEPS))
    if (inner === undefined) return undefined
    found = { type: inner.type, bitOffset: found.bitOffset + inner.bitOffset, bits: inner.bits }
    for (const [, digits] of indexes.matchAll(/\[(\d+)\]/g)) {
      const array = graph.strip(found.type)
      if (graph.kind(array) !== BtfKind.ARRAY) return undefined
      const [element, , elements] = graph.words.subarray(graph.body(array), graph.body(array) + 3)
      const bytes = graph.bytesOf(element)
      // An array of no elements is one of unknown length: flexible.
      if (bytes === undefined || (elements > 0 && Number(digits) >= elements)) return undefined
      found = { type: element, bitOffset: found.bitOffset + 8 * bytes * Number(digits), bits: 0 }
    }
  }
  return found
}

function findNamed(graph: TypeGraph, struct: number, name: Uint8Array, depth: number, budget: Budget): FoundMember | undefined {
  if (!isComposite(graph, struct) || depth > DEEPEST_CHAIN) return undefined
  for (let i = 0, vlen = graph.vlen(struct); i < vlen && budget.spend(); i++) {
    const nameOffset = graph.words[graph.body(struct) + 3 * i]
    if (nameOffset === 0) {
      const member = rawMember(graph, struct, i)
      const inner = findNamed(graph, graph.strip(member.type), name, depth + 1, budget)
      if (inner !== undefined) return { ...inner, bitOffset: member.bitOffset + inner.bitOffset }
    } else if (bytesAre(graph.strings, nameOffset, name)) {
      return rawMember(graph, struct, i)
    }
  }
  return undefined
}
