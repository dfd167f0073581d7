import type { PhysicalMemory } from './memory.js'

/** `sysname` of `struct new_utsname`, and how far its `release` lies behind (Linux include/uapi/linux/utsname.h). */
const sysname = 'Linux\0'
const RELEASE_OFFSET = 130
/** Kernels are loaded at multiples of 64 KiB or more: an address and its physical place agree in these bits. */
const loadAlignment = 0x10000

/**
 * Physical addresses that may hold the kernel's `uname` structure, whose virtual address is `address`: pages with "Linux" and the
 * release at the right place. For dumps whose physical base is unknown or wrong.
 */
export function* findBanner(physical: PhysicalMemory, address: bigint, release: string | undefined): Iterable<number> {
  const { pageBytes } = physical
  const offset = Number(address & BigInt(pageBytes - 1))
  const within = Number(address & BigInt(loadAlignment - 1))
  if (offset + RELEASE_OFFSET + (release?.length ?? 0) > pageBytes) return
  const head = Buffer.from(sysname, 'latin1')
  for (const { start, end } of physical.presentRuns()) {
    for (let frame = start; frame < end; frame++) {
      if ((frame * pageBytes + offset) % loadAlignment !== within) continue
      const page = physical.page(frame)
      if (typeof page === 'string' || page[offset] !== head[0]) continue
      const bytes = Buffer.from(page.buffer, page.byteOffset, page.byteLength)
      if (bytes.compare(head, 0, head.length, offset, offset + head.length) !== 0) continue
      const releaseAt = offset + RELEASE_OFFSET
      if (release === undefined || bytes.toString('latin1', releaseAt, releaseAt + release.length) === release) yield frame * pageBytes + offset
    }
  }
}
