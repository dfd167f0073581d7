import type { ColumnTable } from 'arquero'
import { describedTable } from '../table/columns.js'
import type { LayoutMember } from '../type/layout.js'
import type { ValueMember } from '../type/typedValue.js'

/**
 * Members as a table: of a declaration columns member, offset, bytes, type, bitOffset, bits; of a value also value, symbol, string, missing.
 *
 * @example structTable(dump.read('seq_operations', address).members()).objects() // [{ member: 'start', symbol: 'single_start', … }, …]
 */
export function structTable(members: readonly LayoutMember[] | readonly ValueMember[]): ColumnTable {
  const all: readonly (LayoutMember | ValueMember)[] = members
  const values = all.filter((row): row is ValueMember => 'value' in row)
  return describedTable({
    member: all.map((row) => ('path' in row ? row.path : row.member)),
    offset: all.map(({ offset }) => offset),
    bytes: all.map(({ bytes }) => bytes),
    type: all.map(({ type }) => type),
    bitOffset: all.map(({ bitOffset }) => bitOffset),
    bits: all.map(({ bits }) => bits),
    ...(values.length === 0 ? {} : {
      value: values.map(({ value }) => value),
      symbol: values.map(({ symbol }) => symbol),
      string: values.map(({ string }) => string),
      missing: values.map(({ missing }) => missing)
    })
  })
}
