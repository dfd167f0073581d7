import { addressesAt } from '../../util/addressHalves.js'
import { positionsOf } from '../reference/positionsOf.js'
import type { DescribedGroup } from '../signatures.js'
import type { ObjectTypes } from './objectTypes.js'

/** Objects that are typed together: those of a group, less those that differ from what it says, which are a batch of their own. */
export interface Batch {
  readonly described: DescribedGroup
  /** How many they are. */
  readonly length: number
  /** Their positions, ascending; undefined where the evidence does not hold the machine's objects. */
  readonly members: Uint32Array | undefined
  /** Whether what the group says holds for them. */
  readonly isAlike: boolean
  /** Ascending. */
  addresses(): BigUint64Array
}

export function batchOfGroup(described: DescribedGroup, members: Uint32Array | undefined): Batch {
  return { described, length: described.group.objects, members, isAlike: true, addresses: () => described.signatures.addressesOf(described.group) }
}

/** The objects of a batch that are not at these addresses, ascending, and those that are: `isAlike` says whether what the group says holds for these. */
export function splitBatch(batch: Batch, objects: ObjectTypes, addresses: BigUint64Array, isAlike: boolean): { readonly rest: Batch; readonly part: Batch } {
  const all = objects.index.objects
  const out = positionsOf(all, addresses)
  let next = 0
  const rest = batch.members!.filter((object) => {
    while (next < out.length && out[next] < object) next++
    return out[next] !== object
  })
  const partOf = (members: Uint32Array, own: boolean): Batch => ({ described: batch.described, length: members.length, members, isAlike: own, addresses: () => addressesAt(all.address, members) })
  return { rest: partOf(rest, batch.isAlike), part: partOf(out, isAlike) }
}
