import { expect, test } from 'vitest'
import { FrameMap } from '../../lib/memory/frameMap.js'

const CHUNK = 4096

test('a row of frames is set across pieces of the map, and nothing beside it', () => {
  const map = new FrameMap(4 * CHUNK)
  map.fill(CHUNK - 2, 2 * CHUNK + 3, 7)
  const at = (frame: number): number => map.get(frame)
  expect([CHUNK - 3, CHUNK - 2, CHUNK, 2 * CHUNK, 3 * CHUNK, 3 * CHUNK + 1].map(at)).toEqual([-1, 7, 7, 7, 7, -1])
  map.fill(5, 1, 8)
  expect([4, 5, 6].map(at)).toEqual([-1, 8, -1])
})

test('frames beyond the map are not kept', () => {
  const map = new FrameMap(CHUNK)
  map.fill(CHUNK - 1, 10, 1)
  expect([map.get(CHUNK - 1), map.get(CHUNK)]).toEqual([1, -1])
  map.fill(0, 0, 2)
  expect(map.get(0)).toBe(-1)
})
