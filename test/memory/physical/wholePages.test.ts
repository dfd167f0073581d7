import { describe, expect, test } from 'vitest'
import type { BlockStore } from '../../../lib/memory/physical/blockStore.js'
import { PhysicalPages, type PageHelpers } from '../../../lib/memory/physical/physicalPages.js'
import { fillFromEnd, WholePages, type SharedPages } from '../../../lib/memory/physical/wholePages.js'

const runs = [{ start: 3, end: 200 }, { start: 1000, end: 1001 }, { start: 5000, end: 5130 }]
const numbers = runs.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i))

function fill(number: number, target: Uint8Array): undefined {
  new Uint32Array(target.buffer, target.byteOffset, target.length / 4).fill(number)
}

function holds(page: Uint8Array | undefined, number: number): boolean {
  return page !== undefined && new Uint32Array(page.buffer, page.byteOffset, page.length / 4).every((word) => word === number)
}

describe('WholePages', () => {
  test('what a helper fills is found, each page once', () => {
    const pages = new WholePages(runs, 64)
    const read: number[] = []
    fillFromEnd(pages.shared, (number, target) => {
      read.push(number)
      return fill(number, target)
    })
    expect(read.sort((a, b) => a - b)).toEqual(numbers)
    for (const number of numbers) expect(holds(pages.get(number), number), `${number}`).toBe(true)
    for (const number of [0, 2, 200, 999, 1001, 5130, 1e9]) expect(pages.get(number)).toBeUndefined()
  })
  test('a helper leaves alone what is filled, and leaves to the owner what it cannot read', () => {
    const pages = new WholePages(runs, 64)
    fill(7, pages.room(1000))
    pages.keep(1000)
    fillFromEnd(pages.shared, (number, target) => (number === 5001 ? 'corrupt' : fill(number, target)))
    expect(holds(pages.get(1000), 7)).toBe(true)
    expect(pages.get(5001)).toBeUndefined()
    expect(holds(pages.get(5002), 5002)).toBe(true)
  })
  test('a page that is being filled is not found', () => {
    const pages = new WholePages(runs, 64)
    pages.room(10)
    expect(pages.get(10)).toBeUndefined()
  })
  test('a page of no run has room and is not kept', () => {
    const pages = new WholePages(runs, 64)
    expect(pages.room(0)).toHaveLength(64)
    pages.keep(0)
    expect(pages.get(0)).toBeUndefined()
  })
})

const store: BlockStore = {
  blockBytes: 4096, blocks: 6000,
  has: (block) => runs.some(({ start, end }) => block >= start && block < end),
  read: fill,
  presentRuns: () => runs
}

const helpers = (fill: PageHelpers['fill']): PageHelpers => ({ fill, follow: () => false })

describe('PhysicalPages with help', () => {
  test('asks for help once, and finds what helpers filled', () => {
    const asked: SharedPages[] = []
    const pages = new PhysicalPages({ ...store, read: () => expect.fail('it was filled by the helper') }, 4096, 1 << 24, helpers((shared) => {
      asked.push(shared)
      fillFromEnd(shared, fill)
    }))
    pages.readAhead()
    pages.readAhead()
    expect(asked).toHaveLength(1)
    for (const number of numbers) expect(holds(pages.page(number) as Uint8Array, number)).toBe(true)
  })
  test('asks for none where the pages do not fit into the memory allowed', () => {
    const pages = new PhysicalPages(store, 4096, 1 << 20, helpers(() => expect.fail('nothing could hold what it reads')))
    pages.readAhead()
    expect(holds(pages.page(5000) as Uint8Array, 5000)).toBe(true)
  })
  test('pages smaller than the block lie in what helpers filled', () => {
    const pages = new PhysicalPages(store, 1024, 1 << 24, helpers((shared) => fillFromEnd(shared, fill)))
    pages.readAhead()
    expect(holds(pages.page(5000 * 4 + 3) as Uint8Array, 5000)).toBe(true)
  })
})
