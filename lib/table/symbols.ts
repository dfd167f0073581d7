import type { ColumnTable } from 'arquero'
import type { SymbolHit } from '../symbol/symbolTable.js'
import { hex } from '../util/hex.js'
import { describedTable } from './columns.js'

/** Found symbols as a table. `address` is the symbol's start, `offset` how far in the address lies that was asked for. */
export function symbolsTable(hits: readonly SymbolHit[]): ColumnTable {
  return describedTable({
    name: hits.map(({ name }) => name),
    address: hits.map(({ address }) => hex(address)),
    offset: hits.map(({ offset }) => offset),
    module: hits.map(({ module }) => module),
    type: hits.map(({ type }) => (type === '?' ? null : type)),
    file: hits.map(({ file }) => file ?? null),
    line: hits.map(({ line }) => line ?? null)
  })
}
