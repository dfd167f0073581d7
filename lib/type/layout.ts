import { BtfKind } from '../source/btf.js'
import { Budget, DEEPEST_NESTING, MOST_STEPS } from './budget.js'
import { declarator } from './declarator.js'
import { isComposite, rawMember } from './members.js'
import type { TypeGraph } from './typeGraph.js'

/** One member at any depth of a struct. */
export interface LayoutMember {
  /** From the outermost struct: `kobj.kref.refcount`. Unnamed members add nothing; one that is itself unnamed ends with a dot or is empty. */
  readonly path: string
  /** How many structs with a name lie around it: 0 for the struct's own members. */
  readonly depth: number
  readonly typeId: number
  /** Bytes from the start of the outermost struct. */
  readonly offset: number
  /** Bytes; null where the type is incomplete. */
  readonly bytes: number | null
  /** For a bit field its first bit from the start of the outermost struct, and its width. */
  readonly bitOffset: number | null
  readonly bits: number | null
  /** As C would write it. */
  readonly type: string
}

/**
 * All members of a struct or union in the order of its declaration: each followed by its own members where it is a struct,
 * unnamed ones looked through. Elements of arrays are not listed one by one.
 */
export function* layout(graph: TypeGraph, id: number): Generator<LayoutMember> {
  yield* walk(graph, graph.strip(id), '', 0, 0, 0, new Budget(MOST_STEPS))
}

function* walk(graph: TypeGraph, struct: number, prefix: string, base: number, depth: number, nesting: number, budget: Budget): Generator<LayoutMember> {
  if (!isComposite(graph, struct) || nesting > DEEPEST_NESTING) return
  for (let i = 0, vlen = graph.vlen(struct); i < vlen && budget.spend(); i++) {
    const member = rawMember(graph, struct, i)
    const name = graph.string(member.nameOffset)
    const bitOffset = base + member.bitOffset
    const inner = graph.strip(member.type)
    if (name === '' && isComposite(graph, inner)) {
      yield* walk(graph, inner, prefix, bitOffset, depth, nesting + 1, budget)
      continue
    }
    yield {
      path: prefix + name,
      depth,
      typeId: member.type,
      offset: Math.floor(bitOffset / 8),
      bytes: graph.bytesOf(member.type) ?? null,
      bitOffset: member.bits > 0 ? bitOffset : null,
      bits: member.bits > 0 ? member.bits : null,
      type: declarator(graph, member.type)
    }
    if (isComposite(graph, inner)) yield* walk(graph, inner, `${prefix}${name}.`, bitOffset, depth + 1, nesting + 1, budget)
  }
}

/** Whether values of the type are shown as one: neither struct nor union nor an array of them. */
export function isLeaf(graph: TypeGraph, id: number): boolean {
  for (let depth = 0; depth < DEEPEST_NESTING; depth++) {
    const target = graph.strip(id)
    if (isComposite(graph, target)) return false
    if (graph.kind(target) !== BtfKind.ARRAY) return true
    id = graph.words[graph.body(target)]
  }
  return true
}
