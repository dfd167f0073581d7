import { describe, expect, test } from 'vitest'
import { intervalAt, intervalsCover, paintIntervals } from '../../lib/util/intervals.js'
import { randomFrom } from '../builders/random.js'

describe('paintIntervals', () => {
  test('later ones lie on top', () => {
    const painted = paintIntervals([0, 4, 20], [10, 6, 20])
    expect([...painted.starts]).toEqual([0, 4, 6])
    expect([...painted.ends]).toEqual([4, 6, 10])
    expect([...painted.owners]).toEqual([0, 1, 0])
  })
  test('the same as painting cell by cell', () => {
    for (let seed = 0; seed < 200; seed++) {
      const random = randomFrom(seed)
      const count = 1 + Math.floor(random() * 12)
      const starts = Array.from({ length: count }, () => Math.floor(random() * 40))
      const ends = starts.map((start) => start + Math.floor(random() * 20) - 2)
      const cells = Array<number>(64).fill(-1)
      starts.forEach((start, i) => cells.fill(i, start, Math.max(start, ends[i])))
      const painted = paintIntervals(starts, ends)
      const found = Array<number>(64).fill(-1)
      painted.starts.forEach((start, i) => {
        expect(start).toBeLessThan(painted.ends[i])
        if (i > 0) expect(start).toBeGreaterThanOrEqual(painted.ends[i - 1])
        found.fill(painted.owners[i], start, painted.ends[i])
      })
      expect(found).toEqual(cells)
      for (let at = 0; at < 60; at++) {
        const i = intervalAt(painted, at)
        expect(i < painted.starts.length && painted.starts[i] <= at).toBe(cells[at] >= 0)
        expect(intervalsCover(painted, at, at + 4)).toBe(cells.slice(at, at + 4).every((cell) => cell >= 0))
      }
    }
  })
  test('none', () => {
    expect(paintIntervals([], []).starts).toHaveLength(0)
    expect(intervalsCover(paintIntervals([], []), 0, 1)).toBe(false)
  })
  test('a hundred thousand nested ones take no square of steps', () => {
    const starts = Array.from({ length: 100_000 }, (_, i) => i)
    const painted = paintIntervals(starts, starts.map((start) => 400_000 - start))
    expect(painted.starts).toHaveLength(199_999)
  })
})
