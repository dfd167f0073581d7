/** What may stand behind a cache's name in a list that does not show merging, such as slabinfo. */
export interface MergeNote {
  readonly cache: string
  /** Distance between objects. */
  readonly slotBytes: number
  /** Object sizes of other caches that would share these slots: word-aligned ones, and ones aligned to cache lines. */
  readonly leastObjectBytes: number
  readonly leastAlignedBytes: number
  /** Sizes kmalloc() serves from it; null where it is no kmalloc cache, or the next smaller one is not shown. */
  readonly kmallocFrom: number | null
  /** Whether other caches can have been merged into it; null where the list does not tell. */
  readonly merged: boolean | null
  readonly text: string
}

const wordBytes = 8
const kmallocName = /^((?:dma-)?kmalloc-(?:rcl-|cg-|dma-|rnd-\d\d-)?|size-)(\d+)(k|M)?$/

function kmallocSize(name: string, family?: string): number | undefined {
  const match = kmallocName.exec(name)
  if (match === null || (family !== undefined && match[1] !== family)) return undefined
  return Number(match[2]) * (match[3] === 'k' ? 1024 : match[3] === 'M' ? 1024 ** 2 : 1)
}

/**
 * Which other objects can hide under a cache's name: a cache is merged into one whose slots are less than a word longer, after its size was
 * rounded up to its alignment (find_mergeable and calculate_alignment, mm/slab_common.c). `caches` are the names in the same list;
 * `merging` is false where `slab_nomerge` is known. Null where the size of its slots is unknown.
 *
 * @example mergeNote('kmalloc-128', 128, ['kmalloc-96', 'kmalloc-128'], null).text // 'kmalloc-128 has slots of 128 bytes: …'
 */
export function mergeNote(cache: string, slotBytes: number | null, caches: readonly string[], merging: boolean | null): MergeNote | null {
  if (slotBytes === null) return null
  const family = kmallocName.exec(cache)?.[1]
  const smaller = family === undefined ? [] : caches.flatMap((name) => kmallocSize(name, family) ?? []).filter((size) => size < slotBytes).sort((a, b) => b - a)
  const kmallocFrom = family === undefined || smaller.length === 0 ? null : smaller[0] + 1
  // Linux commit 494c1dfe855e ("mm: memcg/slab: create a new set of kmalloc-cg-<n> caches") in v5.14: where they are, plain ones are never merged.
  const never = family === 'kmalloc-' && caches.some((name) => name.startsWith('kmalloc-cg-'))
  const merged = merging === false || never ? false : merging
  const leastObjectBytes = slotBytes - wordBytes + 1
  const leastAlignedBytes = (slotBytes >> 1) + 1
  const parts: string[] = []
  if (family !== undefined) {
    parts.push(kmallocFrom === null
      ? `kmalloc of up to ${slotBytes} bytes (no smaller kmalloc cache is shown)`
      : `kmalloc of ${kmallocFrom} to ${slotBytes} bytes`)
  }
  if (merged !== false) {
    const aligned = slotBytes >= 2 * wordBytes && (slotBytes & (slotBytes - 1)) === 0 ? `, ${leastAlignedBytes} to ${slotBytes} where they are aligned to cache lines` : ''
    parts.push(`${merged === null ? 'perhaps ' : ''}merged caches of ${leastObjectBytes} to ${slotBytes} bytes${aligned}`)
  }
  const text = parts.length === 0 ? `${cache} was not merged with other caches` : `${cache} has slots of ${slotBytes} bytes; what may hide there: ${parts.join('; ')}`
  return { cache, slotBytes, leastObjectBytes, leastAlignedBytes, kmallocFrom, merged, text }
}
