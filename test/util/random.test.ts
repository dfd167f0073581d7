import { expect, test } from 'vitest'
import { randomNumbers } from '../../lib/util/random.js'

test('numbers are the same for the same seed, others for another, and spread evenly', () => {
  const take = (seed: number, count: number): number[] => {
    const next = randomNumbers(seed)
    return Array.from({ length: count }, next)
  }
  expect(take(1, 5)).toEqual(take(1, 5))
  expect(take(1, 5)).not.toEqual(take(2, 5))
  const tenths = new Array<number>(10).fill(0)
  for (const number of take(7, 10_000)) tenths[Math.floor(number * 10)]++
  expect(Math.min(...tenths)).toBeGreaterThan(900)
  expect(Math.max(...tenths)).toBeLessThan(1100)
})
