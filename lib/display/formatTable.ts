import type { ColumnTable } from 'arquero'
import { plainValue } from './plainValue.js'
import { shownRows, type ShownColumn } from './shownRows.js'
import { textTable } from './textTable.js'

export type TableFormat = 'table' | 'csv' | 'json' | 'ndjson'

/** How a table is laid out for people; CSV and JSON always hold every row and column, and take none of these. */
export interface TableLayout {
  /** Terminal columns it must fit into; Infinity for no limit. Default 80. */
  readonly width?: number
  /** With ANSI colours. Default false. */
  readonly colour?: boolean
  /** The most rows shown: of a longer table, its head and its tail. Infinity for all. Default 50. */
  readonly rows?: number
  /** Rows there are in truth, where the table is itself only a part. Default: the table's. */
  readonly total?: number
}

/** Characters gathered before a piece is handed on. */
const pieceLength = 1 << 16

/**
 * A table as text. `table` is for people: fitted to the width, units in the header, head … tail, a line "n of N rows".
 * `csv` is RFC 4180 with a header line and lines that end in LF; `json` an array of objects; `ndjson` one object a line.
 * These three are exact: raw numbers, addresses as `0x` and 16 digits, unknown as null or an empty field, lists joined by `;` in CSV.
 *
 * @example formatTable(table({ cache: ['kmalloc-128'], allocated: [71003] }), 'csv') // 'cache,allocated\nkmalloc-128,71003\n'
 */
export function formatTable(table: ColumnTable, format: TableFormat, layout: TableLayout = {}): string {
  return [...formatRows(table, format, layout)].join('')
}

/** {@link formatTable} in pieces of some 64 KiB, for tables too long to be one string. */
export function* formatRows(table: ColumnTable, format: TableFormat, layout: TableLayout = {}): Generator<string> {
  const rows = shownRows(table)
  switch (format) {
    case 'table':
      yield* pieces(textTable(rows, layout))
      return
    case 'csv':
      yield* pieces(csvLines(rows.columns, rows.count))
      return
    case 'json':
      yield* pieces(jsonLines(rows.columns, rows.count))
      return
    case 'ndjson':
      yield* pieces(objectLines(rows.columns, rows.count))
  }
}

function* pieces(lines: Iterable<string>): Generator<string> {
  let piece = ''
  for (const line of lines) {
    piece += line
    if (piece.length < pieceLength) continue
    yield piece
    piece = ''
  }
  if (piece !== '') yield piece
}

function* csvLines(columns: readonly ShownColumn[], count: number): Generator<string> {
  yield `${columns.map(({ name }) => csvField(name)).join(',')}\n`
  for (let row = 0; row < count; row++) {
    let line = ''
    for (let i = 0; i < columns.length; i++) {
      if (i > 0) line += ','
      line += csvField(csvText(columns[i].at(row), columns[i]))
    }
    // A line with nothing in its only field would read as no row at all.
    yield line === '' ? '""\n' : `${line}\n`
  }
}

/** Text that starts with `=` or `@` stays as it is: the file is data, and whoever opens it in a spreadsheet imports it as text. */
function csvText(value: unknown, { description }: ShownColumn): string {
  if (typeof value === 'string') return value
  const plain = plainValue(value, description)
  if (plain === null) return ''
  if (typeof plain !== 'object') return String(plain)
  if (Array.isArray(plain) && plain.every((item) => typeof item !== 'object')) return plain.join(';')
  return JSON.stringify(plain)
}

function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function* jsonLines(columns: readonly ShownColumn[], count: number): Generator<string> {
  if (count === 0) {
    yield '[]\n'
    return
  }
  let row = 0
  for (const line of objectLines(columns, count)) {
    row++
    yield `${row === 1 ? '[\n' : ''}  ${line.slice(0, -1)}${row < count ? ',\n' : '\n]\n'}`
  }
}

function* objectLines(columns: readonly ShownColumn[], count: number): Generator<string> {
  for (let row = 0; row < count; row++) {
    const object: Record<string, unknown> = {}
    for (const column of columns) object[column.name] = plainValue(column.at(row), column.description)
    yield `${jsonText(object)}\n`
  }
}

/** JSON escapes C0 by itself; C1 controls, separators and direction overrides are escaped too, so that it may be shown anywhere. */
const unseenInJson = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** JSON that is the same data and harmless on a terminal. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(
    unseenInJson, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  )
}
