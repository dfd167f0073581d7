import type { ColumnTable } from 'arquero'
import { objectStates, type SlabObjects } from '../slab/model.js'
import { AddressColumn, describedTable, IndexedAddressColumn, NamedColumn } from './columns.js'

/**
 * Objects as a table, one row each, over the same typed arrays: nothing is copied but the rank. Rows come in address order;
 * sort and page by `rank`, a number, never by `address`.
 */
export function objectsTable(objects: SlabObjects): ColumnTable {
  const rank = new Uint32Array(objects.length)
  for (let row = 0; row < rank.length; row++) rank[row] = row
  return describedTable({
    address: new AddressColumn(objects.address),
    cache: new NamedColumn(objects.caches.map(({ name }) => name), objects.cache),
    slab: new IndexedAddressColumn(objects.slabs, objects.slab),
    state: new NamedColumn(objectStates, objects.state),
    queued: new NamedColumn([false, true], objects.queued),
    rank
  })
}
