import { timeIn, uptimeIn } from './timestamp.js'

/** What an sos report (sosreport, sos collect) says of the machine besides its slabs. Null is unknown. */
export interface SosFacts {
  readonly host: string | null
  /** When the report was made, in milliseconds since 1970. */
  readonly time: number | null
  readonly uptime: number | null
  /** Whether caches of similar size were merged, where the kernel's command line says: `slab_nomerge` or `slab_merge`. */
  readonly merging: boolean | null
}

/** Where sos keeps what we read, by the layouts of its versions 3 and 4 (sos/report/plugins: memory.py, kernel.py, host.py, date.py). */
export const sosPaths = {
  slabinfo: ['proc/slabinfo'],
  meminfo: ['proc/meminfo'],
  free: ['sos_commands/memory/free', 'free'],
  host: ['sos_commands/host/hostname', 'sos_commands/general/hostname', 'hostname', 'etc/hostname', 'proc/sys/kernel/hostname'],
  uname: ['sos_commands/kernel/uname_-a', 'uname'],
  date: ['sos_commands/date/date', 'sos_commands/date/date_--utc', 'sos_commands/general/date', 'date'],
  uptime: ['proc/uptime', 'sos_commands/host/uptime', 'sos_commands/general/uptime', 'uptime'],
  commandLine: ['proc/cmdline'],
  log: ['sos_commands/kernel/dmesg', 'sos_commands/kernel/dmesg_-T', 'sos_commands/general/dmesg', 'dmesg']
} as const

const allPaths: ReadonlySet<string> = new Set(Object.values(sosPaths).flat())

/**
 * The folder that is the root of an sos report, by the path of a file we read from it: `sosreport-web1-2026-11-23-abc/` for
 * `sosreport-web1-2026-11-23-abc/proc/slabinfo`. Undefined for other files.
 */
export function sosRoot(path: string): string | undefined {
  const parts = path.split('/')
  // The deepest root: a report's own `etc/hostname` is not the `hostname` of a report rooted in `etc`.
  for (let depth = 0; depth < parts.length; depth++) {
    if (allPaths.has(parts.slice(depth).join('/'))) return parts.slice(0, depth).map((part) => `${part}/`).join('')
  }
  return undefined
}

/** Whether a path shows that what it lies in is a report: sos's own folder, or the list of caches. */
export function isOfSosReport(path: string): boolean {
  return /(?:^|\/)(?:sos_commands\/.|proc\/slabinfo$)/.test(path)
}

/**
 * What a report says besides its slabs. `read` gives the text of a file by its path in the report, undefined where it is not there.
 *
 * @example sosFacts((path) => texts.get(path)) // { host: 'web1', time: 1795392267000, uptime: 266580, merging: null }
 */
export function sosFacts(read: (path: string) => string | undefined): SosFacts {
  const firstOf = <T>(paths: readonly string[], find: (text: string) => T | null | undefined): T | null => {
    for (const path of paths) {
      const found = find(read(path) ?? '')
      if (found != null) return found
    }
    return null
  }
  const merge = firstOf(sosPaths.commandLine, (text) => /\bsl[au]b_(no)?merge\b/.exec(text))
  return {
    host: firstOf(sosPaths.host, (text) => /^[\w.-]+$/m.exec(text)?.[0]) ?? firstOf(sosPaths.uname, (text) => /^Linux (\S+) \d/.exec(text)?.[1]),
    time: firstOf(sosPaths.date, timeIn),
    uptime: firstOf(sosPaths.uptime, uptimeIn),
    merging: merge === null ? null : merge[1] === undefined
  }
}
