import { describe, expect, test } from 'vitest'
import { readSlabs } from '../../lib/slab/readSlabs.js'
import { Tracks } from '../../lib/slab/tracks.js'
import { slub61, slub618 } from '../builders/slabLayouts.js'
import { SlubKernel } from '../builders/slubKernel.js'
import { varied, type MemberSpec } from '../builders/structTypes.js'

const STORE_USER = 0x10000
const record: Record<string, MemberSpec> = { size: [16, 4], handle: [20, 4], entries: [24, 0] }
const parts = (pool: string, extra = 0): Record<string, MemberSpec> => ({
  [pool]: { bit: 0, bits: 16 }, offset: { bit: 16, bits: 10 }, ...(extra > 0 ? { extra: { bit: 26, bits: extra } } : {})
})
const track: Record<string, MemberSpec> = { addr: 0, handle: [8, 4], cpu: [12, 4], pid: [16, 4], when: 24 }
const structs = (pool: string, extra?: number): Parameters<typeof varied>[2] => ({
  structs: { track: { bytes: 32, members: track }, stack_record: { bytes: 64, members: record }, handle_parts: { bytes: 4, members: parts(pool, extra) } }
})
const withHandles = varied(slub61, {}, structs('slabindex'))
const withAddresses = varied(slub61, {}, { structs: { track: { bytes: 8 + 128 + 16, members: { addr: 0, addrs: [8, 128], cpu: [136, 4], pid: [140, 4], when: 144 } } } })

/** Puts a stack into the depot and returns its handle. */
function depot(kernel: SlubKernel, options: { symbol: string; pool: number; index: number; place: number; pointer?: boolean; extra?: number }, stack: bigint[]): number {
  const { symbol, pool, index, place, pointer = false, extra = 0 } = options
  const handle = index + place * 65536 + extra * 2 ** 26
  const array = kernel.view().symbol('the array') ?? kernel.symbol('the array', kernel.alloc(64))
  if (kernel.view().symbol(symbol) === undefined) {
    kernel.symbol(symbol, pointer ? kernel.alloc(8) : array)
    if (pointer) kernel.write(kernel.view().symbol(symbol)!, array)
  }
  let memory = kernel.read(array + BigInt(8 * pool))
  if (memory === 0n) kernel.write(array + BigInt(8 * pool), (memory = kernel.alloc(1024)))
  const address = memory + BigInt(place << 4)
  kernel.set('stack_record', address, { size: stack.length, handle: index + place * 65536 })
  stack.forEach((frame, i) => kernel.write(address + 24n + BigInt(8 * i), frame))
  return handle
}

const [caller, other] = [0xffffffff81000010n, 0xffffffff81000020n]

describe('tracks behind objects', () => {
  test.each([
    ['until v6.2', 'slabindex', 'stack_slabs', false, 2, 2], ['from v6.3', 'pool_index', 'stack_pools', false, 2, 2],
    ['from v6.9', 'pool_index_plus_1', 'stack_pools', false, 3, 2], ['from v6.13', 'pool_index_plus_1', 'stack_pools', true, 3, 2]
  ] as const)('%s: stacks come from the depot', (_, member, symbol, pointer, index, pool) => {
    const kernel = new SlubKernel({ types: varied(slub61, {}, structs(member, 5)) })
    const cache = kernel.cache('kmalloc-64', { objectBytes: 64, slotBytes: 192, offset: 64, redLeft: 16, flags: STORE_USER | 0x400 })
    const slab = kernel.slab(cache, [20])
    const handle = depot(kernel, { symbol, pool, index, place: 3, pointer, extra: 9 }, [caller, 0xffffffff81000040n])
    // The free pointer lies behind the object here, and tracks behind it.
    const place = (slot: number, kind: number): bigint => kernel.object(slab, slot) + 72n + BigInt(32 * kind)
    kernel.set('track', place(1, 0), { addr: caller, handle, cpu: 3, pid: 77, when: 123456 })
    kernel.set('track', place(2, 0), { addr: caller, handle })
    kernel.set('track', place(3, 0), { addr: other })
    kernel.set('track', place(20, 1), { addr: other, handle: 0 })
    const view = kernel.view()
    const { table, ...slabs } = readSlabs(view)
    slabs.settle(0)
    const tracks = new Tracks(view, table)
    expect(tracks.at(table.caches[0], kernel.object(slab, 1), 'alloc')).toEqual({ caller, stack: [caller, 0xffffffff81000040n], cpu: 3, pid: 77 })
    expect(tracks.at(table.caches[0], kernel.object(slab, 4), 'alloc')).toBeNull()
    expect(tracks.groups(0, 'alloc', new Set([0]))).toEqual([
      { cache: 0, caller, stack: [caller, 0xffffffff81000040n], objects: 2, example: kernel.object(slab, 1), sampled: false },
      { cache: 0, caller: other, stack: null, objects: 1, example: kernel.object(slab, 3), sampled: false }
    ])
    expect(tracks.groups(0, 'free', new Set([1]))).toMatchObject([{ caller: other, objects: 1, example: kernel.object(slab, 20) }])
  })

  test('until v5.18: addresses lie in the track itself, and tell stacks apart', () => {
    const kernel = new SlubKernel({ types: withAddresses })
    const slab = kernel.slab(kernel.cache('kmalloc-64', { objectBytes: 64, slotBytes: 512, flags: STORE_USER }))
    for (const [slot, second] of [[0, 1n], [1, 1n], [2, 2n]] as const) {
      const place = kernel.object(slab, slot) + 64n
      kernel.set('track', place, { addr: caller }).write(place + 8n, caller).write(place + 16n, other + second)
    }
    const view = kernel.view()
    const { table } = readSlabs(view)
    expect(new Tracks(view, table).groups(0, 'alloc', new Set([0])).map(({ objects, stack }) => [objects, stack])).toEqual([
      [2, [caller, other + 1n]], [1, [caller, other + 2n]]
    ])
  })

  test('are none without the flag, whatever its bit, and in a missing page', () => {
    const kernel = new SlubKernel({ types: withHandles })
    const plain = kernel.slab(kernel.cache('plain', { objectBytes: 64, slotBytes: 256 }))
    const tracked = kernel.slab(kernel.cache('tracked', { objectBytes: 64, slotBytes: 256, flags: STORE_USER }))
    for (const slab of [plain, tracked]) kernel.set('track', kernel.object(slab, 1) + 64n, { addr: caller })
    kernel.dropped.add(tracked.frame)
    const view = kernel.view()
    const { table } = readSlabs(view)
    const tracks = new Tracks(view, table)
    expect(table.caches.map((cache) => tracks.has(cache))).toEqual([true, false])
    expect([0, 1].map((row) => tracks.groups(row, 'alloc', new Set([0])))).toEqual([[], []])
    const numbered = new SlubKernel({ types: varied(slub618, {}, structs('pool_index')) })
    numbered.cache('old bit', { objectBytes: 64, slotBytes: 256, flags: STORE_USER })
    numbered.cache('new bit', { objectBytes: 64, slotBytes: 256, flags: 1 << 7 })
    const numberedView = numbered.view()
    const later = new Tracks(numberedView, readSlabs(numberedView).table)
    expect(later.table.caches.map((cache) => [cache.name, later.has(cache)])).toEqual([['new bit', true], ['old bit', false]])
  })

  test('a handle that names no stack has none', () => {
    const kernel = new SlubKernel({ types: withHandles })
    const slab = kernel.slab(kernel.cache('kmalloc-64', { objectBytes: 64, slotBytes: 256, flags: STORE_USER }))
    const handle = depot(kernel, { symbol: 'stack_slabs', pool: 0, index: 0, place: 2 }, [caller])
    const handles = [handle + 65536, handle + 1, 0xffffffff]
    handles.forEach((each, slot) => kernel.set('track', kernel.object(slab, slot) + 64n, { addr: caller, handle: each }))
    const view = kernel.view()
    const { table } = readSlabs(view)
    const tracks = new Tracks(view, table)
    expect(handles.map((_, slot) => tracks.at(table.caches[0], kernel.object(slab, slot), 'alloc')?.stack)).toEqual([null, null, null])
  })
})
