import { BtfKind } from '../source/btf.js'
import { membersAt } from '../type/memberAt.js'
import type { System } from '../system/system.js'
import type { ObjectIndex } from './reference/objectIndex.js'
import { typeOfObject, type GroupType } from './typing.js'
import { matcherOf } from './typing/typeGroups.js'

/** What is known of a word that refers to an object; null is unknown. */
export interface ReferringMember {
  readonly type: string | null
  readonly member: string | null
}

/**
 * The struct that lies in an object, and its member at an offset, which refers to another object: of a union's sides one that is declared to point
 * at what stands there. All objects of the machine are typed for it, once.
 *
 * @param object its position in the index
 * @param value the word at `offset`
 * @param target position of the object that it points into, or -1
 */
export function referringMember(system: System, index: ObjectIndex, object: number, offset: number, value: bigint, target: number): ReferringMember {
  const btf = system.types?.btf
  const own = typeOf(system, index, object)
  const type = own?.type ?? null
  if (own?.id == null || btf === undefined) return { type, member: null }
  const { graph } = btf
  const matcher = matcherOf(btf)
  const led = target < 0 ? null : typeOf(system, index, target)?.id
  const here = led == null ? [] : matcher.typesAt(led, Number(value - index.objects.address[target]))
  const members = membersAt(graph, own.id, offset - (offset % graph.pointerBytes))
  const declared = members.find((member) => {
    const pointer = graph.strip(member.type)
    return graph.kind(pointer) === BtfKind.PTR && here.includes(matcher.canonical.of(graph.strip(graph.sizeOrType(pointer))))
  })
  return { type, member: (declared ?? members.at(-1))?.path ?? null }
}

function typeOf(system: System, { objects }: ObjectIndex, object: number): GroupType | undefined {
  return typeOfObject(system, objects.caches[objects.cache[object]].name, objects.address[object])
}
