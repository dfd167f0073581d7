import { expect, test } from 'vitest'
import { DeadRanges } from '../../../lib/analysis/reference/deadRanges.js'
import { PAGE_STRUCTS, type FrameRoles } from '../../../lib/analysis/reference/frameRoles.js'
import { ByteCount, DEAD, LiveWords, NO_OBJECT } from '../../../lib/analysis/reference/liveWords.js'
import type { ObjectIndex } from '../../../lib/analysis/reference/objectIndex.js'
import { StalePointers } from '../../../lib/analysis/reference/stalePointers.js'
import { MiniKernel } from '../../builders/miniKernel.js'

const types = {
  structs: { ptdesc: { bytes: 64, members: { pt_mm: 32 } }, task_struct: { bytes: 128, members: { last_wakee: 40 } } }
} as const
const [TASK, OTHER] = [0, 1]
const addresses = [0xffff888001000080n, 0xffff888002000000n]

/** A page that is no slab, of a role, and the words of it that may be references. */
function liveWords(role: number, page = new Uint8Array(4096)): { live: LiveWords; bytes: ByteCount } {
  const view = new MiniKernel({ types }).view()
  const index = { objects: { caches: [{ name: 'task_struct' }, { name: 'kmalloc-64' }], cache: Uint32Array.of(0, 1), address: BigUint64Array.from(addresses) }, slabOfFrame: () => -1 } as unknown as ObjectIndex
  const roles: FrameRoles = { of: (frame) => (frame === 9 ? role : -1), firstDescribed: () => 0, bytesBefore: () => 0 }
  const live = new LiveWords(view, index, roles, new DeadRanges(view), [false, false], new StalePointers(view), { slabOfFrame: () => -1 })
  const bytes = new ByteCount()
  live.enter(9, page, bytes)
  return { live, bytes }
}

test('an address of a task with marks in its lowest bits is of who read last, and no reference', () => {
  const page = new BigUint64Array(512)
  page.set([addresses[TASK] | 1n, addresses[TASK], addresses[TASK] + 9n, addresses[OTHER] | 1n])
  const { live } = liveWords(-1, new Uint8Array(page.buffer))
  expect([live.isHint(0, TASK), live.isHint(2, TASK), live.isHint(4, TASK), live.isHint(6, OTHER)]).toEqual([true, false, false, false])
})

test('the structure of a page table holds no mm_struct; what else page structures hold counts', () => {
  const { live, bytes } = liveWords(PAGE_STRUCTS)
  // The word at 32 of the first and of the second structure, and their neighbours.
  expect([live.ownerOf(8), live.ownerOf(10), live.ownerOf(6), live.ownerOf(16 + 8)]).toEqual([DEAD, NO_OBJECT, NO_OBJECT, DEAD])
  expect(bytes.roots).toBe(4096 - 64 * 8)
})

test('whom a task woke last is compared with, not followed', () => {
  const isStale = new StalePointers(new MiniKernel({ types }).view()).of('task_struct')!
  const words = new Uint32Array(1024)
  expect([isStale(words, 64 + 10, 64), isStale(words, 64 + 12, 64)]).toEqual([true, false])
})
