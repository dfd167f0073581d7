import type { SnapshotHead } from './snapshotSeries.js'
import type { Stamp } from './timestamp.js'

/**
 * Whether a snapshot breaks off: `torn` where the one before tells (counting with it would make caches vanish), `only` where there is none
 * before. A kill of the recorder, a full disk and a cut archive all leave this; `cut` says that the text is known to have lost its end.
 *
 * Caches are listed newest first and the oldest never go, so a list that is a true beginning of the one before was cut.
 */
export function tornEnd(before: SnapshotHead | undefined, last: SnapshotHead, cacheAt: (row: number) => number, cut: boolean): 'torn' | 'only' | undefined {
  if (last.from !== 'slabinfo') return undefined
  if (before === undefined) return cut ? 'only' : undefined
  if (before.from !== 'slabinfo' || last.rows >= before.rows) return undefined
  if (cut) return 'torn'
  for (let row = 0; row < last.rows; row++) {
    if (cacheAt(last.firstRow + row) !== cacheAt(before.firstRow + row)) return undefined
  }
  return 'torn'
}

/** Where the stamps stand below the snapshots (`cat /proc/slabinfo; date`), moves each to the one above it. */
export function stampAbove(heads: readonly SnapshotHead[], trailing: Stamp): void {
  if (trailing.time === null || heads.length === 0 || heads[0].time !== null) return
  if (heads.slice(1).some(({ time }) => time === null)) return
  heads.forEach((head, i) => {
    const stamp = heads[i + 1] ?? trailing
    head.time = stamp.time
    head.uptime = stamp.uptime
  })
}
