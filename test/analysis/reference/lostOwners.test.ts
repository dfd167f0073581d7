import { describe, expect, test } from 'vitest'
import { lostOwners, NOT_LOST } from '../../../lib/analysis/reference/lostOwners.js'
import { adjacency } from '../../../lib/analysis/reference/markReachable.js'

/** Owners of lost objects: groups by object, and who refers to whom. */
function owners(groups: readonly number[], edges: readonly (readonly [number, number])[], owning: readonly number[] = []): number[] {
  const from = Uint32Array.from(edges, ([one]) => one)
  const to = Uint32Array.from(edges, ([, other]) => other)
  return [...lostOwners({
    groupOf: Int32Array.from(groups), references: adjacency(groups.length, from, to), referrers: () => adjacency(groups.length, to, from),
    isOwner: (group) => owning.includes(group)
  })]
}

describe('who lost what', () => {
  test('what nothing lost refers to was dropped itself; what it holds goes with it', () => {
    expect(owners([0, 1, 2], [[0, 1], [1, 2]])).toEqual([0, 0, 0])
    expect(owners([0, 1], [])).toEqual([0, 1])
  })

  test('a list of one kind is of that kind, however long', () => {
    expect(owners([4, 4, 4, 4], [[0, 1], [1, 2], [2, 3]])).toEqual([4, 4, 4, 4])
  })

  test('what is not lost owns nothing and is owned by nobody', () => {
    expect(owners([NOT_LOST, 1, NOT_LOST], [[0, 1], [1, 2]])).toEqual([NOT_LOST, 1, NOT_LOST])
  })

  test('of two kinds that refer to each other the owning one owns; without one, each counts for itself', () => {
    expect(owners([0, 1, 2], [[0, 1], [1, 0], [1, 2]], [1])).toEqual([1, 1, 1])
    expect(owners([0, 1], [[0, 1], [1, 0]])).toEqual([0, 1])
  })

  test('a cycle that another cycle refers to goes with that, wherever both lie', () => {
    const edges: [number, number][] = [[0, 1], [1, 0], [2, 3], [3, 2], [2, 0], [3, 4]]
    expect(owners([0, 0, 7, 7, 5], edges)).toEqual([7, 7, 7, 7, 7])
    expect(owners([7, 7, 0, 0, 5], edges.map(([from, to]) => [(from + 2) % 4, to === 4 ? 4 : (to + 2) % 4]))).toEqual([7, 7, 7, 7, 7])
  })
})
