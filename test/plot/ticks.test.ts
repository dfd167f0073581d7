import { describe, expect, test } from 'vitest'
import { byteTicks, countTicks } from '../../lib/plot/ticks.js'

const MiB = 1024 * 1024

describe('byteTicks', () => {
  test('are round in binary units, with zero and within the domain', () => {
    const { domain, values, labelExpr } = byteTicks(0, 3.05 * MiB)
    expect(values).toEqual([0, MiB, 2 * MiB, 3 * MiB])
    expect(domain[0]).toBe(0)
    expect(domain[1]).toBeGreaterThan(3.05 * MiB)
    expect(labelExpr).toContain("' MiB'")
  })

  test('with losses', () => {
    const { domain, values } = byteTicks(-900_000, 3_200_000)
    expect(values).toContain(0)
    expect(values.some((value) => value < 0)).toBe(true)
    expect(domain[0]).toBeLessThan(-900_000)
    expect(byteTicks(-5 * MiB, 0).domain[1]).toBe(0)
  })

  test.each([[0, 0], [0, 1], [0, 999], [0, 1023], [0, 1e15], [-1e15, 1e15], [0, 1e-9]])('%d … %d: a few distinct ticks', (least, most) => {
    const { values, domain } = byteTicks(least, most)
    expect(values.length).toBeGreaterThanOrEqual(1)
    expect(values.length).toBeLessThanOrEqual(13)
    expect(new Set(values).size).toBe(values.length)
    expect(domain[1]).toBeGreaterThan(domain[0])
  })

  test('a rate says so', () => {
    expect(byteTicks(0, MiB, '/h').labelExpr).toContain('MiB/h')
  })
})

test('countTicks are whole', () => {
  expect(countTicks(0, 3).values).toEqual([0, 1, 2, 3])
  expect(countTicks(0, 0).values).toEqual([0, 1])
  expect(countTicks(0, 2216).values).toEqual([0, 500, 1000, 1500, 2000])
})
