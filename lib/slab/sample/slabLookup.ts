import type { KernelView } from '../kernelView.js'
import { slabPageTest } from '../slabPageTest.js'
import { slabStruct } from '../slub/slub.js'

/** Where a page belongs: to a slab from `frame` on, of the cache at `cache`. */
export interface FoundSlab {
  readonly frame: number
  /** Of the `kmem_cache`, as the slab names it. */
  readonly cache: bigint
}

/** The largest order of pages that belong together (MAX_PAGE_ORDER). */
const MOST_ORDER = 13

/**
 * Which slab a frame is of, by the page structures of that frame and of the first page of what it belongs to, whether a sample holds it or not.
 * Pages that belong together start at a multiple of their number.
 */
export function slabLookup(view: KernelView): (frame: number) => FoundSlab | undefined {
  const { offset, mask, value, tailOffset } = slabPageTest(view)
  const cacheOffset = slabStruct(view).offset('slab_cache')
  return (frame) => {
    for (let order = 0; order <= MOST_ORDER; order++) {
      const head = frame - (frame % 2 ** order)
      const address = view.pageStructOf(head)
      const bytes = address === undefined ? 'absent' : view.memory.tryRead(address, view.pageStructBytes)
      if (typeof bytes === 'string') return undefined
      const page = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      if ((page.getUint32(tailOffset, true) & 1) !== 0) continue
      if (((page.getUint32(offset, true) & mask) >>> 0) !== value) return undefined
      return { frame: head, cache: page.getBigUint64(cacheOffset, true) }
    }
    return undefined
  }
}
