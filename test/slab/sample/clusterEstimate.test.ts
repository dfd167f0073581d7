import { describe, expect, test } from 'vitest'
import { estimateShare, estimateTotal } from '../../../lib/slab/sample/clusterEstimate.js'
import { drawStretches, STRETCH_FRAMES, type StretchSample } from '../../../lib/slab/sample/stretches.js'
import { randomNumbers } from '../../../lib/util/random.js'

const STRETCHES = 4000
const runs = [{ start: 0, end: STRETCHES * STRETCH_FRAMES, address: 0xffffea0000000000n }]

/** What the drawn stretches have of a population. */
function taken(sample: StretchSample, population: readonly number[]): number[] {
  return Array.from(sample.starts, (start) => population[start / STRETCH_FRAMES])
}

/** In how many of 400 samples of 200 stretches the interval holds the truth. */
function held(holds: (sample: StretchSample) => boolean): number {
  let count = 0
  for (let seed = 1; seed <= 400; seed++) if (holds(drawStretches(runs, 64, 200, seed))) count++
  return count / 400
}

/** Things that come in heaps: whole stretches of them side by side. */
function heaps(share: number, seed: number): number[] {
  const random = randomNumbers(seed)
  let full = false
  return Array.from({ length: STRETCHES }, () => {
    if (random() < 0.3) full = random() < share
    return full ? 20 + Math.floor(random() * 12) : 0
  })
}

const every = Array.from({ length: 200 }, (_, i) => i)

describe('shares', () => {
  test.each([0.02, 0.3, 0.9])('of heaps hold the truth in at least 93 %% of samples: %d', (share) => {
    const part = heaps(share, 11)
    const whole = part.map(() => 32)
    const truth = part.reduce((a, b) => a + b, 0) / (32 * STRETCHES)
    expect(held((sample) => {
      const { low, high } = estimateShare(sample, { stretches: every, part: taken(sample, part), whole: taken(sample, whole), units: 200, unseen: 0.95 })
      return low <= truth && truth <= high
    })).toBeGreaterThanOrEqual(0.93)
  })

  test('of what was seen whole are known; of what was alike in all that was seen, as well as so many stretches tell', () => {
    const sample = drawStretches(runs, 64, 200, 1)
    const counted = { stretches: [3, 8, 40], part: [5, 5, 5], whole: [5, 5, 5] }
    expect(estimateShare(sample, { ...counted, units: 15, unseen: 0 })).toEqual({ share: 1, low: 1, high: 1 })
    const { share, low, high } = estimateShare(sample, { ...counted, units: 15, unseen: 0.9 })
    expect([share, high]).toEqual([1, 1])
    expect(low).toBeGreaterThan(0.1)
    expect(low).toBeLessThan(0.5)
    expect(estimateShare(sample, { stretches: [], part: [], whole: [], units: 0, unseen: 1 })).toMatchObject({ low: 0, high: 1 })
  })
})

describe('totals', () => {
  test.each([0.001, 0.02, 0.3])('of heaps hold the truth in at least 95 %% of samples: %d', (share) => {
    const values = heaps(share, 5)
    const truth = values.reduce((a, b) => a + b, 0)
    expect(held((sample) => {
      const all = taken(sample, values)
      const stretches = every.filter((i) => all[i] > 0)
      const { low, high } = estimateTotal(sample, { stretches, values: stretches.map((i) => all[i]) }, 32)
      return low <= truth && truth <= high
    })).toBeGreaterThanOrEqual(0.95)
  })

  test('of what was not seen are unknown, but bounded', () => {
    const sample = drawStretches(runs, 64, 200, 1)
    const { value, low, high } = estimateTotal(sample, { stretches: [], values: [] }, 32)
    expect([value, low]).toEqual([null, 0])
    expect(high).toBeGreaterThan(3 * 20 * 32)
    expect(high).toBeLessThan(4 * 20 * 32)
  })
})
