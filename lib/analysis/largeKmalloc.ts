import type { ColumnTable } from 'arquero'
import { MissingSymbolError } from '../errors.js'
import { largeKmallocs } from '../slab/largeKmalloc.js'
import { AddressColumn, describedTable } from '../table/columns.js'
import { systemOf, type MachineEvidence } from './evidence.js'

/**
 * Allocations too large for any kmalloc cache, in address order: columns address, bytes, rank.
 *
 * @throws MissingSymbolError for a session, and for kernels before v6.14, which do not mark these pages
 *
 * @example largeKmalloc(dump).rollup({ bytes: (d) => op.sum(d.bytes) })
 */
export function largeKmalloc(evidence: MachineEvidence): ColumnTable {
  const { kernel } = systemOf(evidence)
  const found = kernel === undefined ? null : largeKmallocs(kernel)
  if (found === null) throw new MissingSymbolError('PGTY_large_kmalloc', 'this evidence does not mark large kmalloc pages: only dumps of v6.14 and later do')
  return describedTable({
    address: new AddressColumn(BigUint64Array.from(found, ({ address }) => address)),
    bytes: found.map(({ bytes }) => bytes),
    rank: found.map((_, rank) => rank)
  })
}
