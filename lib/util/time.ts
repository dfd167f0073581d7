/**
 * A moment for people: UTC to the second.
 *
 * @example formatTime(1795392312000) // '2026-11-23 00:05:12Z'
 */
export function formatTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('T', ' ').replace(/\.\d+Z$/, 'Z')
}

const units: readonly (readonly [string, number])[] = [['d', 86_400], ['h', 3600], ['min', 60], ['s', 1]]

/**
 * A span of time for people, in its two largest units.
 *
 * @example formatSpan(93784) // '1 d 2 h'
 */
export function formatSpan(seconds: number): string {
  if (seconds < 100) return `${Number(seconds.toFixed(seconds < 10 ? 1 : 0))} s`
  const whole = Math.round(seconds)
  const first = units.findIndex(([, length]) => whole >= length)
  const [[unit, length], next] = [units[first], units[first + 1]]
  const count = Math.floor(whole / length)
  const rest = next === undefined ? 0 : Math.floor((whole - count * length) / next[1])
  return rest === 0 ? `${count} ${unit}` : `${count} ${unit} ${rest} ${next[0]}`
}
