import { readFileSync } from 'node:fs'
import path from 'node:path'
import { from, type ColumnTable } from 'arquero'
import { describedTable, NamedColumn } from '../../lib/table/columns.js'

/** Extracts of real evidence: two series of slabinfo snapshots, and of two dumps the caches, the slabs of one cache and its signatures. */
export function fixture(name: string): string {
  return path.join(import.meta.dirname, 'fixtures', name)
}

/** A table that was written as JSON. */
export function fixtureTable(name: string): ColumnTable {
  return from(JSON.parse(readFileSync(fixture(name), 'utf8')) as object[])
}

/** Objects, one a slot, of slabs of which only slots and used ones were kept. */
export function fixtureSlabs(name: string): ColumnTable {
  const { cache, slots, used } = JSON.parse(readFileSync(fixture(name), 'utf8')) as { cache: string, slots: number[], used: number[] }
  const slab = slots.flatMap((count, i) => new Array<string>(count).fill(`0x${(0xffff000000000000n + BigInt(i) * 4096n).toString(16)}`))
  const state = slots.flatMap((count, i) => Array.from({ length: count }, (_, slot) => (slot < used[i] ? 'allocated' : 'free')))
  return describedTable({ cache: new NamedColumn([cache], new Uint8Array(slab.length)), slab, state })
}
