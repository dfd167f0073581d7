import type { ColumnTable } from 'arquero'
import type { ColumnType } from '../table/columns.js'
import { cellFormat, unknownText } from './cellText.js'
import { plainValue, type PlainValue } from './plainValue.js'
import { shownRows } from './shownRows.js'
import { rowsWanted } from './tableFilter.js'
import { orderedRows } from './tableOrder.js'

export interface WindowOptions {
  /** First row of the window, counted among those that the filter leaves. Default 0. */
  readonly start?: number
  /** Rows in the window, at most. Default 100. */
  readonly rows?: number
  /** Rows that remain: words that must all occur in a row, or `column=word`, `column!=word`, `column>number`, `column<number`. */
  readonly filter?: string
  /** Column to sort by. */
  readonly sort?: string
  readonly descending?: boolean
}

export interface WindowColumn {
  readonly name: string
  /** Undefined for a column that a person made up. */
  readonly type: ColumnType | undefined
  readonly align: 'left' | 'right'
  /** The unit that a header has to name. */
  readonly unit: string
  /** What the column means; empty where nobody said. */
  readonly text: string
}

/** A part of a table, ready to be shown: what a pager asks for as it moves. Plain data that JSON can hold. */
export interface TableWindow {
  readonly columns: readonly WindowColumn[]
  /** Rows of the whole table. */
  readonly total: number
  /** Rows that the filter leaves. */
  readonly matching: number
  readonly start: number
  /** The cells as people read them. */
  readonly cells: readonly (readonly string[])[]
  /** What the cells of address and text columns are, to go on from a row; null for others, and where unknown. */
  readonly values: readonly (readonly PlainValue[])[]
}

const defaultRows = 100
/** Longer cells are of no use in a row. */
const mostCharacters = 500

/** The rows in the order that was asked for last, for each table: moving through a million rows sorts them once. */
const lastOrder = new WeakMap<ColumnTable, { readonly key: string, readonly order: Uint32Array | null }>()

/**
 * The rows of a table from `start` on, filtered and sorted, as text. A column of addresses sorts by the column `rank` where there is one;
 * unknown values come last, whichever way it sorts.
 *
 * @throws UsageError for a column that the table does not have
 * @example tableWindow(objects, { filter: 'state=free', sort: 'slab', start: 1000, rows: 50 }).matching
 */
export function tableWindow(table: ColumnTable, options: WindowOptions = {}): TableWindow {
  const { columns, count } = shownRows(table)
  const order = orderOf(table, options)
  const matching = order?.length ?? count
  const start = Math.max(0, Math.min(options.start ?? 0, matching))
  const shown = Array.from({ length: Math.min(options.rows ?? defaultRows, matching - start) }, (_, i) => order === null ? start + i : order[start + i])
  const shownColumns = columns.map((column) => {
    const values = shown.map((row) => column.at(row))
    const format = cellFormat(column, values)
    const isName = column.description?.type === 'address' || values.every((value) => value === null || typeof value === 'string')
    return {
      head: { name: column.name, type: column.description?.type, align: format.align, unit: format.unit, text: column.description?.text ?? '' },
      cells: values.map((value) => cut(format.text(value))),
      values: values.map((value) => isName ? plainValue(value, column.description) : null)
    }
  })
  return {
    columns: shownColumns.map(({ head }) => head), total: count, matching, start,
    cells: shown.map((_, i) => shownColumns.map(({ cells }) => cells[i])),
    values: shown.map((_, i) => shownColumns.map(({ values }) => values[i]))
  }
}

/** Positions of the rows in the order to show; null for all rows as they come. */
function orderOf(table: ColumnTable, { filter = '', sort, descending = false }: WindowOptions): Uint32Array | null {
  const key = JSON.stringify([filter, sort ?? null, descending])
  const last = lastOrder.get(table)
  if (last?.key === key) return last.order
  const wanted = filter.trim() === '' ? null : rowsWanted(table, filter)
  const order = sort === undefined ? wanted : orderedRows(table, sort, descending, wanted)
  lastOrder.set(table, { key, order })
  return order
}

function cut(text: string): string {
  if (text === '') return unknownText
  return text.length > mostCharacters ? `${text.slice(0, mostCharacters - 1)}…` : text
}
