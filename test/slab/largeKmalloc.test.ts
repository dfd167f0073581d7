import { expect, test } from 'vitest'
import { largeKmallocs } from '../../lib/slab/largeKmalloc.js'
import { slub61, slub71 } from '../builders/slabLayouts.js'
import { SlubKernel } from '../builders/slubKernel.js'
import { varied } from '../builders/structTypes.js'

test('pages marked as large kmalloc are found with their size, slabs left out', () => {
  const kernel = new SlubKernel({ types: varied(slub71, {}, { enumerators: { PGTY_large_kmalloc: 0xf8 } }) })
  kernel.slab(kernel.cache('kmalloc-8k', { objectBytes: 8192, order: 3 }))
  const [four, one] = [kernel.pages(4), kernel.pages(1)]
  for (const frame of [four, one]) kernel.write(kernel.pageStruct(frame) + 0x30n, 0xf8000001, 4)
  for (const tail of [1, 2, 3]) kernel.write(kernel.pageStruct(four + tail) + 8n, BigInt.asUintN(64, -256n) | 1n)
  expect(largeKmallocs(kernel.view())).toEqual([{ address: kernel.virtual(four), bytes: 16384 }, { address: kernel.virtual(one), bytes: 4096 }])
})

test('a kernel that does not mark them cannot tell', () => {
  expect(largeKmallocs(new SlubKernel({ types: slub61 }).view())).toBeNull()
})
