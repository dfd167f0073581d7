import type { ColumnTable } from 'arquero'
import { UsageError } from '../errors.js'
import { IndexedAddressColumn, NamedColumn } from '../table/columns.js'
import { tableRows, type TableRows } from '../table/tableRows.js'
import { cellFormat } from './cellText.js'
import { shownRows, type ShownColumn } from './shownRows.js'

type RowTest = (row: number) => boolean

const comparison = /^([A-Za-z_]\w*)(!=|>=|<=|=|>|<)(.*)$/
const suffixes: Readonly<Record<string, number>> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 }

/**
 * The rows of a table that a filter leaves: words that must all occur somewhere in the row, without regard to case, or
 * `column=word` (occurs in that column), `column!=word`, and `column>number` with `<`, `>=`, `<=` (`bytes>10M`).
 *
 * @throws UsageError for a column that the table does not have, or a number that is none
 */
export function rowsWanted(table: ColumnTable, filter: string): Uint32Array {
  const rows = tableRows(table)
  const { columns } = shownRows(table)
  const tests = filter.trim().split(/\s+/).map((word) => testOf(table, rows, columns, word))
  const wanted = new Uint32Array(rows.count)
  let length = 0
  for (let row = 0; row < rows.count; row++) if (tests.every((test) => test(row))) wanted[length++] = row
  return wanted.slice(0, length)
}

function testOf(table: ColumnTable, rows: TableRows, columns: readonly ShownColumn[], word: string): RowTest {
  const [, name, sign, value] = comparison.exec(word) ?? []
  if (name === undefined) {
    const tests = columns.map((column) => textTest(table, column, word))
    return (row) => tests.some((test) => test(row))
  }
  const column = columns.find((candidate) => candidate.name === name)
  if (column === undefined) throw new UsageError(`no column ${name} in this table; it has ${columns.map((each) => each.name).join(', ')}`)
  if (sign === '=') return textTest(table, column, value)
  if (sign === '!=') {
    const same = textTest(table, column, value)
    return (row) => !same(row)
  }
  const bound = numberIn(value)
  const at = rows.column(name)
  const compare: Record<string, (a: number) => boolean> = { '>': (a) => a > bound, '<': (a) => a < bound, '>=': (a) => a >= bound, '<=': (a) => a <= bound }
  return (row) => {
    const found = at(row)
    return found !== null && found !== undefined && compare[sign](Number(found))
  }
}

function numberIn(text: string): number {
  const [, digits, suffix] = /^(-?[\d.,_]+|0x[\da-f]+)([kmg])?(?:i?b)?$/i.exec(text) ?? []
  const number = digits === undefined ? NaN : Number(digits.replace(/[,_]/g, ''))
  if (Number.isNaN(number)) throw new UsageError(`expected a number behind the sign, got ${text === '' ? 'nothing' : text}`)
  return number * (suffixes[suffix?.toLowerCase() ?? ''] ?? 1)
}

/** Whether a cell contains a text. A column of few different values is looked through once. */
function textTest(table: ColumnTable, column: ShownColumn, wanted: string): RowTest {
  const needle = wanted.toLowerCase()
  // A number is looked for with or without separators between thousands; written out as text a million of them take seconds.
  const digits = /^-?[\d.,]+$/.test(needle) ? needle.replaceAll(',', '') : undefined
  const format = cellFormat(column, [])
  const contains = (value: unknown): boolean => {
    if (typeof value === 'number' && column.description?.type !== 'time') return digits !== undefined && String(value).includes(digits)
    return (typeof value === 'string' ? value : format.text(value)).toLowerCase().includes(needle)
  }
  const values = table.column(column.name) as unknown
  if (!(values instanceof NamedColumn || values instanceof IndexedAddressColumn)) return (row) => contains(column.at(row))
  const known = new Map<number, boolean>()
  const index = table.isFiltered() || table.isOrdered() ? table.indices() : undefined
  return (row) => {
    const at = index === undefined ? row : index[row]
    const key = values.index[at]
    let found = known.get(key)
    if (found === undefined) known.set(key, found = contains(values.at(at)))
    return found
  }
}
