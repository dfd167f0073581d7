import type { ColumnTable } from 'arquero'

export interface CompareRow {
  readonly cache: string
  readonly beforeObjects: number | null
  readonly afterObjects: number | null
  readonly deltaObjects: number | null
  readonly deltaBytes: number | null
  readonly status: string
}

export interface GrowthRow {
  readonly cache: string
  readonly verdict: 'growing' | 'steady' | 'unknown'
  readonly reason: string
  readonly bytesPerHour: number | null
  readonly low: number | null
  readonly high: number | null
  readonly objects: number | null
  readonly bytes: number | null
  readonly reclaimable: boolean | null
}

/** The largest differences, and how many other caches there are. */
export function changedRows(table: ColumnTable, most: number): { rows: CompareRow[]; others: number } {
  const all = table.objects() as CompareRow[]
  const changed = all.filter(({ deltaBytes, deltaObjects }) => (deltaBytes ?? 0) !== 0 || (deltaObjects ?? 0) !== 0)
    .sort((a, b) => Math.abs(b.deltaBytes ?? 0) - Math.abs(a.deltaBytes ?? 0) || Math.abs(b.deltaObjects ?? 0) - Math.abs(a.deltaObjects ?? 0))
  const rows = changed.slice(0, most)
  return { rows, others: all.length - rows.length }
}

/** Caches that grow, fastest first, and how many others there are. */
export function growingRows(table: ColumnTable, most: number): { rows: GrowthRow[]; others: number } {
  const all = table.objects() as GrowthRow[]
  const rows = all.filter(({ verdict }) => verdict === 'growing').sort((a, b) => (b.bytesPerHour ?? 0) - (a.bytesPerHour ?? 0)).slice(0, most)
  return { rows, others: all.length - rows.length }
}
