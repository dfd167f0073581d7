const second = 1000
const minute = 60 * second
const day = 24 * 60 * minute
/** Before Linux existed: a machine without a clock starts at 1970. */
const clockUnset = Date.UTC(1991, 0)

/** The x channel of a plot over time: UTC, with the date in the title where labels show the clock only; or the number of the snapshot. */
export function timeAxis(times: readonly number[], timed: boolean) {
  if (!timed) {
    return {
      field: 'time', type: 'quantitative' as const, title: 'number of the snapshot',
      axis: { grid: false, tickMinStep: 1, format: ',d' }, scale: { zero: false, nice: false }
    }
  }
  const first = times[0] ?? 0
  const last = times[times.length - 1] ?? first
  const span = last - first
  const format = span < 5 * minute ? '%H:%M:%S' : span < 2 * day ? '%H:%M' : span < 200 * day ? '%b %-d' : '%b %Y'
  const date = new Date(first).toISOString().slice(0, 10)
  const clock = span < 2 * day ? `time (UTC), from ${date}` : `date (UTC), from ${date}`
  const title = first < clockUnset ? 'time since 1970: the machine had no clock' : clock
  return {
    field: 'time', type: 'temporal' as const, title,
    axis: { grid: false, format, tickCount: 5, labelOverlap: true },
    scale: { type: 'utc' as const, nice: false, domain: [first, last === first ? first + second : last] }
  }
}
