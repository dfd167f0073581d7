import { describe, expect, test } from 'vitest'
import { drawStretches, STRETCH_FRAMES, stretchOf } from '../../../lib/slab/sample/stretches.js'

const vmemmap = 0xffffea0000000000n
const bytes = 64
const runs = [{ start: 0, end: 65536, address: vmemmap }, { start: 131072, end: 135168, address: vmemmap + 131072n * 64n }]

describe('stretches of page structures', () => {
  test('are drawn two from each layer, ascending, each once, and stand for all there are', () => {
    const drawn = drawStretches(runs, bytes, 100, 1)
    expect(drawn).toMatchObject({ population: 1088, whole: false })
    expect(drawn.starts).toHaveLength(100)
    expect([...drawn.starts]).toEqual([...new Set(drawn.starts)].sort((a, b) => a - b))
    expect(drawn.weights.reduce((sum, weight) => sum + 2 * weight, 0)).toBe(1088)
    const frames = drawn.runs.flatMap(({ start, end, address }) => {
      expect(address).toBe(vmemmap + BigInt(start * bytes))
      return Array.from({ length: (end - start) / STRETCH_FRAMES }, (_, i) => start + i * STRETCH_FRAMES)
    })
    expect(frames).toEqual([...drawn.starts])
    // 64 of the 1,088 stretches lie in the second run.
    expect(frames.filter((frame) => frame >= 131072).length).toBeGreaterThanOrEqual(4)
  })

  test('are the same for a seed, and all of them have the same chance', () => {
    expect(drawStretches(runs, bytes, 100, 5).starts).toEqual(drawStretches(runs, bytes, 100, 5).starts)
    expect(drawStretches(runs, bytes, 100, 5).starts).not.toEqual(drawStretches(runs, bytes, 100, 6).starts)
    const drawnAt = new Map<number, number>()
    for (let seed = 0; seed < 2000; seed++) for (const start of drawStretches(runs, bytes, 136, seed).starts) drawnAt.set(start, (drawnAt.get(start) ?? 0) + 1)
    // Layers of 16 stretches: one in eight is drawn.
    expect(drawnAt.size).toBe(1088)
    expect(Math.min(...drawnAt.values())).toBeGreaterThan(180)
    expect(Math.max(...drawnAt.values())).toBeLessThan(325)
  })

  test('are all taken where there are no more', () => {
    expect(drawStretches(runs, bytes, 1088, 1)).toMatchObject({ population: 1088, whole: true, runs })
    expect(drawStretches(runs, bytes, 1087, 1).whole).toBe(false)
    expect(drawStretches(runs, bytes, 1, 1).starts).toHaveLength(2)
  })

  test('hold no page structure that does not exist', () => {
    const odd = [{ start: 100, end: 1000, address: vmemmap }]
    const { population, runs: parts, starts } = drawStretches(odd, bytes, 14, 3)
    expect(population).toBe(15)
    for (const { start, end, address } of parts) {
      expect(start).toBeGreaterThanOrEqual(100)
      expect(end).toBeLessThanOrEqual(1000)
      expect(address).toBe(vmemmap + BigInt((start - 100) * bytes))
    }
    expect(stretchOf({ starts } as ReturnType<typeof drawStretches>, starts[3] + 63)).toBe(3)
  })
})
