import { FaultError } from '../../errors.js'
import { readPointer } from '../../memory/memory.js'
import type { KernelView } from '../../slab/kernelView.js'
import { walkList } from '../../slab/lists.js'
import { StructReader } from '../../slab/structReader.js'

const POINTER_BYTES = 8
/** Pages one CPU keeps of one zone; the kernel's own limit is an eighth of a zone at most. */
const MOST_PAGES = 1 << 22
/** Nodes of the largest machines: NODES_SHIFT is 10. */
const MOST_NODES = 1 << 10
/** Orders that each have lists of their own: up to PAGE_ALLOC_COSTLY_ORDER; then one list for huge pages (include/linux/mmzone.h, v5.13). */
const COSTLY_ORDER = 3
const HUGE_PAGE_ORDER = 9
const DEFAULT_PCP_TYPES = 3

export interface FreePages {
  readonly frame: number
  readonly pages: number
}

/**
 * Free pages that CPUs keep back from the buddy allocator (`struct per_cpu_pages`, include/linux/mmzone.h). Nothing in their page
 * structures tells them from pages in use. Lists that cannot be read end there, with a warning: their pages then count as the kernel's.
 */
export function* freeOnCpuLists(view: KernelView): Generator<FreePages> {
  const zone = new StructReader(view.memory, view.types, 'zone')
  // `per_cpu_pageset` since v5.14; before, `pageset`, whose struct has the lists in its member `pcp`.
  const pageset = zone.spelled('per_cpu_pageset', 'pageset')
  const lists = view.types.member('per_cpu_pages', 'lists')
  const link = view.types.member('page', 'lru')
  if (pageset === undefined || lists?.bytes == null || link === undefined) return
  const inner = pageset === 'pageset' ? (view.types.member('per_cpu_pageset', 'pcp')?.offset ?? 0) : 0
  const count = lists.bytes / (2 * POINTER_BYTES)
  const perOrder = Number(view.types.enumerator('MIGRATE_PCPTYPES') ?? BigInt(DEFAULT_PCP_TYPES))
  for (const address of zones(view)) {
    try {
      const perCpu = zone.pointer(address, pageset)
      if (perCpu === 0n) continue
      for (const cpu of view.cpus) {
        const first = view.perCpu(perCpu, cpu) + BigInt(inner + lists.offset)
        for (let list = 0; list < count; list++) {
          const { entries, trouble } = walkList(view.memory, first + BigInt(list * 2 * POINTER_BYTES), MOST_PAGES)
          if (trouble !== null) view.warnings.add(`free pages of CPU ${cpu} break off: ${trouble}`)
          const order = orderOf(list, perOrder)
          for (const entry of entries) {
            const frame = view.frameOfPageStruct(entry - BigInt(link.offset))
            if (frame !== undefined) yield { frame, pages: 1 << order }
          }
        }
      }
    } catch (error) {
      if (!(error instanceof FaultError)) throw error
      view.warnings.add(`free pages that CPUs keep: ${error.message}`)
    }
  }
}

function orderOf(list: number, perOrder: number): number {
  const order = Math.floor(list / perOrder)
  return order <= COSTLY_ORDER ? order : HUGE_PAGE_ORDER
}

/** Addresses of all zones of all nodes. */
function* zones(view: KernelView): Generator<bigint> {
  const { types, vmcoreinfo } = view
  const zoneBytes = types.sizeOf('zone') ?? vmcoreinfo.size('zone')
  const nodeZones = types.member('pglist_data', 'node_zones')
  if (zoneBytes === undefined || nodeZones?.bytes == null) return
  for (const node of nodes(view)) {
    for (let offset = 0; offset + zoneBytes <= nodeZones.bytes; offset += zoneBytes) yield node + BigInt(nodeZones.offset + offset)
  }
}

function* nodes(view: KernelView): Generator<bigint> {
  const only = view.symbol('contig_page_data')
  if (only !== undefined) {
    yield only
    return
  }
  const table = view.symbol('node_data')
  if (table === undefined) return
  const most = Math.min(view.vmcoreinfo.length('node_data') ?? MOST_NODES, MOST_NODES)
  for (let node = 0; node < most; node++) {
    let address: bigint
    try {
      address = readPointer(view.memory, table + BigInt(node * POINTER_BYTES), 'node_data')
    } catch {
      return
    }
    if (address !== 0n && view.physicalOf(address) !== undefined) yield address
    else if (view.vmcoreinfo.length('node_data') === undefined) return
  }
}
