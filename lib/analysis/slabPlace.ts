import { NO_INDEX, objectStates, type ObjectState, type SlabCache, type SlabObjects } from '../slab/model.js'
import type { System } from '../system/system.js'

/** An object near another one. */
export interface NearObject {
  readonly address: bigint
  readonly state: ObjectState
}

/** Where an address lies among the slab objects of a machine. Null is what the evidence does not say, or what does not apply. */
export interface ObjectPlace {
  readonly cache: SlabCache | null
  /** First byte of the slab. */
  readonly slab: bigint | null
  /** Position in the slab, counted from 0. */
  readonly slot: number | null
  /** The object's payload; null between the last slot of a slab and its end. */
  readonly object: bigint | null
  /** Bytes from the payload's start (from the slab's start where there is no object): negative in a left red zone. */
  readonly offset: number
  readonly state: ObjectState | null
  readonly queued: boolean | null
  readonly before: NearObject | null
  readonly after: NearObject | null
}

/** Where an address lies among slab objects, by a dump's slabs or by the objects that a session lists; undefined where it lies in none. */
export function slabPlace(system: System, address: bigint): ObjectPlace | undefined {
  return system.slabs === undefined ? placeInList(system.objects(), address) : placeInSlabs(system, address)
}

function placeInSlabs(system: System, address: bigint): ObjectPlace | undefined {
  const slabs = system.slabs!
  const place = slabs.find(address)
  if (place === undefined) return undefined
  const { table } = slabs
  const near = (slot: number): NearObject | null => {
    if (place.slot === null || slot < 0 || slot >= table.objects[place.slab]) return null
    return { address: table.objectAddress(place.slab, slot), state: objectStates[table.state[table.first[place.slab] + slot]] }
  }
  const { cache, slot, object, offset, queued } = place
  return {
    cache, slab: place.slabAddress, slot, object, offset, state: place.state === null ? null : objectStates[place.state], queued,
    before: near((slot ?? 0) - 1), after: near((slot ?? 0) + 1)
  }
}

/** The last listed object at or below the address, where the address is within its slot. */
function placeInList(objects: SlabObjects, address: bigint): ObjectPlace | undefined {
  let low = 0
  let high = objects.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (objects.address[middle] <= address) low = middle + 1
    else high = middle
  }
  const row = low - 1
  if (row < 0) return undefined
  const cache = objects.cache[row] === NO_INDEX ? null : (objects.caches[objects.cache[row]] ?? null)
  const slot = cache?.slotBytes ?? cache?.objectBytes ?? 1
  const offset = address - objects.address[row]
  if (offset >= BigInt(slot)) return undefined
  const near = (other: number): NearObject | null => {
    const apart = other < 0 || other >= objects.length || objects.slab[other] !== objects.slab[row]
    return apart ? null : { address: objects.address[other], state: objectStates[objects.state[other]] }
  }
  const slab = objects.slab[row] === NO_INDEX ? null : objects.slabs[objects.slab[row]]
  return {
    cache, slab, slot: slab === null || cache?.slotBytes == null ? null : Math.floor(Number(objects.address[row] - slab) / cache.slotBytes),
    object: objects.address[row], offset: Number(offset), state: objectStates[objects.state[row]], queued: objects.queued[row] === 1,
    before: near(row - 1), after: near(row + 1)
  }
}
