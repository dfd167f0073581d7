import { expect, test } from 'vitest'
import { sortedOrder } from '../../lib/util/sortedOrder.js'

function orderOf(values: bigint[]): number[] {
  return [...sortedOrder(BigUint64Array.from(values))]
}

test('sorts by all 64 bits', () => {
  expect(orderOf([0xffffffff00000000n, 1n, 0xffff000000000000n, 0n, 0x10000n, 0xffffffffffffffffn])).toEqual([3, 1, 4, 2, 0, 5])
})

test('keeps the order of equal values', () => {
  expect(orderOf([5n, 1n, 5n, 1n, 5n])).toEqual([1, 3, 0, 2, 4])
})

test('takes nothing and one', () => {
  expect(orderOf([])).toEqual([])
  expect(orderOf([9n])).toEqual([0])
})

test('agrees with a comparing sort', () => {
  const values: bigint[] = []
  let seed = 1
  for (let i = 0; i < 5000; i++) {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
    values.push(0xffff800000000000n + (BigInt(seed) << 8n) % 0x7fffffffffffn)
  }
  const sorted = [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  expect(orderOf(values).map((i) => values[i])).toEqual(sorted)
})

test('works on a view into a larger buffer', () => {
  const all = BigUint64Array.of(9n, 3n, 1n, 2n)
  expect([...sortedOrder(all.subarray(1))]).toEqual([1, 2, 0])
})
