import type { PageWalk } from './arch/pageWalk.js'
import type { PhysicalMemory } from './memory.js'
import type { LinearWindow } from './virtualMemory.js'

/** Frames looked at to verify a direct map. */
const samples = 64
/** Tables read at most in search of one: all of a machine with 2 MiB mappings and 1 TiB, a good part of any other. */
const tableBudget = 4096
/** Of the start of RAM, and of the arm64 linear map (Linux arch/arm64/include/asm/kernel-pgtable.h, ARM64_MEMSTART_ALIGN). */
const ramAlignment = 2 ** 30
/** Candidates kept while the tables are read. */
const mostDistances = 1 << 16

/**
 * The direct map: all RAM at a constant distance. Each candidate is the address that physical 0 would have; the first one that the page
 * tables confirm is taken. Where none is, the tables are searched for the distance that most memory has.
 * Undefined where nothing can be confirmed.
 *
 * `image` holds an address of the kernel image, which lies at a distance of its own.
 */
export function findDirectMap(physical: PhysicalMemory, walk: PageWalk, candidates: Iterable<bigint>, image: bigint | undefined): LinearWindow | undefined {
  for (const candidate of candidates) {
    const base = BigInt.asUintN(64, candidate)
    if (isDirectMap(physical, walk, base)) return directMapAt(physical, base)
  }
  for (const base of commonDistances(physical, walk, image)) {
    if (isDirectMap(physical, walk, base)) return directMapAt(physical, base)
  }
  return undefined
}

/** The direct map with physical 0 at `base`, as far as the dump knows of RAM. */
export function directMapAt(physical: PhysicalMemory, base: bigint): LinearWindow {
  let first = 0
  for (const { start } of physical.presentRuns()) {
    first = start * physical.pageBytes
    break
  }
  // Where RAM starts far up (arm64), addresses below its start may be anything, even beyond the end of the address space. The first
  // frames of it may be missing from the dump; RAM starts at a round number.
  first -= first % ramAlignment
  const start = BigInt.asUintN(64, base + BigInt(first))
  return { start, end: start + BigInt(physical.frames * physical.pageBytes - first), physical: first }
}

/** Whether the page tables put frames of the dump where the direct map would: none elsewhere, and at least half of those looked at. */
function isDirectMap(physical: PhysicalMemory, walk: PageWalk, base: bigint): boolean {
  let right = 0
  let asked = 0
  for (const frame of sampleFrames(physical)) {
    const place = frame * physical.pageBytes
    const address = BigInt.asUintN(64, base + BigInt(place))
    const high = walk.canonicalHigh(Number(address >> 32n))
    if (high < 0) return false
    asked++
    const found = walk.physical(high, Number(address & 0xffffffffn))
    if (found === place) right++
    else if (found >= 0) return false
  }
  return right > 0 && right * 2 >= asked
}

/** Frames spread over what the file holds. */
function sampleFrames(physical: PhysicalMemory): number[] {
  const runs = [...physical.presentRuns()]
  const total = runs.reduce((sum, { start, end }) => sum + end - start, 0)
  const frames: number[] = []
  const step = Math.max(1, total / samples)
  let passed = 0
  let next = 0
  for (const { start, end } of runs) {
    for (; next < passed + end - start; next += step) frames.push(start + Math.floor(next - passed))
    passed += end - start
  }
  return frames
}

/** Distances between virtual and physical addresses, those that most memory has first. */
function commonDistances(physical: PhysicalMemory, walk: PageWalk, image: bigint | undefined): bigint[] {
  const bytesAt = new Map<bigint, number>()
  const highest = physical.frames * physical.pageBytes
  for (const mapping of walk.mappings(tableBudget)) {
    if (mapping.physical >= highest) continue
    const distance = mapping.address - BigInt(mapping.physical)
    const bytes = bytesAt.get(distance)
    if (bytes !== undefined || bytesAt.size < mostDistances) bytesAt.set(distance, (bytes ?? 0) + mapping.bytes)
  }
  const imageDistance = image === undefined ? undefined : distanceOf(walk, image)
  return [...bytesAt].filter(([distance]) => distance !== imageDistance).sort((a, b) => b[1] - a[1]).slice(0, 4)
    .map(([distance]) => BigInt.asUintN(64, distance))
}

function distanceOf(walk: PageWalk, address: bigint): bigint | undefined {
  const found = walk.physical(walk.canonicalHigh(Number(address >> 32n)), Number(address & 0xffffffffn))
  return found < 0 ? undefined : address - BigInt(found)
}
