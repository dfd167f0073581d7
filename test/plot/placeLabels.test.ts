import { expect, test } from 'vitest'
import { placeLabels } from '../../lib/plot/placeLabels.js'
import { randomFrom } from '../builders/random.js'

test('labels that do not touch stay beside their values', () => {
  expect(placeLabels([10, 50, 90], [0, 100], 100, 15)).toEqual([10, 50, 90])
})

test('equal values stand around their place, in their order', () => {
  expect(placeLabels([50, 50], [0, 100], 100, 15)).toEqual([57.5, 42.5])
})

test('none leaves the plot or touches another, and higher values stand higher', () => {
  const next = randomFrom(1)
  for (let round = 0; round < 200; round++) {
    const values = Array.from({ length: 6 }, () => Math.round(next() * 100) * (next() < 0.5 ? 0.01 : 1))
    const places = placeLabels(values, [0, 100], 300, 20)
    const order = values.map((_, i) => i).sort((a, b) => places[b] - places[a])
    order.forEach((i, position) => {
      expect(places[i] * 3).toBeGreaterThanOrEqual(-1e-9)
      expect(places[i] * 3).toBeLessThanOrEqual(300 + 1e-9)
      if (position === 0) return
      const above = order[position - 1]
      expect((places[above] - places[i]) * 3).toBeGreaterThanOrEqual(20 - 1e-6)
      expect(values[above]).toBeGreaterThanOrEqual(values[i])
    })
  }
})
