/** Slots are aligned to a pointer at least, on every architecture that has 64-bit pointers; to 4 bytes on others. */
const slotAlignment = 8
/** No slab is larger: 1024 pages (MAX_ORDER) of 64 KiB. What a text says beyond that is damaged. */
export const largestSlabBytes = 1 << 26

/**
 * How far a slab's objects lie apart, from the addresses of listed ones: the distance met most often between neighbours. Null where no
 * slab has two.
 *
 * @param slabs for each slab the addresses of its objects, in any order
 */
export function commonDistance(slabs: Iterable<BigUint64Array>): number | null {
  const times = new Map<number, number>()
  for (const addresses of slabs) {
    const sorted = addresses.slice().sort()
    for (let i = 1; i < sorted.length; i++) {
      const distance = Number(sorted[i] - sorted[i - 1])
      if (distance > 0 && distance < largestSlabBytes) times.set(distance, (times.get(distance) ?? 0) + 1)
    }
  }
  let best: number | null = null
  for (const [distance, count] of times) if (best === null || count > times.get(best)!) best = distance
  return best
}

/**
 * The distance between a SLUB slab's objects from how many of them fill it: SLUB leaves nothing beside them, so that one more would not
 * fit. Null where several distances would do.
 *
 * @example distanceOfFilled(4096, 25, 32) // 160
 */
export function distanceOfFilled(slabBytes: number, objects: number, objectBytes: number): number | null {
  if (objects <= 0 || slabBytes > largestSlabBytes) return null
  const most = Math.floor(slabBytes / objects / slotAlignment) * slotAlignment
  const least = Math.max(objectBytes, Math.floor(slabBytes / (objects + 1)) + 1)
  const fits = (distance: number): boolean => distance >= least && distance <= most
  return fits(most) && !fits(most - slotAlignment) ? most : null
}

/**
 * Whether an object's slot is longer than alignment explains: then it holds more than the object, such as red zones and the tracks of
 * slub_debug. SLUB may keep its free pointer behind the object.
 */
export function holdsMoreThanObject(slotBytes: number, objectBytes: number): boolean {
  const alignment = slotBytes & -slotBytes
  return slotBytes - objectBytes >= alignment + 8
}
