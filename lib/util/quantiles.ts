/** Two-sided 95 % of the normal distribution. */
export const NORMAL_DEVIATIONS = 1.959964

/** Two-sided 95 % of Student's distribution with 1 to 10 degrees of freedom. */
const fewDegrees = [12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.306, 2.2622, 2.2281]

/**
 * How many standard deviations to either side hold 95 % where the deviation itself was estimated with so many degrees of freedom.
 *
 * @example studentDeviations(4) // 2.7764
 */
export function studentDeviations(degrees: number): number {
  const whole = Math.max(1, Math.floor(degrees))
  if (whole <= fewDegrees.length) return fewDegrees[whole - 1]
  // The first terms of the expansion in 1 / degrees (Abramowitz and Stegun, 26.7.5): right to 0.001 from here on.
  const z = NORMAL_DEVIATIONS
  return z + (z ** 3 + z) / (4 * whole) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * whole ** 2)
}

/**
 * Bounds that hold the middle 95 % of a chi-square distribution: one of them is asked for (Wilson and Hilferty's approximation, right to
 * 0.1 from two degrees on).
 *
 * @example chiSquareBound(2, 'high') // 7.38
 */
export function chiSquareBound(degrees: number, side: 'low' | 'high'): number {
  const spread = 2 / (9 * degrees)
  const z = side === 'low' ? -NORMAL_DEVIATIONS : NORMAL_DEVIATIONS
  return degrees * Math.max(0, 1 - spread + z * Math.sqrt(spread)) ** 3
}
