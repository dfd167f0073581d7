import type { SlabRow } from './slabinfo.js'

/** The first summary line of slabtop (procps, src/slabtop.c), which starts a snapshot. */
export function isSlabtopStart(line: string): boolean {
  return /^\s*Active \/ Total Objects \(% used\)/.test(line)
}

/** How many caches slabtop counted: on a terminal it lists only those that fit. Undefined for other lines. */
export function slabtopCaches(line: string): number | undefined {
  const match = /^\s*Active \/ Total Caches \(% used\)\s*:\s*(\d+) \/ (\d+)/.exec(line)
  return match === null ? undefined : Number(match[2])
}

/** The line above slabtop's rows. */
export function isSlabtopHeader(line: string): boolean {
  return /^\s*OBJS ACTIVE\s+USE OBJ SIZE\s+SLABS OBJ\/SLAB CACHE SIZE NAME/.test(line)
}

const rowExpression = /^(\s*(\d+)\s+(\d+)\s+\d+%\s+[\d.]+[KMG]?\s+(\d+)\s+(\d+)\s+([\d.]+)([KMG])\s+)(\S.*?)\s*$/

const units: Readonly<Record<string, number>> = { K: 1024, M: 1024 ** 2, G: 1024 ** 3 }

/**
 * Reads a row of slabtop into `row`; false where it is none. The object size is printed with two decimals of a KiB, too coarse to know
 * it (0.12K is 120 or 128 bytes), so it stays unknown; the cache size is that of its slabs.
 */
export function readSlabtopRow(line: string, row: SlabRow): boolean {
  const match = rowExpression.exec(line)
  if (match === null) return false
  row.nameStart = match[1].length
  row.nameEnd = row.nameStart + match[8].length
  row.objects = Number(match[2])
  row.activeObjects = Number(match[3])
  row.objectBytes = NaN
  row.slabs = Number(match[4])
  row.objectsPerSlab = Number(match[5])
  row.pagesPerSlab = NaN
  row.bytes = Number(match[6]) * units[match[7]]
  return true
}
