import type { PageWalk } from './arch/pageWalk.js'
import type { LinearWindow } from './virtualMemory.js'

/** A stretch of the kernel image. */
export interface ImageRange {
  readonly start: bigint
  readonly end: bigint
  readonly writable: boolean
}

const tableBudget = 4096

/**
 * What the page tables map of the kernel image, in order: text, read-only data, data. Mappings of other memory between and behind it are
 * told apart by their distance to physical memory, which is one and the same all over the image.
 */
export function imageRanges(walk: PageWalk, image: LinearWindow): ImageRange[] {
  const ranges: ImageRange[] = []
  for (const { address, physical, bytes, writable } of walk.mappings(tableBudget, image)) {
    if (Number(BigInt.asIntN(64, address - image.start)) !== physical - image.physical) continue
    const last = ranges.at(-1)
    const end = address + BigInt(bytes)
    if (last !== undefined && last.end === address && last.writable === writable) ranges[ranges.length - 1] = { ...last, end }
    else ranges.push({ start: address, end, writable })
  }
  return ranges
}
