import { describe, expect, test } from 'vitest'
import type { FaultReason } from '../../lib/errors.js'
import type { BlockStore } from '../../lib/memory/physical/blockStore.js'
import { PhysicalPages } from '../../lib/memory/physical/physicalPages.js'
import { scanPages } from '../../lib/memory/scanPages.js'

/** Blocks that are there unless their number is in `missing`; each is filled with its number. Counts what is read. */
class CountedBlocks implements BlockStore {
  reads: number[] = []
  constructor(readonly blockBytes: number, readonly blocks: number, readonly missing: Readonly<Record<number, FaultReason>> = {}) {}

  has(block: number): boolean {
    return block < this.blocks && (this.missing[block] === undefined || this.missing[block] === 'corrupt')
  }

  read(block: number, target: Uint8Array): FaultReason | undefined {
    if (block >= this.blocks) return 'absent'
    if (this.missing[block] !== undefined) return this.missing[block]
    this.reads.push(block)
    target.fill(block)
    return undefined
  }

  *presentRuns(): Generator<{ start: number; end: number }> {
    for (let block = 0; block < this.blocks; block++) if (this.has(block)) yield { start: block, end: block + 1 }
  }
}

describe('PhysicalPages', () => {
  test('a page is decompressed once', () => {
    const store = new CountedBlocks(4096, 10)
    const pages = new PhysicalPages(store, 4096)
    for (let i = 0; i < 3; i++) for (let frame = 0; frame < 10; frame++) expect((pages.page(frame) as Uint8Array)[7]).toBe(frame)
    expect(store.reads).toHaveLength(10)
  })
  test('a missing page drives nothing out, and says each time why it is missing', () => {
    const store = new CountedBlocks(4096, 100, { 8: 'excluded', 16: 'absent', 24: 'corrupt' })
    const pages = new PhysicalPages(store, 4096, 8 * 4096)
    for (let frame = 0; frame < 8; frame++) pages.page(frame)
    for (let i = 0; i < 3; i++) expect([pages.page(8), pages.page(16), pages.page(200)]).toEqual(['excluded', 'absent', 'absent'])
    for (let frame = 0; frame < 8; frame++) pages.page(frame)
    expect(store.reads).toHaveLength(8)
    expect([pages.page(24), pages.page(24)]).toEqual(['corrupt', 'corrupt'])
  })
  test('a scan leaves the cache as it was, and uses what is in it', async () => {
    const store = new CountedBlocks(4096, 100, { 50: 'corrupt', 60: 'excluded' })
    const pages = new PhysicalPages(store, 4096, 8 * 4096)
    pages.page(3)
    const seen: number[] = []
    await scanPages(pages, (frame, page) => {
      if (page[0] === frame) seen.push(frame)
    })
    expect(seen).toEqual(Array.from({ length: 100 }, (_, i) => i).filter((frame) => frame !== 50 && frame !== 60))
    store.reads = []
    pages.page(3)
    expect(store.reads).toEqual([])
  })
  test('a scan reads nothing of what it skips', async () => {
    const store = new CountedBlocks(4096, 20, { 5: 'corrupt' })
    const seen: number[] = []
    const counts: number[] = []
    await scanPages(new PhysicalPages(store, 4096, 8 * 4096), (frame) => void seen.push(frame), {
      skip: (frame) => frame < 3 || frame === 10 || frame === 19, onProgress: (done, total) => counts.push(done, total)
    })
    expect(seen).toEqual([3, 4, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18])
    expect(store.reads).toEqual(seen)
    expect(counts).toEqual([15, 15])
  })
  test('a scan of pages smaller than the block reads each block once', async () => {
    const store = new CountedBlocks(65536, 5, { 2: 'excluded' })
    const frames: number[] = []
    await scanPages(new PhysicalPages(store, 4096), (frame) => {
      frames.push(frame)
    })
    expect(frames).toEqual(Array.from({ length: 80 }, (_, i) => i).filter((frame) => frame < 32 || frame >= 48))
    expect(store.reads).toEqual([0, 1, 3, 4])
  })
  test('a scan of a stretch, and one that ends early', async () => {
    const pages = new PhysicalPages(new CountedBlocks(4096, 100), 4096)
    const frames: number[] = []
    await scanPages(pages, (frame) => {
      frames.push(frame)
      return frame < 12
    }, { start: 10, end: 20 })
    expect(frames).toEqual([10, 11, 12])
  })
  test('a scan tells how far it is, and ends when aborted', async () => {
    const pages = new PhysicalPages(new CountedBlocks(65536, 20_000), 65536)
    const abort = new AbortController()
    const steps: [number, number][] = []
    const scanning = scanPages(pages, (frame) => {
      // Slow enough for the clock to be looked at in between, however fast the machine.
      for (const end = performance.now() + (frame % 64 === 0 ? 1 : 0); performance.now() < end;);
    }, {
      signal: abort.signal,
      onProgress: (done, total) => {
        steps.push([done, total])
        if (steps.length === 2) abort.abort(new Error('enough'))
      }
    })
    await expect(scanning).rejects.toThrow('enough')
    expect(steps).toHaveLength(2)
    expect(steps[0][0]).toBeLessThan(steps[1][0])
    expect(steps[1][1]).toBe(20_000)
    await expect(scanPages(pages, () => undefined, { signal: abort.signal })).rejects.toThrow('enough')
  })
  test('a view starts at a multiple of 8 bytes, so that it can be seen as words', () => {
    const pages = new PhysicalPages(new CountedBlocks(4096, 600), 4096)
    for (let frame = 0; frame < 600; frame++) expect((pages.page(frame) as Uint8Array).byteOffset % 8).toBe(0)
    expect((pages.peek(599) as Uint8Array).byteOffset % 8).toBe(0)
  })
})
