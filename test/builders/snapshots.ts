import { table, type ColumnTable } from 'arquero'

export interface SnapshotsOptions {
  /** Minutes between snapshots. Default 1. */
  minutes?: number
  /** Milliseconds since 1970 of snapshot i; null for unknown times. */
  time?: (i: number) => number | null
  /** What dates them: the file itself, or its name, or its time. */
  timeFrom?: 'file' | 'name' | 'mtime'
  /** Seconds since boot of snapshot i. Default unknown. */
  uptime?: (i: number) => number | null
  host?: string | null
  objectBytes?: Readonly<Record<string, number>>
}

/** When the first snapshot of {@link snapshots} was taken. */
export const firstTime = Date.UTC(2026, 10, 23)

/** A table of snapshots of caches given by their number of 4-KiB slabs at each; null where a cache is not listed. */
export function snapshots(caches: Readonly<Record<string, readonly (number | null)[] | ((i: number) => number | null)>>, count: number, options: SnapshotsOptions = {}): ColumnTable {
  const { minutes = 1, time = (i) => firstTime + i * minutes * 60_000, timeFrom = 'file', uptime = () => null, host = null, objectBytes = {} } = options
  const rows = Array.from({ length: count }, (_, i) => Object.entries(caches).flatMap(([cache, slabs]) => {
    const value = typeof slabs === 'function' ? slabs(i) : slabs[i]
    return value == null ? [] : [{ snapshot: i, time: time(i), timeFrom, uptime: uptime(i), host, cache, slabs: Math.round(value), objectBytes: objectBytes[cache] ?? 128 }]
  })).flat()
  const column = <K extends keyof (typeof rows)[number]>(name: K): (typeof rows)[number][K][] => rows.map((row) => row[name])
  return table({
    snapshot: column('snapshot'), time: column('time'), timeFrom: column('timeFrom'), uptime: column('uptime'), host: column('host'), cache: column('cache'), objectBytes: column('objectBytes'),
    activeObjects: rows.map(({ slabs }) => slabs * 32), objects: rows.map(({ slabs }) => slabs * 32), slabs: column('slabs'), bytes: rows.map(({ slabs }) => slabs * 4096)
  })
}

/** The same numbers each time: even between 0 and 1. */
export function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** Normal noise from {@link random}. */
export function noise(seed: number): () => number {
  const next = random(seed)
  return () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
}
