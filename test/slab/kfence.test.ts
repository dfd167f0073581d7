import { expect, test } from 'vitest'
import { crashCaches } from '../../lib/dump/crashFormat/cacheListing.js'
import { objectStates } from '../../lib/slab/model.js'
import { readSlabs } from '../../lib/slab/readSlabs.js'
import { Tracks } from '../../lib/slab/tracks.js'
import { blockMemory, machine } from '../builders/machine.js'
import { slub61, slub618 } from '../builders/slabLayouts.js'
import { SlubKernel, type TestCache } from '../builders/slubKernel.js'
import { varied } from '../builders/structTypes.js'

const more = {
  structs: { kfence_metadata: { bytes: 96, members: { state: [0x30, 4], addr: 0x38, size: 0x40, cache: 0x48 } as const } },
  enumerators: { KFENCE_OBJECT_UNUSED: 0, KFENCE_OBJECT_ALLOCATED: 1, KFENCE_OBJECT_FREED: 2 }
}

/** A pool of `objects` guarded pages, each marked as a slab. */
function pool(kernel: SlubKernel, objects: number): { page: (i: number) => bigint; meta: bigint } {
  const frame = kernel.pages(2 * (objects + 1))
  const meta = kernel.alloc(96 * objects)
  kernel.write(kernel.symbol('__kfence_pool', kernel.alloc(8)), kernel.virtual(frame))
  for (let i = 0; i < objects; i++) kernel.set('kfence_metadata', meta + BigInt(96 * i), { addr: kernel.virtual(frame + 2 * (i + 1)) })
  return { meta, page: (i) => kernel.virtual(frame + 2 * (i + 1)) }
}

function guarded(kernel: SlubKernel, page: bigint, cache: TestCache): void {
  const frame = kernel.frameOf(page)
  kernel.write(kernel.pageStruct(frame), 1n << 9n).set('slab', kernel.pageStruct(frame), { slab_cache: cache.address, objects: 1 })
  if (kernel.types.enumerator('PGTY_slab') !== undefined) kernel.write(kernel.pageStruct(frame) + 0x30n, 0xf5000000, 4)
}

test.each([['an array', slub61, false], ['a pointer', slub618, true]])('objects in KFENCE\'s pool are their cache\'s, wherever in the page they lie (metadata %s)', (_, types, pointer) => {
  const kernel = new SlubKernel({ types: varied(types, {}, more) })
  const cache = kernel.cache('kmalloc-128', { objectBytes: 128 })
  kernel.slab(cache, [3])
  const { page, meta } = pool(kernel, 4)
  kernel.symbol('kfence_metadata', pointer ? kernel.alloc(8) : meta)
  if (pointer) kernel.write(kernel.view().symbol('kfence_metadata')!, meta)
  for (const i of [0, 1, 2]) guarded(kernel, page(i), cache)
  kernel.set('kfence_metadata', meta, { state: 1, addr: page(0) + 3968n, size: 100, cache: cache.address })
  kernel.set('kfence_metadata', meta + 96n, { state: 2, addr: page(1), size: 128, cache: cache.address })
  const slabs = readSlabs(kernel.view())
  expect(slabs.caches()[0]).toMatchObject({ slabs: 1, bytes: 4096, total: 34, allocated: 32 })
  const objects = slabs.objects()
  const found = [...objects.address].map((address, i) => [address, objectStates[objects.state[i]]])
  expect(found.slice(32)).toEqual([[page(0) + 3968n, 'allocated'], [page(1), 'free']])
  expect(slabs.find(page(0) + 3970n)).toMatchObject({ object: page(0) + 3968n, offset: 2, slot: 0 })
  expect(slabs.find(page(2))).toBeUndefined()
  expect(kernel.warnings.list()).toEqual([])
  // crash counts slabs, and knows nothing of KFENCE.
  const system = { ...machine({ memory: blockMemory(0n, new Uint8Array(8)) }), slabs, caches: () => slabs.caches() }
  expect(crashCaches(system)).toMatch(/ 128 +31 +32 +1 +4k {2}kmalloc-128\n$/)
})

test('a guarded object has the stacks that KFENCE keeps of it, whatever its cache records', () => {
  const track = { bytes: 64, members: { pid: [0, 4], cpu: [4, 4], num_stack_entries: [16, 4], stack_entries: 24 } as const }
  const { members } = more.structs.kfence_metadata
  const kernel = new SlubKernel({
    types: varied(slub61, {}, { ...more, structs: { kfence_track: track, kfence_metadata: { bytes: 256, members: { ...members, alloc_track: [0x60, 64], free_track: [0xa0, 64] } } } })
  })
  const cache = kernel.cache('kmalloc-128', { objectBytes: 128 })
  kernel.slab(cache)
  const frame = kernel.pages(6)
  const page = (i: number): bigint => kernel.virtual(frame + 2 * (i + 1))
  const meta = kernel.symbol('kfence_metadata', kernel.alloc(512))
  kernel.write(kernel.symbol('__kfence_pool', kernel.alloc(8)), kernel.virtual(frame))
  const stack = [0xffffffff81000010n, 0xffffffff81000020n]
  for (const i of [0, 1]) {
    const at = meta + BigInt(256 * i)
    guarded(kernel, page(i), cache)
    kernel.set('kfence_metadata', at, { state: 1, addr: page(i), size: 128, cache: cache.address })
    kernel.set('kfence_track', at + 0x60n, { pid: 77, cpu: 1, num_stack_entries: 2 }).write(at + 0x78n, stack[0]).write(at + 0x80n, stack[1])
    // A count that cannot be.
    kernel.set('kfence_track', at + 0xa0n, { num_stack_entries: 65 })
  }
  const view = kernel.view()
  const { table, ...slabs } = readSlabs(view)
  slabs.settle(0)
  const tracks = new Tracks(view, table)
  const slab = table.holding(page(0))!.slab
  expect([tracks.has(table.caches[0]), tracks.records(0)]).toEqual([false, true])
  expect(tracks.sampled(slab, 'alloc')).toEqual({ caller: stack[0], stack, cpu: 1, pid: 77 })
  expect(tracks.sampled(slab, 'free')).toBeNull()
  expect(tracks.groups(0, 'alloc', new Set([0]))).toEqual([{ cache: 0, caller: stack[0], stack, objects: 2, example: page(0), sampled: true }])
  expect(tracks.groups(0, 'alloc', new Set([0]), new Set([page(1)]))).toMatchObject([{ objects: 1, example: page(1) }])
  expect(tracks.groups(0, 'alloc', new Set([1]))).toEqual([])
})
