import type { ColumnTable } from 'arquero'
import type { SlabCache } from '../slab/model.js'
import { cachesTable } from './caches.js'
import { snapshotAt, type SnapshotChoice } from './snapshotAt.js'
import { numberOf, tableRows, textOf } from './tableRows.js'

/**
 * The caches of one snapshot as the table that a dump's caches come in. What slabinfo does not show is null: addresses, the payload of an
 * object (it knows the distance between them), and which caches were merged.
 *
 * @throws UsageError where the table has no such snapshot
 * @example cachesOfSnapshot(await loadSlabinfo('leaking.slabinfo')).objects() // [{ cache: 'kmalloc-128', allocated: 1767698, slotBytes: 128, … }]
 */
export function cachesOfSnapshot(snapshots: ColumnTable, choice: SnapshotChoice = 'last'): ColumnTable {
  const rows = tableRows(snapshotAt(snapshots, choice))
  const [nameAt, activeAt, objectsAt, slotAt, slabsAt, bytesAt] = ['cache', 'activeObjects', 'objects', 'objectBytes', 'slabs', 'bytes'].map(rows.column)
  return cachesTable(Array.from({ length: rows.count }, (_, row): SlabCache => {
    const slabs = numberOf(slabsAt(row))
    const bytes = numberOf(bytesAt(row))
    return {
      name: textOf(nameAt(row)), address: null, objectBytes: null, slotBytes: numberOf(slotAt(row)), allocated: numberOf(activeAt(row)),
      total: numberOf(objectsAt(row)), slabs, slabBytes: slabs === null || slabs === 0 || bytes === null ? null : bytes / slabs, bytes,
      aliases: [], reclaimable: null
    }
  }))
}
