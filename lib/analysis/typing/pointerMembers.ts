import { BtfKind } from '../../source/btf.js'
import type { BtfTypes } from '../../type/btfTypes.js'
import { isComposite, rawMember } from '../../type/members.js'
import type { TypeGraph } from '../../type/typeGraph.js'

/** A member of a struct that is declared as a pointer to something that has a place of its own in memory. */
export interface PointerMember {
  readonly offset: number
  /** `cred`, `fs.pwd.dentry`; empty for a pointer itself */
  readonly path: string
  /** Type id behind the pointer: a struct, a pointer, a number or characters. */
  readonly pointee: number
}

const DEEPEST = 6
/** Members of one struct, at most: arrays of pointers are unrolled. */
const MOST_MEMBERS = 512
/** Lies over other members only while the object is being freed. */
const OF_FREED = 'callback_head'

/**
 * The declared pointers of a type's values, those of embedded structs too. Of a union, those places count at which its members declare one
 * kind of pointer and no other: a word there that leads to the start of an object is that pointer.
 */
export function pointerMembers({ graph }: BtfTypes, type: number): PointerMember[] {
  const walk = (id: number, base: number, prefix: string, depth: number): PointerMember[] => {
    const found: PointerMember[] = []
    for (let i = 0, length = graph.vlen(id); i < length && depth <= DEEPEST && found.length < MOST_MEMBERS; i++) {
      const member = rawMember(graph, id, i)
      if (member.bits > 0) continue
      const name = graph.string(member.nameOffset)
      found.push(...visit(graph.strip(member.type), base + member.bitOffset / 8, name === '' ? prefix : prefix === '' ? name : `${prefix}.${name}`, depth))
    }
    return found
  }
  const visit = (id: number, offset: number, path: string, depth: number): PointerMember[] => {
    switch (graph.kind(id)) {
      case BtfKind.STRUCT:
        return graph.name(id) === OF_FREED ? [] : walk(id, offset, path, depth + 1)
      case BtfKind.UNION:
        return undisputed(walk(id, offset, path, depth + 1))
      case BtfKind.PTR: {
        const pointee = placeBehind(graph, id)
        return pointee === undefined ? [] : [{ offset, path, pointee }]
      }
      case BtfKind.ARRAY:
        return elements(id, offset, path, depth)
      default:
        return []
    }
  }
  const elements = (id: number, offset: number, path: string, depth: number): PointerMember[] => {
    const [type, , count] = graph.words.subarray(graph.body(id), graph.body(id) + 3)
    const element = graph.strip(type)
    const bytes = graph.bytesOf(element)
    const found: PointerMember[] = []
    for (let n = 0; n < count && bytes !== undefined && depth < DEEPEST && found.length < MOST_MEMBERS; n++) {
      const own = visit(element, offset + n * bytes, `${path}[${n}]`, depth + 1)
      if (own.length === 0) break
      found.push(...own)
    }
    return found
  }
  return visit(graph.strip(type), 0, '', 0)
}

/** What a pointer type points at, if that has a place of its own in memory that can be told from others. */
export function placeBehind(graph: TypeGraph, pointer: number): number | undefined {
  const pointee = graph.strip(graph.sizeOrType(pointer))
  const kind = graph.kind(pointee)
  return isComposite(graph, pointee) || kind === BtfKind.PTR || kind === BtfKind.INT ? pointee : undefined
}

/** Places at which all members of a union agree. */
function undisputed(members: readonly PointerMember[]): PointerMember[] {
  const at = new Map<number, PointerMember | null>()
  for (const member of members) {
    const other = at.get(member.offset)
    if (other === undefined) at.set(member.offset, member)
    else if (other?.pointee !== member.pointee) at.set(member.offset, null)
  }
  return [...at.values()].filter((member) => member !== null)
}
