import { expect, test } from 'vitest'
import { ALLOCATED, FREE, type SlabCache, type SlabObjects } from '../../lib/slab/model.js'
import { allocatedIn, eachSlab } from '../../lib/slab/slabRuns.js'

/** Objects in slabs of so many each; a slab's cache is its position modulo two, and every third object is free. */
function objectsOf(sizes: readonly number[]): SlabObjects {
  const slab = Uint32Array.from(sizes.flatMap((size, position) => Array<number>(size).fill(position)))
  const caches = ['even', 'odd'].map((name) => ({ name, aliases: [] }) as unknown as SlabCache)
  return {
    length: slab.length, caches, slab, cache: slab.map((position) => position % 2), state: Uint8Array.from(slab, (_, i) => (i % 3 === 0 ? FREE : ALLOCATED)),
    slabs: new BigUint64Array(sizes.length), address: BigUint64Array.from(slab, (_, i) => BigInt(i)), queued: new Uint8Array(slab.length)
  }
}

test('each slab with objects is shown once, whatever its size', () => {
  const sizes = [1, 0, 7, 128, 2, 1000, 0, 0, 64, 3]
  const shown: [number, number][] = []
  let at = 0
  eachSlab(objectsOf(sizes), (slab, first, end) => {
    expect(first).toBe(at)
    shown.push([slab, end - first])
    at = end
  })
  expect(shown).toEqual([...sizes.entries()].filter(([, size]) => size > 0))
  eachSlab(objectsOf([]), () => expect.unreachable())
})

test('allocated objects of a cache are found among those of others', () => {
  const objects = objectsOf([4, 5, 6, 1])
  expect(allocatedIn(objects, ({ name }) => name === 'odd')).toEqual([4, 5, 7, 8])
  expect(allocatedIn(objects, () => false)).toEqual([])
})
