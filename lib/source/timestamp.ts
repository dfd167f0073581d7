/** What a line or file name says of when something was recorded. Null is unknown. */
export interface Stamp {
  /** Milliseconds since 1970, UTC. A clock time without a zone is taken as UTC. */
  readonly time: number | null
  /** Seconds since boot. */
  readonly uptime: number | null
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** Minutes east of UTC of the abbreviations `date` prints that mean one zone only. Others (CST, …) are taken as UTC. */
const zones: Readonly<Record<string, number>> = {
  Z: 0, UTC: 0, GMT: 0, WET: 0, WEST: 60, BST: 60, CET: 60, CEST: 120, EET: 120, EEST: 180, MSK: 180, IST: 330, SGT: 480, HKT: 480,
  AWST: 480, JST: 540, KST: 540, AEST: 600, AEDT: 660, NZST: 720, NZDT: 780, EST: -300, EDT: -240, CDT: -300, MST: -420, MDT: -360,
  PST: -480, PDT: -420
}

const month = '(?<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\\.?'
const clock = '(?<hour>\\d\\d?):(?<minute>\\d\\d)(?::(?<second>\\d\\d)(?:[.,](?<fraction>\\d{1,9}))?)?(?:\\s?(?<half>[ap]m)\\b)?'
const zone = '(?:\\s?(?<zone>z\\b|[a-z]{3,4}\\b|[+-]\\d\\d:?\\d\\d\\b))?'

/** Ways to write a date and a time of day, the unmistakable first. */
const patterns = [
  // 2026-11-23T00:04:27Z, 2026/11/23 00:04, date --iso-8601=seconds
  `(?<!\\d)(?<year>\\d{4})[-/.](?<monthNumber>\\d\\d?)[-/.](?<day>\\d\\d?)(?:t|[ _]+)${clock}${zone}`,
  // Mon Nov 23 00:04:27 UTC 2026, Mon Nov 23 12:04:27 AM CET 2026, [Mon Nov 23 00:04:27 2026]
  `\\b${month}\\s+(?<day>\\d\\d?),?\\s+${clock}${zone}\\s+(?<year>\\d{4})\\b`,
  // Mon 23 Nov 2026 12:04:27 AM UTC, Mon, 23 Nov 2026 00:04:27 +0000
  `(?<!\\d)(?<day>\\d\\d?)[ -]${month}[ -](?<year>\\d{4}),?\\s+${clock}${zone}`,
  // 11/23/2026 00:04:27, 11/23/26 00:04:27
  `(?<!\\d)(?<first>\\d\\d?)/(?<last>\\d\\d?)/(?<year>\\d{4}|\\d\\d)[ ,]+${clock}${zone}`,
  // 2026年 11月 23日 星期一 00:04:27 CST
  `(?<year>\\d{4})年\\s*(?<monthNumber>\\d\\d?)月\\s*(?<day>\\d\\d?)日\\D{0,12}?${clock}${zone}`
].map((source) => new RegExp(source, 'i'))

/** Seconds since 1970 after a word for it, or alone on a line but for decoration. */
const epoch = /\bepoch\s*[=:]?\s*(\d+(?:\.\d+)?)|^[\s#=*@-]*(?:(?:time|timestamp|ts|date)\s*[=:]\s*)?@?(\d{10}(?:\.\d+)?|\d{13})[\s#=*-]*$/i

/**
 * The first time stamp in a text: ISO 8601, the outputs of `date` in its usual locales, RFC 5322, US dates, epoch seconds. Null if none.
 *
 * @example timeIn('zzz ***Mon Nov 23 00:04:27 UTC 2026') // 1795392267000
 */
export function timeIn(text: string): number | null {
  for (const pattern of patterns) {
    const groups = pattern.exec(text)?.groups
    const time = groups === undefined ? null : timeOf(groups)
    if (time !== null) return time
  }
  const match = epoch.exec(text)
  if (match === null) return null
  const number = Number(match[1] ?? match[2])
  return Math.round(number >= 1e12 ? number : number * 1000)
}

/** The time of a log line without a year (`Nov 23 00:04:27`): the last such moment before `latest`. */
export function timeWithoutYear(text: string, latest: number): number | null {
  const groups = yearless.exec(text)?.groups
  if (groups === undefined) return null
  const year = new Date(latest).getUTCFullYear()
  const time = timeOf({ ...groups, year: String(year) })
  // A day's grace: the machine's zone is not known.
  return time !== null && time > latest + 86_400_000 ? timeOf({ ...groups, year: String(year - 1) }) : time
}

const yearless = new RegExp(`^\\s*${month}\\s+(?<day>\\d\\d?)\\s+${clock}`, 'i')

type Groups = Readonly<Record<string, string | undefined>>

function timeOf(groups: Groups): number | null {
  let { day, monthNumber } = groups
  if (groups.first !== undefined) [monthNumber, day] = Number(groups.first) > 12 ? [groups.last, groups.first] : [groups.first, groups.last]
  const inYear = groups.month === undefined ? Number(monthNumber) - 1 : months.indexOf(groups.month.toLowerCase())
  let hour = Number(groups.hour)
  if (groups.half !== undefined) hour = (hour % 12) + (groups.half.toLowerCase() === 'pm' ? 12 : 0)
  const year = Number(groups.year)
  return utc(year < 100 ? 2000 + year : year, inYear, Number(day), hour, Number(groups.minute), Number(groups.second ?? 0),
    Number(`0.${groups.fraction ?? 0}`), zoneMinutes(groups.zone))
}

function zoneMinutes(text: string | undefined): number {
  const digits = /^([+-])(\d\d):?(\d\d)$/.exec(text ?? '')
  if (digits !== null) return (digits[1] === '-' ? -1 : 1) * (Number(digits[2]) * 60 + Number(digits[3]))
  return zones[(text ?? 'Z').toUpperCase()] ?? 0
}

/** Null for a date that does not exist. Second 60 is a leap second. */
function utc(year: number, inYear: number, day: number, hour: number, minute: number, second: number, part: number, east: number): number | null {
  if (year < 1970 || year > 2200 || inYear < 0 || inYear > 11 || hour > 23 || minute > 59 || second > 60) return null
  const midnight = new Date(Date.UTC(year, inYear, day))
  if (day < 1 || midnight.getUTCMonth() !== inYear) return null
  return midnight.getTime() + ((hour * 60 + minute - east) * 60 + second) * 1000 + Math.round(part * 1000)
}

const inName = [
  /(?<!\d)(?<year>(?:19|20)\d\d)[-_.]?(?<month>\d\d)[-_.]?(?<day>\d\d)(?:[-_.T ]?(?<hour>\d\d)[-_.:h]?(?<minute>\d\d)(?:[-_.:m]?(?<second>\d\d))?)?(?!\d)/,
  // OSWatcher: host_slabinfo_26.11.23.0000.dat
  /(?<!\d)(?<year>\d\d)\.(?<month>\d\d)\.(?<day>\d\d)\.(?<hour>\d\d)(?<minute>\d\d)(?!\d)/
]

/**
 * The time in a file's name: `slabinfo-20261123-000427`, `slabinfo_2026-11-23T00:04:27Z`, `slabinfo.1795392267`, or of the folder
 * it lies in. A date without a time of day is its midnight, UTC. Null if there is none.
 */
export function timeInName(path: string): number | null {
  for (const name of path.split('/').reverse().slice(0, 2)) {
    const full = timeIn(name)
    if (full !== null) return full
    for (const pattern of inName) {
      const groups = pattern.exec(name)?.groups
      if (groups === undefined) continue
      const year = Number(groups.year)
      const time = utc(year < 100 ? 2000 + year : year, Number(groups.month) - 1, Number(groups.day), Number(groups.hour ?? 0),
        Number(groups.minute ?? 0), Number(groups.second ?? 0), 0, 0)
      if (time !== null) return time
    }
    const seconds = /(?<!\d)(1\d{9})(?!\d)/.exec(name)
    if (seconds !== null) return Number(seconds[1]) * 1000
  }
  return null
}

/** `uptime=12.5`, a line of /proc/uptime, or the `up 3 days, 2:03` of `uptime` (to the minute). Null if there is none. */
export function uptimeIn(text: string): number | null {
  const named = /\buptime\s*[=:]\s*(\d+(?:\.\d+)?)/i.exec(text) ?? /^\s*(\d+\.\d\d) \d+\.\d\d\s*$/.exec(text)
  if (named !== null) return Number(named[1])
  const shown = /\bup\s+(?:(\d+)\s+days?,\s*)?(?:(\d+):(\d\d)|(\d+)\s*min)\b/.exec(text)
  if (shown === null) return null
  const [days, hours, minutes, onlyMinutes] = shown.slice(1).map((part: string | undefined) => Number(part ?? 0))
  return ((days * 24 + hours) * 60 + minutes + onlyMinutes) * 60
}

/** Lines with a date that is not when they were printed: a kernel's banner tells when it was built. */
const banner = /^\s*Linux\s|Linux version|#\d+ SMP/

/** The most characters of a line that is nothing but a stamp and what decorates it. */
const longestStamp = 160

/**
 * What a line between snapshots says of the time: undefined where it is no stamp.
 *
 * @example stampOf('=== SNAPSHOT 0 uptime=2.17 epoch=1795392267') // { time: 1795392267000, uptime: 2.17 }
 */
export function stampOf(line: string): Stamp | undefined {
  if (line.length > longestStamp || banner.test(line) || !/\d/.test(line)) return undefined
  const time = timeIn(line)
  const uptime = uptimeIn(line)
  return time === null && uptime === null ? undefined : { time, uptime }
}
