import type { SlabObjects } from '../../slab/model.js'

/** Positions of objects by their addresses; both ascend. Addresses at which no object starts are left out. */
export function positionsOf(objects: SlabObjects, addresses: BigUint64Array): Uint32Array {
  const positions = new Uint32Array(addresses.length)
  const wanted = new Uint32Array(addresses.buffer, addresses.byteOffset, addresses.length * 2)
  const own = new Uint32Array(objects.address.buffer, objects.address.byteOffset, objects.length * 2)
  let found = 0
  let at = 0
  for (let i = 0; i < addresses.length; i++) {
    const low = wanted[i * 2]
    const high = wanted[i * 2 + 1]
    // Groups lie scattered: a long step is searched for, a short one walked.
    for (let step = 0; at < objects.length && isBelow(own, at, high, low); step++) at = step < NEAR ? at + 1 : lowerBound(own, at, objects.length, high, low)
    if (at < objects.length && own[at * 2] === low && own[at * 2 + 1] === high) positions[found++] = at
  }
  return positions.subarray(0, found)
}

const NEAR = 8

function lowerBound(own: Uint32Array, from: number, to: number, high: number, low: number): number {
  while (from < to) {
    const middle = (from + to) >>> 1
    if (isBelow(own, middle, high, low)) from = middle + 1
    else to = middle
  }
  return from
}

function isBelow(own: Uint32Array, at: number, high: number, low: number): boolean {
  return own[at * 2 + 1] < high || (own[at * 2 + 1] === high && own[at * 2] < low)
}
