import { expect, test } from 'vitest'
import type { SlabCache, SlabObjects } from '../../lib/slab/model.js'
import { ALLOCATED, FREE, NO_INDEX } from '../../lib/slab/model.js'
import { cachesTable } from '../../lib/table/caches.js'
import { objectsTable } from '../../lib/table/objects.js'
import { symbolsTable } from '../../lib/table/symbols.js'

const cache: SlabCache = {
  name: 'kmalloc-128', address: 0xffff80007b000000n, objectBytes: 128, slotBytes: null, allocated: 2, total: 3, slabs: 1, slabBytes: 4096,
  bytes: 4096, aliases: ['x'], reclaimable: null
}

test('caches', () => {
  expect(cachesTable([cache]).objects()).toEqual([{
    cache: 'kmalloc-128', address: '0xffff80007b000000', objectBytes: 128, slotBytes: null, allocated: 2, total: 3, slabs: 1, slabBytes: 4096,
    bytes: 4096, aliases: ['x']
  }])
  expect(cachesTable([]).numRows()).toBe(0)
  expect(cachesTable([{ ...cache, address: null }]).get('address', 0)).toBeNull()
})

test('objects share the typed arrays and name their cache, slab and state', () => {
  const objects: SlabObjects = {
    length: 2,
    caches: [cache],
    address: BigUint64Array.of(0xffff80003a5b0000n, 0xffff80003a5b0080n),
    cache: Uint32Array.of(0, 0),
    slabs: BigUint64Array.of(0xffff80003a5b0000n),
    slab: Uint32Array.of(0, NO_INDEX),
    state: Uint8Array.of(ALLOCATED, FREE),
    queued: Uint8Array.of(0, 1)
  }
  const table = objectsTable(objects)
  expect(table.objects()).toEqual([
    { address: '0xffff80003a5b0000', cache: 'kmalloc-128', slab: '0xffff80003a5b0000', state: 'allocated', queued: false, rank: 0 },
    { address: '0xffff80003a5b0080', cache: 'kmalloc-128', slab: null, state: 'free', queued: true, rank: 1 }
  ])
  expect(table.filter((row: { state: string }) => row.state === 'free').array('rank')).toEqual([1])
})

test('symbols', () => {
  expect(symbolsTable([{ address: 0x10n, name: 'f', type: '?', module: null, offset: 4 }]).objects()).toEqual([
    { name: 'f', address: '0x0000000000000010', offset: 4, module: null, type: null, file: null, line: null }
  ])
})
