import type { ColumnTable } from 'arquero'
import { columns, type ColumnDescription } from '../table/columns.js'

/** One column of a table as displays see it. */
export interface ShownColumn {
  readonly name: string
  /** Absent for a column that a person made up. */
  readonly description: ColumnDescription | undefined
  /** The value in the n-th row of the table as it is filtered and ordered. */
  at(row: number): unknown
}

/** The rows of a table in the order a person sees them, without its internal columns. */
export interface ShownRows {
  readonly columns: readonly ShownColumn[]
  readonly count: number
}

/** The columns and rows of `table` that are results. Nothing is copied: a table of millions of rows costs an index at most. */
export function shownRows(table: ColumnTable): ShownRows {
  const index = table.isFiltered() || table.isOrdered() ? table.indices() : undefined
  const names = table.columnNames().filter((name) => describe(name)?.internal !== true)
  return {
    count: table.numRows(),
    columns: names.map((name) => {
      const values = table.column(name)!
      return {
        name,
        description: describe(name),
        at: (row) => values.at(index === undefined ? row : index[row]) as unknown
      }
    })
  }
}

function describe(name: string): ColumnDescription | undefined {
  return Object.hasOwn(columns, name) ? columns[name] : undefined
}
