import { MissingSymbolError } from '../../errors.js'
import type { KernelView } from '../../slab/kernelView.js'
import { scanPageStructs, type Scan } from '../../slab/pageScan.js'
import { FrameMap } from '../../memory/frameMap.js'
import { freeOnCpuLists } from './freeOnCpuLists.js'

/** Pages that hold no references, by why; the rest is the kernel's and is scanned. */
export const frameRoles = ['page structures', 'free', 'anonymous memory', 'page cache', 'huge pages', 'page tables', 'offline'] as const
export type FrameRole = (typeof frameRoles)[number]

export const PAGE_STRUCTS = 0
export const FREE = 1
const ANONYMOUS = 2
const PAGE_CACHE = 3
const HUGE = 4
const TABLES = 5
const OFFLINE = 6

/** Low bits of `page.mapping` (include/linux/page-flags.h): PAGE_MAPPING_ANON, and PAGE_MAPPING_MOVABLE for pages of drivers. */
const MAPPING_ANON = 1
const MAPPING_FLAGS = 3
/** From 6.12 the top byte of page_type is the type (include/linux/page-flags.h). */
const TYPE_MASK = 0xff000000
/** MAX_PAGE_ORDER is 13 at most. */
const HIGHEST_ORDER = 13

/** What each frame is for, as the page structures tell: only frames that hold no references are in the map. */
export interface FrameRoles {
  /** Position in {@link frameRoles}, or -1: kernel memory, slabs included. */
  of(frame: number): number
  /** The frame whose page structure holds the first byte of this frame; -1 for frames without page structures. */
  firstDescribed(frame: number): number
  /** How many bytes of that page structure lie in the frame before: not 0 where their size does not divide a page. */
  bytesBefore(frame: number): number
}

/**
 * Tells pages that can hold no references to slab objects from the kernel's own: page structures (of which {@link LiveWords} takes
 * what is no link of the allocator), free pages (stale words), users' memory and files' contents, page tables (physical addresses). Dumps that kept such pages must come to
 * the same verdicts as dumps that left them out.
 *
 * @throws MissingSymbolError where the dump does not tell how page structures are laid out
 */
export function readFrameRoles(view: KernelView): FrameRoles {
  const map = new FrameMap(view.physical.frames)
  scanPageStructs(view, roleScanner(view, map))
  for (const { frame, pages } of freeOnCpuLists(view)) map.fill(frame, pages, FREE)
  const described = new FrameMap(view.physical.frames)
  const before = new FrameMap(view.physical.frames)
  markPageStructs(view, map, described, before)
  return { of: (frame) => map.get(frame), firstDescribed: (frame) => described.get(frame), bytesBefore: (frame) => before.get(frame) }
}

function roleScanner(view: KernelView, map: FrameMap): Scan {
  const { types, vmcoreinfo } = view
  const word = (member: string): number => {
    const offset = types.member('page', member)?.offset ?? vmcoreinfo.offset(`page.${member}`)
    return offset === undefined ? -1 : offset >>> 2
  }
  const needed = (...members: string[]): number => {
    const found = members.map(word).find((position) => position >= 0)
    if (found === undefined) throw new MissingSymbolError(`page.${members[0]}`, 'tells what a page is used for')
    return found
  }
  const flags = needed('flags')
  const mapping = needed('mapping')
  const type = needed('_mapcount', 'page_type')
  const order = needed('private')
  const compound = needed('compound_head', 'compound_info')
  const lruBit = Number(vmcoreinfo.number('PG_lru') ?? types.enumerator('PG_lru') ?? -1n)
  const lruMask = lruBit < 0 || lruBit > 31 ? 0 : 1 << lruBit
  const typed = pageTypes(view)
  const stride = view.pageStructBytes >>> 2
  return (words, frame, frames) => {
    let headRole = -1
    for (let i = 0, at = 0; i < frames; i++, at += stride) {
      if ((words[at + compound] & 1) !== 0) {
        if (headRole >= 0) map.set(frame + i, headRole)
        continue
      }
      headRole = -1
      for (const { mask, value, role } of typed) if ((words[at + type] & mask) >>> 0 === value) headRole = role
      if (headRole === FREE) {
        // The buddy's first page tells how many there are; the others say nothing of themselves.
        const pages = 1 << Math.min(words[at + order], HIGHEST_ORDER)
        map.fill(frame + i, pages, FREE)
        i += pages - 1
        at += (pages - 1) * stride
        headRole = -1
        continue
      }
      if (headRole < 0) {
        const low = words[at + mapping]
        const high = words[at + mapping + 1]
        if ((low & MAPPING_FLAGS & MAPPING_ANON) !== 0 && high >= 0x80000000) headRole = ANONYMOUS
        else if (high >= 0x80000000 && (low & MAPPING_FLAGS) === 0 && (words[at + flags] & lruMask) !== 0) headRole = PAGE_CACHE
      }
      if (headRole >= 0) map.set(frame + i, headRole)
    }
  }
}

interface TypedPage {
  readonly mask: number
  readonly value: number
  readonly role: number
}

/** Values of the word that page types share with `_mapcount`, as VMCOREINFO or BTF give them. */
function pageTypes(view: KernelView): TypedPage[] {
  const { types, vmcoreinfo } = view
  const found: TypedPage[] = []
  const add = (key: string, enumerator: string, role: number): void => {
    const number = vmcoreinfo.number(key)
    const fromEnum = types.enumerator(enumerator)
    const value = number !== undefined ? Number(BigInt.asUintN(32, number)) : fromEnum !== undefined ? Number(fromEnum) * 2 ** 24 : undefined
    if (value === undefined) return
    const mask = (value & ~TYPE_MASK) === 0 ? TYPE_MASK >>> 0 : 0xffffffff
    found.push({ mask, value: (value & mask) >>> 0, role })
  }
  add('PAGE_BUDDY_MAPCOUNT_VALUE', 'PGTY_buddy', FREE)
  add('PAGE_HUGETLB_MAPCOUNT_VALUE', 'PGTY_hugetlb', HUGE)
  add('PAGE_OFFLINE_MAPCOUNT_VALUE', 'PGTY_offline', OFFLINE)
  add('PAGE_TABLE_MAPCOUNT_VALUE', 'PGTY_table', TABLES)
  return found
}

function markPageStructs(view: KernelView, map: FrameMap, described: FrameMap, before: FrameMap): void {
  const page = BigInt(view.pageBytes)
  const stride = view.pageStructBytes
  for (const run of view.pageStructRuns()) {
    const end = run.address + BigInt((run.end - run.start) * stride)
    for (let address = run.address - (run.address % page); address < end; address += page) {
      const physical = view.physicalOf(address)
      if (physical === undefined) continue
      const frame = Math.floor(physical / view.pageBytes)
      map.set(frame, PAGE_STRUCTS)
      // What lies before the run's first structure in its page belongs to none.
      if (address < run.address) continue
      const distance = Number(address - run.address)
      described.set(frame, run.start + Math.floor(distance / stride))
      before.set(frame, distance % stride)
    }
  }
}
