import type { ColumnTable } from 'arquero'
import { AddressColumn } from '../table/columns.js'
import { tableRows } from '../table/tableRows.js'
import { naturalOrder } from '../util/naturalOrder.js'
import { sortedOrder } from '../util/sortedOrder.js'

/**
 * Rows of a table sorted by a column; equal rows keep their order, unknown values come last.
 *
 * @param rows the rows to sort; null for all
 * @throws UsageError where the table has no such column
 */
export function orderedRows(table: ColumnTable, name: string, descending: boolean, rows: Uint32Array | null): Uint32Array {
  const { count, column, names } = tableRows(table)
  const chosen = rows ?? new Uint32Array(count).map((_, row) => row)
  const values = table.column(name)
  // Formatting a million addresses to compare them as text takes seconds.
  if (values instanceof AddressColumn) {
    if (rows === null && !names.includes('rank') && !table.isFiltered() && !table.isOrdered()) {
      const order = sortedOrder(values.values)
      return descending ? order.reverse() : order
    }
    const rank = names.includes('rank') ? column('rank') : addressRank(table, values)
    return byNumber(chosen, (row) => rank(row) as number, descending)
  }
  const at = column(name)
  let numeric = true
  for (let i = 0; i < chosen.length && numeric; i++) {
    const value = at(chosen[i])
    numeric = value === null || value === undefined || typeof value === 'number' || typeof value === 'boolean' || value instanceof Date
  }
  return numeric ? byNumber(chosen, (row) => numberOf(at(row)), descending) : byText(chosen, at, descending)
}

function addressRank(table: ColumnTable, values: AddressColumn): (row: number) => number {
  const order = sortedOrder(values.values)
  const rank = new Uint32Array(order.length)
  for (let i = 0; i < order.length; i++) rank[order[i]] = i
  const index = table.isFiltered() || table.isOrdered() ? table.indices() : undefined
  return (row) => rank[index === undefined ? row : index[row]]
}

function numberOf(value: unknown): number {
  return value === null || value === undefined ? NaN : Number(value)
}

/** Numbers sort as the 64-bit integers that stand for them, in linear time. */
function byNumber(rows: Uint32Array, at: (row: number) => number, descending: boolean): Uint32Array {
  const numbers = new Float64Array(rows.length)
  const bits = new BigUint64Array(numbers.buffer)
  for (let i = 0; i < rows.length; i++) {
    const value = at(rows[i])
    numbers[i] = descending ? -value : value
  }
  const words = new Uint32Array(numbers.buffer)
  for (let i = 0; i < rows.length; i++) {
    // As integers, floats of one sign are in order; flipped like this, those of both signs are, and NaN comes last.
    const isUnknown = Number.isNaN(numbers[i])
    const flip = isUnknown || words[i * 2 + 1] >>> 31 === 0 ? 0 : 0xffffffff
    words[i * 2] = isUnknown ? 0xffffffff : words[i * 2] ^ flip
    words[i * 2 + 1] = isUnknown ? 0xffffffff : (words[i * 2 + 1] ^ flip) ^ (flip === 0 ? 0x80000000 : 0)
  }
  return sortedOrder(bits).map((position) => rows[position])
}

function byText(rows: Uint32Array, at: (row: number) => unknown, descending: boolean): Uint32Array {
  const texts = Array.from(rows, (row) => {
    const value = at(row)
    if (value === null || value === undefined) return null
    return typeof value === 'string' ? value : typeof value === 'bigint' ? value.toString() : JSON.stringify(value)
  })
  // Few different texts in many rows: each is compared once.
  const names = [...new Set(texts)].filter((text) => text !== null).sort(naturalOrder)
  const places = new Map<string | null, number>(names.map((name, i) => [name, i]))
  return byNumber(Uint32Array.from(rows.keys()), (i) => places.get(texts[i]) ?? NaN, descending).map((i) => rows[i])
}
