import type { SlabRow } from './slabinfo.js'

/**
 * The line with which the kernel starts to list unreclaimable caches when memory runs out (dump_unreclaimable_slab, mm/slab_common.c).
 * It leaves out reclaimable caches and those without objects.
 */
export function isOomSlabStart(text: string): boolean {
  return text.startsWith('Unreclaimable slab info:')
}

export function isOomSlabHeader(text: string): boolean {
  return /^Name\s+Used\s+Total\s*$/.test(text)
}

/**
 * Reads a row `%-17s %10luKB %10luKB` into `row`: name, memory of the objects in use, memory of all objects. Both are objects × object size
 * in whole KiB, so they leave out what a slab's end wastes. False where it is none.
 */
export function readOomRow(text: string, row: SlabRow): boolean {
  const match = /^(\S.*?)\s+(\d+)KB\s+(\d+)KB\s*$/.exec(text)
  if (match === null) return false
  row.nameStart = 0
  row.nameEnd = match[1].length
  row.activeObjects = NaN
  row.objects = NaN
  row.objectBytes = NaN
  row.objectsPerSlab = NaN
  row.pagesPerSlab = NaN
  row.slabs = NaN
  row.bytes = Number(match[3]) * 1024
  return true
}
