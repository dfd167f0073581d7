import { expect, test } from 'vitest'
import { wilson } from '../../lib/util/wilson.js'

test('bounds are those of the literature', () => {
  // Newcombe 1998, table I, method 3: 81 of 263, 15 of 148, 0 of 20.
  for (const [hits, tries, low, high] of [[81, 263, 0.2553, 0.3662], [15, 148, 0.0624, 0.1605], [0, 20, 0, 0.1611]] as const) {
    expect(wilson(hits, tries).low).toBeCloseTo(low, 4)
    expect(wilson(hits, tries).high).toBeCloseTo(high, 4)
  }
  expect(wilson(0, 0)).toEqual({ low: 0, high: 1 })
})
