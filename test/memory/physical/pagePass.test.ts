import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { openPhysical } from '../../../lib/memory/openPhysical.js'
import { helpPass, PagePass } from '../../../lib/memory/physical/pagePass.js'
import { scanPages } from '../../../lib/memory/scanPages.js'
import { evidence, hasEvidence } from '../../evidence.js'

const runs = [{ start: 3, end: 2000 }, { start: 10_000, end: 10_001 }, { start: 50_000, end: 60_000 }]
const numbers = runs.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i))

function fill(number: number, target: Uint8Array): undefined {
  new Uint32Array(target.buffer, target.byteOffset, target.length / 4).fill(number)
}

function numberOf(page: Uint8Array | undefined): number | undefined {
  return page && new Uint32Array(page.buffer, page.byteOffset, 1)[0]
}

describe('PagePass', () => {
  test('without helpers all pages come in order', () => {
    const pass = new PagePass(runs, 4096, fill)
    for (const number of numbers) expect(numberOf(pass.page(number))).toBe(number)
  })
  test('what lies behind, in no run, or cannot be read is left to the reader', () => {
    const pass = new PagePass(runs, 4096, (number, target) => (number === 1000 ? 'corrupt' : fill(number, target)))
    expect(numberOf(pass.page(999))).toBe(999)
    for (const number of [0, 3, 800, 1000, 2000, 9_999, 10_001, 49_999, 60_000, NaN]) expect(pass.page(number), `${number}`).toBeUndefined()
    expect(numberOf(pass.page(1001))).toBe(1001)
  })
  test('who leaps ahead finds what is there, and what lies in between is filled for nobody', () => {
    const read: number[] = []
    const pass = new PagePass(runs, 4096, (number, target) => {
      read.push(number)
      return fill(number, target)
    })
    pass.page(3)
    expect(numberOf(pass.page(1500))).toBe(1500)
    expect(read.length).toBeLessThan(200)
    expect(pass.page(1000)).toBeUndefined()
  })
  test('what is far ahead is left to the reader, and the window stays where it is', () => {
    const pass = new PagePass(runs, 4096, fill)
    pass.page(3)
    expect(pass.page(59_000)).toBeUndefined()
    expect(numberOf(pass.page(4))).toBe(4)
  })
  test('runs come in the order in which they are read, whatever their numbers', () => {
    const pass = new PagePass([...runs].reverse(), 4096, fill)
    for (const { start, end } of [...runs].reverse()) for (let number = start; number < end; number++) expect(numberOf(pass.page(number))).toBe(number)
  })
  test('a helper fills no more than the window ahead of the reader', () => {
    const pass = new PagePass(runs, 4096, fill)
    const filled: number[] = []
    // Ends the pass where the helper would wait for the reader.
    const window = pass.shared.window.byteLength / 4096
    helpPass(pass.shared, (number, target) => {
      filled.push(number)
      if (filled.length === window) pass.end()
      return fill(number, target)
    })
    expect(filled).toEqual(numbers.slice(0, window))
  })
  test('where a helper does not come back, the reader goes on alone', () => {
    const pass = new PagePass(runs, 4096, fill, 20)
    Atomics.add(new Int32Array(pass.shared.counters), 0, 1)
    expect(pass.page(3)).toBeUndefined()
    expect(pass.page(1999)).toBeUndefined()
  })
})

test.skipIf(!hasEvidence)('threads that read ahead change nothing of what a scan sees', { timeout: 60_000 }, async () => {
  expect(existsSync('dist/lib/memory/physical/pageHelper.js'), 'what threads run is made by the build').toBe(true)
  const sums = async (cacheBytes: number): Promise<number[]> => {
    const { physical, close } = await openPhysical(evidence('x86_64-slub', 'vmcore'), { cacheBytes })
    const found: number[] = []
    const endPass = physical.startPass?.([...physical.presentRuns()])
    await scanPages(physical, (frame, page) => void found.push(frame, new Uint32Array(page.buffer, page.byteOffset, page.length / 4).reduce((a, b) => (a ^ b) >>> 0)))
    endPass?.()
    close()
    return found
  }
  expect(await sums(16 << 20)).toEqual(await sums(1 << 28))
})
