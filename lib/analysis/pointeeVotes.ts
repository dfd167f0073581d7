import type { System } from '../system/system.js'
import { BtfKind } from '../source/btf.js'
import type { BtfTypes } from '../type/btfTypes.js'
import { isComposite, rawMember } from '../type/members.js'
import type { GroupType } from './typing.js'

/** Pointers that are declared to lead to one struct. */
export interface Votes {
  votes: number
  /** `task_struct.cred` */
  readonly members: Set<string>
}

/** Objects of one group whose pointers are followed. */
const SAMPLE = 64
const WORD_BYTES = 8
const DEEPEST = 6

interface TypedPointer {
  readonly offset: number
  readonly path: string
  /** BTF id of the struct it points at. */
  readonly struct: number
}

/**
 * Follows the declared pointers of objects whose struct is known to the first byte of others, and counts what these are called:
 * by position of the group in `all`, then by struct.
 */
export function pointeeVotes(system: System, sources: readonly GroupType[], all: readonly GroupType[], types: BtfTypes): Map<number, Map<number, Votes>> {
  const groupOf = new Map<bigint, number>()
  all.forEach(({ described, rivals }, position) => {
    if (rivals === 0) return
    for (const address of described.signatures.addressesOf(described.group)) groupOf.set(address, position)
  })
  const found = new Map<number, Map<number, Votes>>()
  const pointers = new Map<number, readonly TypedPointer[]>()
  for (const { id, type, described } of sources) {
    let members = pointers.get(id!)
    if (members === undefined) pointers.set(id!, (members = pointersOf(types, id!)))
    if (members.length === 0) continue
    const bytes = types.graph.bytesOf(id!) ?? 0
    for (const address of described.signatures.addressesOf(described.group).subarray(0, SAMPLE)) {
      const content = system.memory.tryRead(address, bytes)
      if (typeof content === 'string') continue
      const view = new DataView(content.buffer, content.byteOffset, content.byteLength)
      for (const { offset, path, struct } of members) {
        if (offset + WORD_BYTES > bytes) continue
        const position = groupOf.get(view.getBigUint64(offset, system.memory.littleEndian))
        if (position === undefined) continue
        const ballot = found.get(position) ?? new Map<number, Votes>()
        found.set(position, ballot)
        const votes = ballot.get(struct) ?? { votes: 0, members: new Set() }
        ballot.set(struct, votes)
        votes.votes++
        votes.members.add(`${type}.${path}`)
      }
    }
  }
  return found
}

/** Members of a struct, embedded ones too, that are declared as pointers to a struct. Those in unions may be others' and are left out. */
function pointersOf(types: BtfTypes, struct: number): TypedPointer[] {
  const found: TypedPointer[] = []
  const { graph } = types
  const walk = (id: number, base: number, prefix: string, depth: number): void => {
    if (depth > DEEPEST || graph.kind(id) !== BtfKind.STRUCT) return
    for (let i = 0, length = graph.vlen(id); i < length; i++) {
      const member = rawMember(graph, id, i)
      if (member.bits > 0) continue
      const offset = base + member.bitOffset / 8
      const name = graph.string(member.nameOffset)
      const path = name === '' ? prefix : prefix === '' ? name : `${prefix}.${name}`
      const target = graph.strip(member.type)
      if (graph.kind(target) === BtfKind.STRUCT) walk(target, offset, path, depth + 1)
      else if (graph.kind(target) === BtfKind.PTR) {
        const pointee = graph.strip(graph.sizeOrType(target))
        // A list's links point at links, not at the start of the next object; anonymous structs have no name to give.
        if (isComposite(graph, pointee) && graph.kind(pointee) === BtfKind.STRUCT && graph.name(pointee) !== '' && pointee !== struct) {
          found.push({ offset, path, struct: pointee })
        } else if (pointee === struct) found.push({ offset, path, struct: pointee })
      }
    }
  }
  walk(struct, 0, '', 0)
  return found.filter(({ struct: pointee }) => !links.has(graph.name(pointee)))
}

/** Structs that are only ever parts of others: a pointer to one says nothing of what it starts. */
const links = new Set(['list_head', 'hlist_node', 'hlist_bl_node', 'hlist_nulls_node', 'rb_node', 'llist_node', 'callback_head', 'plist_node', 'klist_node', 'kobject', 'kref', 'xarray'])
