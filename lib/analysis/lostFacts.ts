import { addressesAt } from '../util/addressHalves.js'
import { countedStruct } from './countedStructs.js'
import type { GroupFacts, LostFacts, MachineFacts } from './leakEvidence.js'
import { UNREACHABLE, type Reachability } from './reachability.js'
import { lostOwners, NOT_LOST } from './reference/lostOwners.js'
import { groupType } from './typing.js'

/**
 * Tells lost objects that were dropped from those that only went with them: a lost file takes along its seq_file, and what that holds.
 *
 * @param members positions of each group's unreachable objects
 */
export function lostFacts({ system, groups }: MachineFacts, { graph, references, reached, objects }: Reachability, members: readonly Uint32Array[]): LostFacts[] {
  // What is in no group, for its contents are not in the dump, may hold others all the same.
  const groupOf = new Int32Array(reached.length).fill(NOT_LOST)
  for (let object = 0; object < reached.length; object++) if (reached[object] === UNREACHABLE) groupOf[object] = groups.length
  members.forEach((own, group) => {
    for (const object of own) groupOf[object] = group
  })
  const owner = lostOwners({
    groupOf, references, referrers: () => graph.referrers(),
    isOwner: (group) => group < groups.length && countedStruct(groupType(system, groups[group]), system.types?.btf?.graph) !== undefined
  })
  const taken = groups.map(() => new Map<GroupFacts, number>())
  const told = members.map((own, group) => {
    const dropped = new Uint32Array(own.length)
    let count = 0
    for (const object of own) {
      const by = owner[object]
      if (by === group) dropped[count++] = object
      else if (by < groups.length) taken[by].set(groups[group], (taken[by].get(groups[group]) ?? 0) + 1)
    }
    return { dropped: count, addresses: addressesAt(objects.address, count > 0 ? dropped.subarray(0, count) : own) }
  })
  return told.map((facts, group) => ({
    ...facts, takes: [...taken[group]].map(([other, count]) => ({ facts: other, objects: count })).sort((a, b) => b.objects - a.objects)
  }))
}
