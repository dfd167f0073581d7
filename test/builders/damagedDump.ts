import { FREE } from '../../lib/slab/model.js'
import { openVmcore } from '../../lib/system/openVmcore.js'
import { KdumpStream } from './kdumpStream.js'
import { PatchedPages } from './patchedPages.js'

/** Slabs of a damaged dump, as messages name them. */
export interface DamagedSlabs {
  readonly wildPointer: string
  readonly foreignPointer: string
  readonly cycle: string
  readonly impossibleCount: string
  readonly wildCache: string
  readonly missingPage: string
}

/** The bits of `slab.counters` that count objects (mm/slab.h of Linux 6.1). */
const OBJECTS_BITS = 0x7fff0000n
const IMPOSSIBLE = 0x70000000n

/**
 * Copies the dump `x86_64-slub`, each of six slabs damaged in another way.
 *
 * @param source a dump of a SLUB kernel without swapped free pointers of x86-64
 */
export async function damagedDump(source: string, target: string): Promise<DamagedSlabs> {
  const system = await openVmcore(source)
  const { kernel, slabs: { table } } = system
  system.objects()
  const { frames } = kernel.physical
  const patched = new PatchedPages(kernel, frames)
  const read = (address: bigint): bigint => patched.read(patched.physicalOf(address))
  const write = (address: bigint, value: bigint): void => patched.write(patched.physicalOf(address), value)
  const slabsOf = (name: string): number[] => [...table.ofCache(table.caches.findIndex((cache) => cache.name === name))]
  const freeIn = (slab: number): number[] => Array.from({ length: table.objects[slab] }, (_, slot) => slot).filter((slot) => table.state[table.first[slab] + slot] === FREE)
  /** A slab with free objects. */
  const partial = (name: string): number => slabsOf(name).find((slab) => freeIn(slab).length > 1)!
  const member = (slab: number, name: string): bigint => kernel.pageStructOf(table.frame[slab])! + BigInt(kernel.types.member('slab', name)!.offset)

  const wildPointer = partial('kmalloc-32')
  write(member(wildPointer, 'freelist'), 0x1234567890n)
  const foreignPointer = partial('inode_cache')
  write(member(foreignPointer, 'freelist'), table.objectAddress(slabsOf('kmalloc-128')[0], 0))
  const cycle = partial('buffer_head')
  const first = read(member(cycle, 'freelist'))
  const cache = system.caches().find(({ name }) => name === 'buffer_head')!
  const secret = read(cache.address! + BigInt(kernel.types.member('kmem_cache', 'random')!.offset))
  const link = first + (read(cache.address! + BigInt(kernel.types.member('kmem_cache', 'offset')!.offset)) & 0xffffffffn)
  write(link, first ^ secret ^ swapped(link))
  const impossibleCount = slabsOf('kmalloc-96')[0]
  write(member(impossibleCount, 'counters'), (read(member(impossibleCount, 'counters')) & ~OBJECTS_BITS) | IMPOSSIBLE)
  const wildCache = slabsOf('kernfs_node_cache')[2]
  write(member(wildCache, 'slab_cache'), 0xffff888000000123n)
  const missingPage = slabsOf('dentry')[3]

  const present = Buffer.alloc(Math.ceil(frames / 8))
  const mark = (frame: number): void => void (present[frame >> 3] |= 1 << (frame & 7))
  for (const { start, end } of kernel.physical.presentRuns()) for (let frame = start; frame < end; frame++) if (frame !== table.frame[missingPage]) mark(frame)
  const out = new KdumpStream(source, target, frames, present)
  for (let frame = 0; frame < frames; frame++) {
    if ((present[frame >> 3] & (1 << (frame & 7))) !== 0) out.add(out.store(patched.pages.get(frame) ?? kernel.physical.page(frame) as Uint8Array))
  }
  out.close()
  system.close()
  return {
    wildPointer: table.name(wildPointer), foreignPointer: table.name(foreignPointer), cycle: table.name(cycle), impossibleCount: table.name(impossibleCount),
    wildCache: table.name(wildCache).replace(/^.*: /, ''), missingPage: table.name(missingPage)
  }
}

/** As hardened free lists mix in where a link lies (freelist_ptr of mm/slub.c: its bytes in reverse order). */
function swapped(address: bigint): bigint {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(address)
  return bytes.readBigUInt64BE()
}
