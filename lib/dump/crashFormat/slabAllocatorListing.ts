import { CacheNodes } from '../../slab/cacheNodes.js'
import type { KernelView } from '../../slab/kernelView.js'
import { walkList } from '../../slab/lists.js'
import { CACHED, FREE } from '../../slab/model.js'
import type { Slabs } from '../../slab/slabs.js'
import { slabStruct } from '../../slab/slub/slub.js'
import { StructReader } from '../../slab/structReader.js'
import { bareAddress, column } from './text.js'

const slabHeading = 'SLAB              MEMORY            TOTAL  ALLOCATED  FREE\n'
const objectHeading = 'FREE / [ALLOCATED]\n'

/** The slabs of a SLAB cache with their objects, as `kmem -S` walks its lists. */
export function* slabAllocatorListing(view: KernelView, slabs: Slabs, cache: number): Generator<string> {
  const { table } = slabs
  const record = table.caches[cache]
  const marks = cachedMarks(slabs, cache)
  for (const slab of listed(view, slabs, cache)) {
    const start = table.baseAddress(slab)
    const objects: string[] = []
    let used = 0
    for (let slot = 0; slot < table.objects[slab]; slot++) {
      const address = start + BigInt(slot * record.slotBytes)
      const state = table.state[table.first[slab] + slot]
      if (state === FREE) objects.push(`   ${address.toString(16)}\n`)
      else if (state === CACHED) objects.push(`   ${address.toString(16)}  ${marks.get(address) ?? '(shared cache)'}\n`)
      else {
        objects.push(`  [${address.toString(16)}]\n`)
        used++
      }
    }
    yield `${slabHeading}${bareAddress(view.pageStructOf(table.frame[slab]) ?? 0n)}  ${bareAddress(start)}  ${column(table.objects[slab], 5)}  ` +
      `${column(used, 9)}  ${column(table.objects[slab] - used, 4)}\n${objectHeading}${objects.join('')}`
  }
}

/** How crash marks what array caches hold, by slot. */
function cachedMarks(slabs: Slabs, cache: number): Map<bigint, string> {
  const marks = new Map<bigint, string>()
  for (const { cpu, objects } of slabs.arrayCaches(cache)) {
    for (const address of objects) marks.set(address, cpu === null ? '(shared cache)' : `(cpu ${cpu} cache)`)
  }
  return marks
}

/** The cache's slabs in the order of each node's partial, full and free list; then those on none of them. */
function listed(view: KernelView, slabs: Slabs, cache: number): number[] {
  const { table } = slabs
  const own = new Set(table.ofCache(cache))
  const node = new StructReader(view.memory, view.types, 'kmem_cache_node')
  const struct = slabStruct(view)
  const link = BigInt(struct.offset(struct.spelled('slab_list', 'lru') ?? 'slab_list'))
  const rows: number[] = []
  for (const { address } of new CacheNodes(view, table.caches).of(table.caches[cache])) {
    for (const list of ['slabs_partial', 'slabs_full', 'slabs_free']) {
      if (address === 0n || !node.has(list)) continue
      for (const entry of walkList(view.memory, address + BigInt(node.offset(list)), table.length + 1).entries) {
        const slab = table.ofPageStruct(entry - link)
        if (own.delete(slab)) rows.push(slab)
      }
    }
  }
  return [...rows, ...[...own].filter((slab) => table.objects[slab] > 0 && table.guarded[slab] === 0)]
}
