import { describe, expect, test } from 'vitest'
import { PageCache } from '../../../lib/memory/physical/pageCache.js'
import { randomFrom } from '../../builders/random.js'

/** Takes room for a page and keeps it. */
function put(cache: PageCache, frame: number): Uint8Array {
  const slot = cache.room(frame)
  cache.keep(frame)
  return slot
}

describe('PageCache', () => {
  test('gives back what was put in, or nothing', () => {
    const cache = new PageCache(64, 64 * 64)
    const random = randomFrom(3)
    let hits = 0
    for (let i = 0; i < 20_000; i++) {
      const frame = Math.floor(random() ** 3 * 400)
      const page = cache.get(frame)
      if (page === undefined) put(cache, frame).fill(frame)
      else {
        hits++
        if (!page.every((byte) => byte === (frame & 0xff))) expect.fail(`frame ${frame} holds another's page`)
      }
    }
    expect(hits).toBeGreaterThan(5000)
  })
  test('the page used longest ago gives way', () => {
    const cache = new PageCache(64, 64 * 8)
    for (let frame = 0; frame < 8; frame++) put(cache, frame)
    cache.get(0)
    put(cache, 8)
    expect(cache.get(0)).toBeDefined()
    expect(cache.get(1)).toBeUndefined()
  })
  test('a slot that could not be filled holds nothing, and is used again', () => {
    const cache = new PageCache(64, 64 * 8)
    const slot = cache.room(5)
    expect(cache.get(5)).toBeUndefined()
    expect(put(cache, 6)).toBe(slot)
    expect(cache.get(6)).toBe(slot)
  })
  test('takes memory as pages come, and no more than it may', () => {
    const before = process.memoryUsage().arrayBuffers
    const cache = new PageCache(4096, 32 << 20)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 << 20)
    const buffers = new Set<ArrayBufferLike>()
    for (let frame = 0; frame < 30_000; frame++) buffers.add(put(cache, frame).buffer)
    expect([...buffers].reduce((sum, buffer) => sum + buffer.byteLength, 0)).toBe(32 << 20)
  })
  test('every slot starts at a multiple of 8 bytes', () => {
    const cache = new PageCache(4096, 1 << 20)
    for (let frame = 0; frame < 256; frame++) expect(put(cache, frame).byteOffset % 8).toBe(0)
  })
  test('keeps one row even where nothing is allowed', () => {
    const cache = new PageCache(4096, 0)
    put(cache, 7).fill(1)
    expect(cache.get(7)?.[0]).toBe(1)
  })
})
