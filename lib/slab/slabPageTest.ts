import { MissingSymbolError } from '../errors.js'
import type { KernelView } from './kernelView.js'

/** From 6.12 the top byte of page_type is the type, the other 24 bits are the owner's (include/linux/page-flags.h, enum pagetype). */
const TYPE_SHIFT = 24
/** Page flag numbers fit in one word; from 6.10 to 6.11 `PG_slab` is a bit of the inverted page_type instead. */
const FLAG_BITS = 64

/**
 * Which word of a `struct page` tells a slab's first page, and what it holds there: `(word & mask) === value`.
 * Byte offsets from the start of the struct, all words 32 bits.
 */
export interface SlabPageTest {
  readonly offset: number
  readonly mask: number
  readonly value: number
  /** The word whose bit 0 marks every page of a compound page but the first: `compound_head`, `compound_info` from 7.1. */
  readonly tailOffset: number
}

/** How this kernel marks slab pages, from what VMCOREINFO says, else from BTF. @throws MissingSymbolError where neither says. */
export function slabPageTest(view: KernelView): SlabPageTest {
  const tailOffset = memberOffset(view, 'compound_head') ?? memberOffset(view, 'compound_info')
  if (tailOffset === undefined) throw new MissingSymbolError('page.compound_head', 'tells the first page of a slab')
  return { ...headTest(view), tailOffset }
}

function headTest(view: KernelView): Omit<SlabPageTest, 'tailOffset'> {
  const { vmcoreinfo, types } = view
  const typeOffset = (): number => {
    const offset = types.member('page', 'page_type')?.offset ?? memberOffset(view, '_mapcount')
    if (offset === undefined) throw new MissingSymbolError('page.page_type', 'tells slab pages')
    return offset
  }
  const mapcount = vmcoreinfo.number('PAGE_SLAB_MAPCOUNT_VALUE')
  if (mapcount !== undefined) return byType(typeOffset(), Number(BigInt.asUintN(32, mapcount)))
  const type = types.enumerator('PGTY_slab')
  if (type !== undefined) return byType(typeOffset(), (Number(type) << TYPE_SHIFT) >>> 0)
  const flag = vmcoreinfo.number('PG_slab') ?? types.enumerator('PG_slab')
  if (flag === undefined) throw new MissingSymbolError('PG_slab', 'tells slab pages')
  if (flag < 0n || flag >= BigInt(FLAG_BITS)) {
    // A bit of the inverted page_type (6.10, 6.11): VMCOREINFO writes ~PG_slab, BTF the bit itself.
    return byType(typeOffset(), Number(BigInt.asUintN(32, flag < 0n ? flag : ~flag)))
  }
  const flagsOffset = memberOffset(view, 'flags') ?? 0
  const bit = Number(flag)
  const mask = (1 << (bit & 31)) >>> 0
  return { offset: flagsOffset + (bit >= 32 ? 4 : 0), mask, value: mask }
}

function byType(offset: number, value: number): Omit<SlabPageTest, 'tailOffset'> {
  const mask = (value & 0xffffff) === 0 ? 0xff000000 : 0xffffffff
  return { offset, mask, value: (value & mask) >>> 0 }
}

function memberOffset(view: KernelView, member: string): number | undefined {
  return view.types.member('page', member)?.offset ?? view.vmcoreinfo.offset(`page.${member}`)
}
