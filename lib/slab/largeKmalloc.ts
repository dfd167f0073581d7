import type { KernelView } from './kernelView.js'
import { scanPageStructs } from './pageScan.js'

/** An allocation too large for any kmalloc cache: whole pages, in no slab. */
export interface LargeKmalloc {
  readonly address: bigint
  readonly bytes: number
}

/** The top byte of page_type is the type since v6.12 (include/linux/page-flags.h). */
const TYPE_SHIFT = 24

/**
 * Large kmalloc allocations, in address order: they leak like others and are in no cache. Null where this kernel does not mark their pages
 * (Linux commit bd3d56ffa2c4 ("mm: Create/affirm pgty_large_kmalloc") in v6.14): they look like any other pages then.
 */
export function largeKmallocs(view: KernelView): LargeKmalloc[] | null {
  const type = view.types.enumerator('PGTY_large_kmalloc')
  const typeOffset = view.types.member('page', 'page_type')?.offset
  const tailOffset = (view.types.member('page', 'compound_head') ?? view.types.member('page', 'compound_info'))?.offset
  if (type === undefined || typeOffset === undefined || tailOffset === undefined) return null
  const value = Number(type)
  const stride = view.pageStructBytes >>> 2
  const found: { frame: number; pages: number }[] = []
  scanPageStructs(view, (words, frame, frames) => {
    for (let i = 0, at = 0; i < frames; i++, at += stride) {
      const last = found[found.length - 1]
      if ((words[at + (tailOffset >>> 2)] & 1) !== 0) {
        if (last !== undefined && frame + i === last.frame + last.pages) last.pages++
      } else if (words[at + (typeOffset >>> 2)] >>> TYPE_SHIFT === value) found.push({ frame: frame + i, pages: 1 })
    }
  })
  return found.map(({ frame, pages }) => ({ address: view.virtualOf(frame * view.pageBytes), bytes: pages * view.pageBytes }))
}
