import type { SlabObjects } from '../slab/model.js'
import type { System } from '../system/system.js'

/** More stretches than a person reads by hand: memory that was dumped, not objects. */
const mostStretches = 1 << 20
/** The smallest and largest thing that is taken for an object. */
const smallest = 8
const largest = 8192

/** Objects that a session read without listing them: their addresses, and how many bytes each was read for. */
export interface UnlistedObjects {
  readonly addresses: BigUint64Array
  readonly objectBytes: number
}

/**
 * Memory that a session read and that none of its lists explains: people read objects one by one whose addresses they have from elsewhere.
 * The shortest stretch is taken for one object; longer stretches of a multiple are neighbours that were read one after the other, and what
 * is no multiple is no object. Undefined where there is nothing such.
 */
export function unlistedObjects(system: System, listed: SlabObjects): UnlistedObjects | undefined {
  const runs = system.memory.heldRuns
  if (runs === undefined) return undefined
  const stretches: { start: bigint; bytes: number }[] = []
  for (const { start, end } of runs.call(system.memory)) {
    if (stretches.length >= mostStretches) return undefined
    // What has a symbol is code or data of the kernel, and no object.
    if (!touches(listed, start, end) && system.symbols.at(start) === undefined) stretches.push({ start, bytes: Number(end - start) })
  }
  const lengths = stretches.map(({ bytes }) => bytes).filter((bytes) => bytes >= smallest)
  if (lengths.length === 0) return undefined
  const step = lengths.reduce((least, bytes) => Math.min(least, bytes))
  const addresses: bigint[] = []
  for (const { start, bytes } of stretches) {
    if (bytes % step !== 0) continue
    for (let at = 0; at < bytes; at += step) addresses.push(start + BigInt(at))
  }
  if (addresses.length === 0) return undefined
  // Where the session speaks of one cache alone, what was read beyond its slots are neighbours.
  const [slot] = system.caches().length === 1 ? system.caches().map(({ slotBytes }) => slotBytes) : [null]
  return { addresses: BigUint64Array.from(addresses), objectBytes: Math.min(step, largest, slot ?? largest) }
}

/** Whether a stretch holds the start of a listed object, or lies in the slot of one. */
function touches({ address, length, caches, cache }: SlabObjects, start: bigint, end: bigint): boolean {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (address[middle] < end) low = middle + 1
    else high = middle
  }
  if (low === 0) return false
  // The last listed object that starts before the stretch ends.
  const before = address[low - 1]
  return before >= start || start < before + BigInt(caches[cache[low - 1]]?.slotBytes ?? 0)
}
