import type { SnapshotFile } from '../source/snapshotFiles.js'
import { timeInName } from '../source/timestamp.js'

export type TimeFrom = 'file' | 'name' | 'mtime'

/** When a snapshot was taken and what says so. Null is unknown. */
export interface SnapshotTime {
  readonly time: number | null
  readonly timeFrom: TimeFrom | null
  readonly uptime: number | null
}

/**
 * When each snapshot of a file was taken: by the file itself, else by its name, else by its mtime. A name or mtime dates the last
 * snapshot; others before it are dated where the file says how long ago they were (uptime), else not at all.
 */
export function snapshotTimes({ path, series, time, uptime, modified }: Pick<SnapshotFile, 'path' | 'series' | 'time' | 'uptime' | 'modified'>): SnapshotTime[] {
  const { heads } = series
  const last = heads.length - 1
  const named = timeInName(path)
  const [anchor, timeFrom]: [number | null, TimeFrom | null] = time !== null ? [time, 'file'] : named !== null ? [named, 'name'] : modified !== null ? [modified, 'mtime'] : [null, null]
  const uptimes = heads.map((head) => head.uptime ?? (last === 0 ? uptime : null))
  return heads.map((head, i) => {
    if (head.time !== null) return { time: head.time, timeFrom: 'file', uptime: uptimes[i] }
    const before = i === last ? 0 : sinceBoot(uptimes, i)
    if (anchor === null || before === null) return { time: null, timeFrom: null, uptime: uptimes[i] }
    return { time: Math.round(anchor - before * 1000), timeFrom, uptime: uptimes[i] }
  })
}

/** Seconds from snapshot `i` to the last, where all between count the same boot. */
function sinceBoot(uptimes: readonly (number | null)[], i: number): number | null {
  for (let n = i + 1; n < uptimes.length; n++) {
    const [a, b] = [uptimes[n - 1], uptimes[n]]
    if (a === null || b === null || b < a) return null
  }
  const [from, to] = [uptimes[i], uptimes[uptimes.length - 1]]
  return from === null || to === null ? null : to - from
}
