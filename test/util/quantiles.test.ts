import { expect, test } from 'vitest'
import { chiSquareBound, studentDeviations } from '../../lib/util/quantiles.js'

test("Student's quantiles are those of the tables", () => {
  for (const [degrees, deviations] of [[1, 12.706], [2, 4.303], [10, 2.228], [11, 2.201], [15, 2.131], [30, 2.042], [120, 1.98]] as const) {
    expect(studentDeviations(degrees)).toBeCloseTo(deviations, 2)
  }
  expect(studentDeviations(1e6)).toBeCloseTo(1.96, 3)
  expect(studentDeviations(0)).toBe(studentDeviations(1))
})

test('bounds of chi-square are near those of the tables', () => {
  for (const [degrees, low, high] of [[2, 0.0506, 7.378], [4, 0.484, 11.143], [10, 3.247, 20.483], [30, 16.791, 46.979]] as const) {
    expect(Math.abs(chiSquareBound(degrees, 'low') - low)).toBeLessThan(0.05)
    expect(Math.abs(chiSquareBound(degrees, 'high') - high)).toBeLessThan(0.08)
  }
})
