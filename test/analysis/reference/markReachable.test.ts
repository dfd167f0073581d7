import { expect, test } from 'vitest'
import { adjacency, type Adjacency } from '../../../lib/analysis/reference/markReachable.js'

/** Of each object, those at the other end. */
function lists({ first, other }: Adjacency): number[][] {
  return Array.from({ length: first.length - 1 }, (_, object) => [...other.subarray(first[object], first[object + 1])])
}

test('references are listed by the object at one end, in whatever order they come', () => {
  const near = [1, 1, 3, 3, 3, 6]
  const far = [0, 2, 5, 4, 6, 1]
  const expected = [[], [0, 2], [], [5, 4, 6], [], [], [1], []]
  expect(lists(adjacency(8, Uint32Array.from(near), Uint32Array.from(far)))).toEqual(expected)
  const order = [5, 2, 0, 3, 1, 4]
  expect(lists(adjacency(8, Uint32Array.from(order, (i) => near[i]), Uint32Array.from(order, (i) => far[i])))).toEqual(expected)
  expect(lists(adjacency(2, new Uint32Array(0), new Uint32Array(0)))).toEqual([[], []])
})
