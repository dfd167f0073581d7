import { timeIn, timeWithoutYear } from './timestamp.js'

/** A line of a kernel log without what the logging put before it. Null is unknown. */
export interface LogLine {
  readonly text: string
  /** Milliseconds since 1970. */
  readonly time: number | null
  /** Seconds since boot: the kernel's own stamp. */
  readonly uptime: number | null
  readonly host: string | null
}

const level = /^<\d{1,3}>/
const kernelStamp = /^\[\s*(\d+\.\d+)\](?:\[\s*[TC]\d+\])?\s?/
const humanStamp = /^\[((?:mon|tue|wed|thu|fri|sat|sun) [^\]]{15,32})\]\s?/i
const syslog = /^((?:[A-Z][a-z]{2}\s+\d+ \d\d:\d\d:\d\d(?:\.\d+)?)|(?:\d{4}-\d\d-\d\dT[\d:.,]+(?:Z|[+-]\d\d:?\d\d)?)) (\S+) [^:\s]+(?:\[\d+\])?:\s/

/**
 * Takes the stamps of dmesg (plain, `-T`, with log level or caller), syslog, journald and rsyslog's ISO form off a line.
 * `latest` dates stamps without a year: when the file was written, in milliseconds since 1970.
 *
 * @example logLine('Nov 23 00:04:27 web1 kernel: [   12.5] text', 1795400000000) // { text: 'text', uptime: 12.5, host: 'web1', … }
 */
export function logLine(line: string, latest: number): LogLine {
  let text = line
  let time: number | null = null
  let host: string | null = null
  const logged = syslog.exec(text)
  if (logged !== null) {
    time = timeIn(logged[1]) ?? timeWithoutYear(logged[1], latest)
    host = logged[2]
    text = text.slice(logged[0].length)
  }
  text = text.replace(level, '')
  const human = humanStamp.exec(text)
  if (human !== null) {
    time ??= timeIn(human[1])
    text = text.slice(human[0].length)
  }
  const stamp = kernelStamp.exec(text)
  if (stamp === null) return { text, time, uptime: null, host }
  return { text: text.slice(stamp[0].length), time, uptime: Number(stamp[1]), host }
}
