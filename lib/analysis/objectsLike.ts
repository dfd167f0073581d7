import type { ColumnTable } from 'arquero'
import { addressNamed } from '../dump/readWords.js'
import { UsageError } from '../errors.js'
import type { SlabObjects } from '../slab/model.js'
import type { System } from '../system/system.js'
import { objectsTable } from '../table/objects.js'
import { hex } from '../util/hex.js'
import { systemOf, type MachineEvidence } from './evidence.js'
import { describeSignatures, type DescribedGroup } from './signatures.js'

export interface ObjectsLikeOptions {
  /** The cache the object lies in: without it, the objects of all caches are grouped. */
  readonly cache?: string
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number, objects: number) => void
}

/** The groups that were asked for last, of each machine: who goes through one group mostly goes through the next as well. */
const lastGroups = new WeakMap<System, { readonly cache: string | undefined, readonly groups: readonly DescribedGroup[] }>()

/**
 * The objects that hold the same as one of them: those of the group in {@link signatures} that it belongs to, as `dump.objects()` lists them.
 *
 * @param example address of any of them, as the column `example` of `signatures()` has it
 * @throws UsageError where the object is in no group: not allocated, or the evidence does not hold its contents
 * @example (await objectsLike(dump, '0xffff80003a5b0000', { cache: 'kmalloc-128' })).numRows() // 1744972
 */
export async function objectsLike(evidence: MachineEvidence, example: string | bigint, options: ObjectsLikeOptions = {}): Promise<ColumnTable> {
  const system = systemOf(evidence)
  const { cache } = options
  const address = addressNamed(system, example)
  const last = lastGroups.get(system)
  const groups = last !== undefined && last.cache === cache ? last.groups : describeSignatures(system, undefined, options)
  lastGroups.set(system, { cache, groups })
  for (const { group, signatures } of groups) {
    const addresses = signatures.addressesOf(group)
    if (positionOf(addresses, address) >= 0) return objectsTable(only(system.objects(cache === undefined ? undefined : [cache]), addresses))
  }
  throw new UsageError(`${hex(address)} is no allocated object whose contents the evidence holds${cache === undefined ? '' : `, or lies in another cache than ${cache}`}`)
}

/** Those of the objects whose addresses are wanted; both ascend. */
function only(objects: SlabObjects, wanted: BigUint64Array): SlabObjects {
  const rows = new Uint32Array(Math.min(objects.length, wanted.length))
  let length = 0
  for (let i = 0, next = 0; i < objects.length && next < wanted.length; i++) {
    while (next < wanted.length && wanted[next] < objects.address[i]) next++
    if (wanted[next] === objects.address[i]) rows[length++] = i
  }
  const found = rows.subarray(0, length)
  return {
    ...objects, length,
    address: addressesAt(objects.address, found),
    cache: found.map((i) => objects.cache[i]),
    slab: found.map((i) => objects.slab[i]),
    state: Uint8Array.from(found, (i) => objects.state[i]),
    queued: Uint8Array.from(found, (i) => objects.queued[i])
  }
}

function positionOf(addresses: BigUint64Array, address: bigint): number {
  let low = 0
  let high = addresses.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (addresses[middle] < address) low = middle + 1
    else high = middle
  }
  return addresses[low] === address ? low : -1
}

function addressesAt(addresses: BigUint64Array, rows: Uint32Array): BigUint64Array {
  const found = new BigUint64Array(rows.length)
  for (let i = 0; i < rows.length; i++) found[i] = addresses[rows[i]]
  return found
}
