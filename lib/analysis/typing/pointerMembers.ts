import { BtfKind } from '../../source/btf.js'
import type { BtfTypes } from '../../type/btfTypes.js'
import { isComposite, rawMember } from '../../type/members.js'

/** A member of a struct that is declared as a pointer to something that has a place of its own in memory. */
export interface PointerMember {
  readonly offset: number
  /** `cred`, `fs.pwd.dentry` */
  readonly path: string
  /** Type id behind the pointer: a struct, a pointer, or characters. */
  readonly pointee: number
}

const DEEPEST = 6
/** Members of one struct, at most: arrays of pointers are unrolled. */
const MOST_MEMBERS = 512

/** The declared pointers of a struct, those of embedded structs too. Those in unions may be something else and are left out. */
export function pointerMembers({ graph }: BtfTypes, struct: number): PointerMember[] {
  const found: PointerMember[] = []
  const walk = (id: number, base: number, prefix: string, depth: number): void => {
    if (depth > DEEPEST || graph.kind(id) !== BtfKind.STRUCT) return
    for (let i = 0, length = graph.vlen(id); i < length && found.length < MOST_MEMBERS; i++) {
      const member = rawMember(graph, id, i)
      if (member.bits > 0) continue
      const name = graph.string(member.nameOffset)
      visit(graph.strip(member.type), base + member.bitOffset / 8, name === '' ? prefix : prefix === '' ? name : `${prefix}.${name}`, depth)
    }
  }
  const visit = (type: number, offset: number, path: string, depth: number): void => {
    const kind = graph.kind(type)
    if (kind === BtfKind.STRUCT) walk(type, offset, path, depth + 1)
    else if (kind === BtfKind.PTR) {
      const pointee = graph.strip(graph.sizeOrType(type))
      if (isPlace(pointee)) found.push({ offset, path, pointee })
    } else if (kind === BtfKind.ARRAY && depth < DEEPEST) {
      const element = graph.strip(graph.words[graph.body(type)])
      const bytes = graph.bytesOf(element)
      for (let n = 0; n < graph.words[graph.body(type) + 2] && bytes !== undefined && found.length < MOST_MEMBERS; n++) visit(element, offset + n * bytes, `${path}[${n}]`, depth + 1)
    }
  }
  const isPlace = (pointee: number): boolean => {
    const kind = graph.kind(pointee)
    return isComposite(graph, pointee) || kind === BtfKind.PTR || (kind === BtfKind.INT && graph.sizeOrType(pointee) === 1 && /char/.test(graph.name(pointee)))
  }
  walk(struct, 0, '', 0)
  return found
}
