import { NORMAL_DEVIATIONS } from './quantiles.js'

/**
 * Bounds of a share of which `hits` of `tries` were seen, right in 95 of 100 cases (Wilson's score interval; it holds for shares near 0
 * and 1 too, and for small samples). `tries` may be an effective number, of tries that are worth as much as what was seen; `deviations`
 * more than the normal distribution's where that number was itself estimated.
 *
 * @example wilson(90, 100) // { low: 0.826, high: 0.945 }
 */
export function wilson(hits: number, tries: number, deviations = NORMAL_DEVIATIONS): { low: number; high: number } {
  if (tries === 0) return { low: 0, high: 1 }
  const square = deviations ** 2
  const share = hits / tries
  const middle = (share + square / (2 * tries)) / (1 + square / tries)
  const half = (deviations / (1 + square / tries)) * Math.sqrt((share * (1 - share)) / tries + square / (4 * tries ** 2))
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) }
}
