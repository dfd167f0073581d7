/** From when to when a notebook was run, in milliseconds since 1970. */
export interface Run {
  readonly start: number
  readonly end: number
}

/** Moments as ISO 8601 has them, and durations of less than minutes. */
const times = /(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)|(\d+(?:[.,]\d+)* ?(?:ns|[µμu]s|ms|s)\b)/g
const moment = /^\d{4}-/
/** What is printed may be cut to whole seconds. */
const tolerance = 1000

/**
 * Whether two texts say the same, apart from how long something took and from moments within the runs that made them: other moments are
 * data. Of a text whose run is not known, any moment may be one of its run.
 *
 * @example sameButTimes('3 caches in 12 ms', '3 caches in 9.5 ms', null, null) // true
 */
export function sameButTimes(a: string, b: string, runOfA: Run | null, runOfB: Run | null): boolean {
  if (a === b) return true
  const first = pieces(a)
  const second = pieces(b)
  // Times are at odd places. Where they are the same, it is something else that differs.
  const isTime = (i: number): boolean => i % 2 === 1
  if (first.length !== second.length || !first.some((piece, i) => isTime(i) && piece !== second[i])) return false
  return first.every((piece, i) => isTime(i) ? sameTime(piece, second[i], runOfA, runOfB) : spaced(piece) === spaced(second[i]))
}

function sameTime(a: string, b: string, runOfA: Run | null, runOfB: Run | null): boolean {
  if (a === b) return true
  if (moment.test(a) !== moment.test(b)) return false
  return !moment.test(a) || (within(a, runOfA) && within(b, runOfB))
}

/** Text with its times at odd places. */
function pieces(text: string): string[] {
  const found: string[] = []
  let at = 0
  for (const match of text.matchAll(times)) {
    found.push(text.slice(at, match.index), match[0])
    at = match.index + match[0].length
  }
  return [...found, text.slice(at)]
}

/** A time of another length moves what stands beside it in a table. */
function spaced(text: string): string {
  return text.replace(/ +/g, ' ').replace(/[-─]{3,}/g, '─')
}

function within(text: string, run: Run | null): boolean {
  if (run === null) return true
  const time = Date.parse(text.replace(' ', 'T'))
  return time >= run.start - tolerance && time <= run.end + tolerance
}
