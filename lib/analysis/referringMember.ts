import { BtfKind } from '../source/btf.js'
import { membersAt } from '../type/memberAt.js'
import type { System } from '../system/system.js'
import type { BtfTypes } from '../type/btfTypes.js'
import type { ObjectIndex } from './reference/objectIndex.js'
import { typeOfObject } from './typing.js'
import { structsOfCache } from './typing/cacheStructs.js'
import { matcherOf } from './typing/typeGroups.js'

/** What is known of a word that refers to an object; null is unknown. */
export interface ReferringMember {
  readonly type: string | null
  readonly member: string | null
}

const UNKNOWN: ReferringMember = { type: null, member: null }

/**
 * The struct that lies in an object, and its member at an offset, which refers to another object: of a union's sides one that is declared to point
 * at what stands there.
 *
 * @param object its position in the index
 * @param value the word at `offset`
 * @param target position of the object that it points into, or -1
 * @param isTyped whether all objects of the machine are typed, once, where the cache does not tell the struct
 */
export function referringMember(
  system: System, index: ObjectIndex, object: number, offset: number, value: bigint, target: number, isTyped: boolean
): ReferringMember {
  const btf = system.types?.btf
  if (btf === undefined) return UNKNOWN
  const own = structIn(system, btf, index, object, isTyped)
  if (own?.id == null) return { ...UNKNOWN, type: own?.type ?? null }
  const { graph } = btf
  const members = membersAt(graph, own.id, offset - (offset % graph.pointerBytes))
  const pointers = members.filter(({ type }) => graph.kind(graph.strip(type)) === BtfKind.PTR)
  const led = pointers.length < 2 || target < 0 ? null : structIn(system, btf, index, target, isTyped)?.id
  if (led == null) return { type: own.type, member: members.at(-1)?.path ?? null }
  const matcher = matcherOf(btf)
  const inside = index.physicalOfWord(Number(value & 0xffffffffn), Number(value >> 32n)) - index.physicalOfObject(target)
  // Bits below the word's size are marks, and so may be the highest byte, which the index leaves aside.
  const here = matcher.typesAt(led, inside - (inside % graph.pointerBytes))
  const declared = pointers.find(({ type }) => here.includes(matcher.canonical.of(graph.strip(graph.sizeOrType(graph.strip(type))))))
  return { type: own.type, member: (declared ?? members.at(-1)!).path }
}

/** By its cache, where that holds nothing else, or by all that is known of the machine. */
function structIn(system: System, types: BtfTypes, { objects }: ObjectIndex, object: number, isTyped: boolean): { readonly type: string | null; readonly id: number | null } | undefined {
  const cache = objects.caches[objects.cache[object]]
  const { only } = structsOfCache(system, cache, types)
  return only !== null ? { type: types.graph.name(only), id: only } : isTyped ? typeOfObject(system, cache.name, objects.address[object]) : undefined
}
