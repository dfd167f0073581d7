import { BtfKind } from '../source/btf.js'
import { Budget, DEEPEST_NESTING, SEARCH_STEPS } from './budget.js'
import { isComposite, rawMember } from './members.js'
import type { TypeGraph } from './typeGraph.js'

/** A member, at any depth, that starts at some offset of a struct. */
export interface MemberAt {
  readonly path: string
  readonly type: number
}

/**
 * Everything in a struct that starts at `offset`: a struct member and the first members inside of it, all alternatives of unions,
 * elements of arrays (`node[3]`), those of any length at the struct's end too. The outermost first. Nothing where a member merely lies across
 * the offset.
 */
export function membersAt(graph: TypeGraph, struct: number, offset: number): MemberAt[] {
  const found: MemberAt[] = []
  walk(graph, graph.strip(struct), offset, '', found, 0, true, new Budget(SEARCH_STEPS))
  return found
}

function walk(graph: TypeGraph, struct: number, offset: number, prefix: string, found: MemberAt[], depth: number, isEnd: boolean, budget: Budget): void {
  if (depth > DEEPEST_NESTING || !isComposite(graph, struct)) return
  for (let i = 0, vlen = graph.vlen(struct); i < vlen && budget.spend(); i++) {
    const member = rawMember(graph, struct, i)
    if (member.bits > 0) continue
    const at = offset - Math.floor(member.bitOffset / 8)
    const bytes = graph.bytesOf(member.type)
    const isLast = isEnd && (i === vlen - 1 || graph.kind(struct) === BtfKind.UNION)
    if (at < 0 || bytes === undefined || (at >= Math.max(bytes, 1) && !(isLast && endsOpen(graph, member.type)))) continue
    const name = graph.string(member.nameOffset)
    visit(graph, member.type, at, name === '' ? prefix : prefix === '' ? name : `${prefix}.${name}`, found, depth, isLast, budget)
  }
}

function visit(graph: TypeGraph, type: number, at: number, path: string, found: MemberAt[], depth: number, isEnd: boolean, budget: Budget): void {
  const target = graph.strip(type)
  if (graph.kind(target) === BtfKind.ARRAY) {
    const element = graph.words[graph.body(target)]
    const bytes = graph.bytesOf(element)
    if (bytes === undefined || bytes === 0) return
    if (at === 0) found.push({ path, type })
    // Text is one thing, not its characters.
    if (bytes === 1 && at === 0) return
    const index = Math.floor(at / bytes)
    const isThere = index < graph.words[graph.body(target) + 2] || (isEnd && endsOpen(graph, target))
    if (isThere && depth < DEEPEST_NESTING) visit(graph, element, at - index * bytes, `${path}[${index}]`, found, depth + 1, false, budget)
    return
  }
  if (at === 0) found.push({ path, type })
  walk(graph, target, at, path, found, depth + 1, isEnd, budget)
}

/** Whether a type is an array of `char`: what text is declared as. */
export function isPlainText(graph: TypeGraph, type: number): boolean {
  const array = graph.strip(type)
  if (graph.kind(array) !== BtfKind.ARRAY) return false
  const element = graph.strip(graph.words[graph.body(array)])
  return graph.kind(element) === BtfKind.INT && graph.sizeOrType(element) === 1 && /^(?:signed )?char$/.test(graph.name(element))
}

/** Whether a struct ends in an array of any length, or a type is one. */
export function endsOpen(graph: TypeGraph, type: number, depth = 0): boolean {
  const target = graph.strip(type)
  if (graph.kind(target) === BtfKind.ARRAY) return graph.words[graph.body(target) + 2] === 0
  const length = graph.vlen(target)
  return isComposite(graph, target) && length > 0 && depth < DEEPEST_NESTING && endsOpen(graph, rawMember(graph, target, length - 1).type, depth + 1)
}

/** Whether the first member of a struct is the other, or starts with it. */
export function startsWith(graph: TypeGraph, struct: number, other: number): boolean {
  for (let id = struct, depth = 0; depth < DEEPEST_NESTING && graph.vlen(id) > 0; depth++) {
    id = graph.strip(rawMember(graph, id, 0).type)
    if (id === other) return true
    if (!isComposite(graph, id)) return false
  }
  return false
}
