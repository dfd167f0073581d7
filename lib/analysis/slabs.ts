import type { ColumnTable } from 'arquero'
import { MissingSymbolError } from '../errors.js'
import { AddressColumn, describedTable, NamedColumn } from '../table/columns.js'
import { systemOf, type MachineEvidence } from './evidence.js'

/**
 * All slabs of a dump in address order, those of corrupt caches too. Columns: slab, cache (null where it names none that can be), pages,
 * objects (slots), allocated, free (all slots not in use), missingPages, corrupt, rank.
 *
 * @throws MissingSymbolError for a session, which shows no allocator
 *
 * @example slabs(dump).filter((d) => d.allocated === 0) // slabs that hold memory for nothing
 */
export function slabs(evidence: MachineEvidence): ColumnTable {
  const system = systemOf(evidence)
  if (system.slabs === undefined) throw new MissingSymbolError('the slab allocator', 'only a dump holds every slab')
  const { length, address, cache, pages, objects, allocated, missingPages, corrupt } = system.slabs.slabs()
  return describedTable({
    slab: new AddressColumn(address),
    cache: new NamedColumn(system.caches().map(({ name }) => name), cache),
    pages,
    objects,
    allocated,
    free: Uint32Array.from({ length }, (_, slab) => objects[slab] - allocated[slab]),
    missingPages,
    corrupt: new NamedColumn([false, true], corrupt),
    rank: Uint32Array.from({ length }, (_, slab) => slab)
  })
}
