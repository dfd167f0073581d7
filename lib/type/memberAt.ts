import { BtfKind } from '../source/btf.js'
import { Budget, DEEPEST_NESTING, SEARCH_STEPS } from './budget.js'
import type { CanonicalTypes } from './canonical.js'
import { isComposite, rawMember } from './members.js'
import type { TypeGraph } from './typeGraph.js'

/** A member, at any depth, that starts at some offset of a struct. */
export interface MemberAt {
  readonly path: string
  readonly type: number
}

/**
 * Everything in a struct that starts at `offset`: a struct member and the first members inside of it, all alternatives of unions,
 * elements of arrays (`node[3]`). The outermost first. Nothing where a member merely lies across the offset.
 */
export function membersAt(graph: TypeGraph, struct: number, offset: number): MemberAt[] {
  const found: MemberAt[] = []
  walk(graph, graph.strip(struct), offset, '', found, 0, new Budget(SEARCH_STEPS))
  return found
}

function walk(graph: TypeGraph, struct: number, offset: number, prefix: string, found: MemberAt[], depth: number, budget: Budget): void {
  if (depth > DEEPEST_NESTING || !isComposite(graph, struct)) return
  for (let i = 0, vlen = graph.vlen(struct); i < vlen && budget.spend(); i++) {
    const member = rawMember(graph, struct, i)
    if (member.bits > 0) continue
    const at = offset - Math.floor(member.bitOffset / 8)
    const bytes = graph.bytesOf(member.type)
    if (at < 0 || bytes === undefined || at >= Math.max(bytes, 1)) continue
    const name = graph.string(member.nameOffset)
    visit(graph, member.type, at, name === '' ? prefix : prefix === '' ? name : `${prefix}.${name}`, found, depth, budget)
  }
}

function visit(graph: TypeGraph, type: number, at: number, path: string, found: MemberAt[], depth: number, budget: Budget): void {
  const target = graph.strip(type)
  if (graph.kind(target) === BtfKind.ARRAY) {
    const element = graph.words[graph.body(target)]
    const bytes = graph.bytesOf(element)
    if (bytes === undefined || bytes === 0) return
    if (at === 0) found.push({ path, type })
    // Text is one thing, not its characters.
    if (bytes === 1 && at === 0) return
    const index = Math.floor(at / bytes)
    if (index < graph.words[graph.body(target) + 2] && depth < DEEPEST_NESTING) visit(graph, element, at - index * bytes, `${path}[${index}]`, found, depth + 1, budget)
    return
  }
  if (at === 0) found.push({ path, type })
  walk(graph, target, at, path, found, depth + 1, budget)
}

/** Whether a value of some type ({@link CanonicalTypes} number) starts at `offset` of a struct, at any depth. */
export function startsAt(canonical: CanonicalTypes, struct: number, offset: number, type: number): boolean {
  return starts(canonical, struct, offset, type, 0, new Budget(SEARCH_STEPS))
}

function starts(canonical: CanonicalTypes, struct: number, offset: number, type: number, depth: number, budget: Budget): boolean {
  const { graph } = canonical
  if (offset === 0 && canonical.of(struct) === type) return true
  if (depth > DEEPEST_NESTING) return false
  if (graph.kind(struct) === BtfKind.ARRAY) {
    const element = graph.strip(graph.words[graph.body(struct)])
    const bytes = graph.bytesOf(element)
    return bytes !== undefined && bytes > 0 && offset < (graph.bytesOf(struct) ?? 0) && starts(canonical, element, offset % bytes, type, depth + 1, budget)
  }
  if (!isComposite(graph, struct)) return false
  for (let i = 0, vlen = graph.vlen(struct); i < vlen && budget.spend(); i++) {
    const member = rawMember(graph, struct, i)
    const at = offset - Math.floor(member.bitOffset / 8)
    if (at < 0 || member.bits > 0) continue
    const target = graph.strip(member.type)
    if (at < (graph.bytesOf(target) ?? 0) && starts(canonical, target, at, type, depth + 1, budget)) return true
  }
  return false
}
