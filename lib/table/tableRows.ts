import type { ColumnTable } from 'arquero'
import { UsageError } from '../errors.js'
import { AddressColumn, IndexedAddressColumn, NamedColumn } from './columns.js'

/** Reads one column in the n-th row of a table as it is filtered and ordered. */
export type ColumnReader = (row: number) => unknown

export interface TableRows {
  readonly count: number
  readonly names: readonly string[]
  /** @throws UsageError where the table has no such column. */
  readonly column: (name: string) => ColumnReader
  /**
   * Something that is the same for rows of the same value and different for others, read without formatting addresses:
   * for grouping millions of rows.
   */
  readonly key: (name: string) => ColumnReader
}

/** The rows of a table in the order a person sees them, without copying any: an index at most. */
export function tableRows(table: ColumnTable): TableRows {
  const index = table.isFiltered() || table.isOrdered() ? table.indices() : undefined
  const names = table.columnNames()
  const values = (name: string): { at(row: number): unknown } => {
    const found = table.column(name) as { at(row: number): unknown } | undefined
    if (found === undefined) throw new UsageError(`expected a table with a column ${name}, got ${names.join(', ') || 'none'}`)
    return found
  }
  const inOrder = (reader: ColumnReader): ColumnReader => index === undefined ? reader : (row) => reader(index[row])
  return {
    count: table.numRows(),
    names,
    column(name) {
      const column = values(name)
      return inOrder((row) => column.at(row))
    },
    key(name) {
      const column = values(name)
      if (column instanceof AddressColumn) return inOrder((row) => column.values[row])
      if (column instanceof IndexedAddressColumn || column instanceof NamedColumn) return inOrder((row) => column.index[row])
      return inOrder((row) => column.at(row))
    }
  }
}

/** A number as a column of counts or bytes holds it; null where it is unknown. */
export function numberOf(value: unknown): number | null {
  if (typeof value === 'bigint') return Number(value)
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

/** A name as a column of text holds it; `otherwise` where it is unknown. */
export function textOf(value: unknown, otherwise = 'unknown'): string {
  return typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean' ? String(value) : otherwise
}

/** Milliseconds since 1970 of a time column's value; null where it is unknown. */
export function timeOf(value: unknown): number | null {
  return numberOf(value instanceof Date ? value.getTime() : value)
}
