import type { KernelView } from '../../slab/kernelView.js'
import { ALLOCATED, type SlabObjects } from '../../slab/model.js'
import type { System } from '../../system/system.js'
import type { BtfTypes } from '../../type/btfTypes.js'
import { ObjectIndex } from '../reference/objectIndex.js'
import { addressesAt } from '../../util/addressHalves.js'
import { positionsOf } from '../reference/positionsOf.js'
import type { DescribedGroup } from '../signatures.js'
import { structsOfCache } from './cacheStructs.js'

/** Which struct lies in which object, as far as it is known by now, and to which group an object belongs. */
export class ObjectTypes {
  readonly index: ObjectIndex
  /** BTF id of each object's struct; 0 is unknown. */
  readonly struct: Uint32Array
  /** Position of each object's group in the list; -1 for objects of no group. */
  readonly group: Int32Array
  /** Positions of each group's objects. */
  readonly members: readonly Uint32Array[]

  constructor(readonly system: System, kernel: KernelView, objects: SlabObjects, types: BtfTypes, groups: readonly DescribedGroup[]) {
    this.index = new ObjectIndex(kernel, objects)
    this.struct = new Uint32Array(objects.length)
    this.group = new Int32Array(objects.length).fill(-1)
    this.members = groups.map(({ signatures, group }) => positionsOf(objects, signatures.addressesOf(group)))
    this.members.forEach((own, position) => {
      for (const object of own) this.group[object] = position
    })
    // Objects of caches that hold one struct are known without looking at them, whether somebody asked for their groups or not.
    const ofCache = objects.caches.map((cache) => structsOfCache(system, cache, types).only ?? 0)
    for (let object = 0; object < objects.length; object++) if (objects.state[object] === ALLOCATED) this.struct[object] = ofCache[objects.cache[object]] ?? 0
  }

  /** Gives objects a struct. */
  settle(members: Uint32Array, struct: number): void {
    for (const object of members) this.struct[object] = struct
  }

  /** Makes objects those of another group, and forgets what was known of them. */
  move(members: Uint32Array, group: number): void {
    for (const object of members) this.group[object] = group
    this.settle(members, 0)
  }

  addressesOf(members: Uint32Array): BigUint64Array {
    return addressesAt(this.index.objects.address, members)
  }

  /** The allocated object that a word points into, or -1. */
  target(low: number, high: number): number {
    return this.index.targetOf(low, high)
  }

  /** How far into an object, whose number {@link target} gave, the word points. */
  offsetIn(object: number, low: number, high: number): number {
    return this.index.physicalOfWord(low, high) - this.index.physicalOfObject(object)
  }
}
