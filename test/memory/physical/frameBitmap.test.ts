import { describe, expect, test } from 'vitest'
import { FrameBitmap } from '../../../lib/memory/physical/frameBitmap.js'
import { bytesOf } from '../../../lib/source/bytes.js'
import { sparseSource } from '../../builders/bytes.js'
import { randomFrom } from '../../builders/random.js'

/** Frames that are set, with long runs of both kinds and single ones. */
function frames(count: number, seed: number): boolean[] {
  const random = randomFrom(seed)
  const set: boolean[] = []
  while (set.length < count) {
    const value = random() < 0.5
    for (let left = Math.ceil(random() ** 6 * 200_000); left > 0; left--) set.push(value)
  }
  return set.slice(0, count)
}

function bitmapOf(set: readonly boolean[]): FrameBitmap {
  const bytes = new Uint8Array(100 + Math.ceil(set.length / 8))
  set.forEach((is, i) => {
    if (is) bytes[100 + (i >> 3)] |= 1 << (i & 7)
  })
  return new FrameBitmap(bytesOf('dump', bytes), { offset: 100, bytes: bytes.length - 100 }, set.length)
}

describe('FrameBitmap', () => {
  test.each([1, 7, 8, 255, 256, 257, 262_144, 262_145, 700_001])('%i frames: bits, ranks and runs', (count) => {
    const set = frames(count, count)
    const bitmap = bitmapOf(set)
    const random = randomFrom(1)
    const ranks = [0]
    for (const is of set) ranks.push(ranks[ranks.length - 1] + (is ? 1 : 0))
    for (const at of [0, count - 1, ...Array.from({ length: 3000 }, () => Math.floor(random() * count))]) {
      if (bitmap.has(at) !== set[at] || bitmap.rank(at) !== ranks[at]) expect([at, bitmap.has(at), bitmap.rank(at)]).toEqual([at, set[at], ranks[at]])
    }
    expect([bitmap.count, bitmap.rank(count), bitmap.rank(count + 5), bitmap.has(count), bitmap.has(-1)]).toEqual([ranks[count], ranks[count], ranks[count], false, false])
    const runs = [...bitmap.runs()]
    expect(runs.reduce((sum, { start, end }) => sum + end - start, 0)).toBe(ranks[count])
    runs.forEach(({ start, end }, i) => {
      expect([set[start], set[end - 1], set[start - 1] ?? false, set[end] ?? false]).toEqual([true, true, false, false])
      if (i > 0) expect(start).toBeGreaterThan(runs[i - 1].end)
    })
  })
  test('bits behind the last frame are padding', () => {
    const bitmap = new FrameBitmap(bytesOf('dump', new Uint8Array(2).fill(0xff)), { offset: 0, bytes: 2 }, 11)
    expect([bitmap.count, [...bitmap.runs()]]).toEqual([11, [{ start: 0, end: 11 }]])
  })
  test('a machine with a node at 16 TiB: empty gigabytes take no memory', () => {
    const bits = 2 ** 32
    const source = sparseSource('dump', bits / 8, [[2 ** 29 - 1, Uint8Array.of(0x80)]])
    const before = process.memoryUsage().arrayBuffers
    const bitmap = new FrameBitmap({ ...source, read: (offset, length) => source.read(offset, length) }, { offset: 0, bytes: bits / 8 }, bits)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 28)
    expect([bitmap.has(bits - 1), bitmap.rank(bits - 1), bitmap.rank(bits)]).toEqual([true, 0, 1])
    expect([...bitmap.runs()]).toEqual([{ start: bits - 1, end: bits }])
  })
  test('cut off', () => {
    expect(() => new FrameBitmap(bytesOf('dump', new Uint8Array(50)), { offset: 10, bytes: 100 }, 800)).toThrow('dump at offset 0x32: truncated inside a bitmap')
  })
})
