/** A robust slope with its confidence interval. */
export interface Slope {
  readonly slope: number
  readonly low: number
  readonly high: number
}

/** Pairs of points above which a sample of them is taken: few enough for thousands of caches a second. */
const mostPairs = 2000
/** 97.5 % point of the normal distribution: a two-sided interval of 95 %. */
const z = 1.96
/** However strongly neighbours depend on each other, a series counts as this many independent points at least. */
const leastPoints = 8

/** Low-discrepancy steps in two dimensions (powers of the inverse of the plastic number): a sample that is even and always the same. */
const step1 = 0.7548776662466927
const step2 = 0.5698402909980532

/**
 * The slope of `y` over `x` from point `from` to before `to`, by Theil and Sen: the median of the slopes of all pairs of points, with the
 * interval of Sen (1968) from Kendall's distribution, widened by how much a point depends on the one before. One point in four may be
 * anything without moving the slope far. `x` must not fall. Null where fewer than two points differ in `x`.
 */
export function theilSen(x: Float64Array, y: Float64Array, from = 0, to = x.length): Slope | null {
  const n = to - from
  const slopes = n * (n - 1) / 2 <= mostPairs ? allSlopes(x, y, from, to) : sampledSlopes(x, y, from, to)
  const count = slopes.length
  if (count === 0) return null
  slopes.sort()
  const slope = quantile(slopes, 0.5)
  const points = Math.max(Math.min(n, leastPoints), n / dependence(x, y, from, to, slope))
  // Standard deviation of Kendall's S, as a part of all pairs.
  const spread = Math.sqrt((points * (points - 1) * (2 * points + 5)) / 18) / (points * (points - 1) / 2)
  const sampling = count < n * (n - 1) / 2 ? z * 0.5 / Math.sqrt(count) : 0
  const half = z * spread / 2 + sampling
  return { slope, low: rank(slopes, 0.5 - half, Math.floor), high: rank(slopes, 0.5 + half, Math.ceil) }
}

function allSlopes(x: Float64Array, y: Float64Array, from: number, to: number): Float64Array {
  const slopes = new Float64Array((to - from) * (to - from - 1) / 2)
  let count = 0
  for (let i = from; i < to; i++) {
    for (let j = i + 1; j < to; j++) {
      const run = x[j] - x[i]
      if (run > 0) slopes[count++] = (y[j] - y[i]) / run
    }
  }
  return slopes.subarray(0, count)
}

function sampledSlopes(x: Float64Array, y: Float64Array, from: number, to: number): Float64Array {
  const n = to - from
  const slopes = new Float64Array(mostPairs)
  let count = 0
  for (let k = 1; k <= mostPairs; k++) {
    const a = from + Math.floor(((k * step1) % 1) * n)
    const b = from + Math.floor(((k * step2) % 1) * n)
    const run = x[b] - x[a]
    if (run !== 0) slopes[count++] = (y[b] - y[a]) / run
  }
  return slopes.subarray(0, count)
}

/** How many points of the series are worth one independent point: from the correlation of residuals that follow each other. */
function dependence(x: Float64Array, y: Float64Array, from: number, to: number, slope: number): number {
  const n = to - from
  if (n < leastPoints) return 1
  let sum = 0
  for (let i = from; i < to; i++) sum += y[i] - slope * x[i]
  const mean = sum / n
  let variance = 0
  let covariance = 0
  let before = 0
  for (let i = from; i < to; i++) {
    const residual = y[i] - slope * x[i] - mean
    variance += residual * residual
    if (i > from) covariance += residual * before
    before = residual
  }
  const correlation = variance > 0 ? Math.min(0.999, Math.max(0, covariance / variance)) : 0
  return (1 + correlation) / (1 - correlation)
}

function quantile(sorted: Float64Array, part: number): number {
  const at = part * (sorted.length - 1)
  const below = Math.floor(at)
  return sorted[below] + (sorted[Math.min(below + 1, sorted.length - 1)] - sorted[below]) * (at - below)
}

function rank(sorted: Float64Array, part: number, round: (at: number) => number): number {
  return sorted[Math.min(sorted.length - 1, Math.max(0, round(part * (sorted.length - 1))))]
}
