import type { ColumnTable } from 'arquero'
import { columns, type ColumnDescription } from '../table/columns.js'
import { tableRows, type ColumnReader } from '../table/tableRows.js'

/** One column of a table as displays see it. */
export interface ShownColumn {
  readonly name: string
  /** Absent for a column that a person made up. */
  readonly description: ColumnDescription | undefined
  readonly at: ColumnReader
}

/** The rows of a table in the order a person sees them, without its internal columns. */
export interface ShownRows {
  readonly columns: readonly ShownColumn[]
  readonly count: number
}

/** The columns and rows of `table` that are results. */
export function shownRows(table: ColumnTable): ShownRows {
  const rows = tableRows(table)
  const shown = rows.names.filter((name) => describe(name)?.internal !== true)
  return {
    count: rows.count, columns: shown.map((name) => ({ name, description: describe(name), at: rows.column(name) }))
  }
}

function describe(name: string): ColumnDescription | undefined {
  return Object.hasOwn(columns, name) ? columns[name] : undefined
}
