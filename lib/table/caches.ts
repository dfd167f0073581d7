import type { ColumnTable } from 'arquero'
import type { SlabCache } from '../slab/model.js'
import { hex } from '../util/hex.js'
import { describedTable } from './columns.js'

/** Caches as a table, in the order given. */
export function cachesTable(caches: readonly SlabCache[]): ColumnTable {
  return describedTable({
    cache: caches.map(({ name }) => name),
    address: caches.map(({ address }) => (address === null ? null : hex(address))),
    objectBytes: caches.map(({ objectBytes }) => objectBytes),
    slotBytes: caches.map(({ slotBytes }) => slotBytes),
    allocated: caches.map(({ allocated }) => allocated),
    total: caches.map(({ total }) => total),
    slabs: caches.map(({ slabs }) => slabs),
    slabBytes: caches.map(({ slabBytes }) => slabBytes),
    bytes: caches.map(({ bytes }) => bytes),
    aliases: caches.map(({ aliases }) => aliases)
  })
}
