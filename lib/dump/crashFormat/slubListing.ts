import { CacheNodes } from '../../slab/cacheNodes.js'
import type { KernelView } from '../../slab/kernelView.js'
import { walkList } from '../../slab/lists.js'
import { ALLOCATED, UNKNOWN } from '../../slab/model.js'
import type { Slabs } from '../../slab/slabs.js'
import type { SlabTable } from '../../slab/slabTable.js'
import { slabStruct } from '../../slab/slub/slub.js'
import { StructReader } from '../../slab/structReader.js'
import { bareAddress, column } from './text.js'

const slabHeading = '  SLAB              MEMORY            NODE  TOTAL  ALLOCATED  FREE\n'
const objectHeading = '  FREE / [ALLOCATED]\n'
const nodeHeading = 'KMEM_CACHE_NODE   NODE  SLABS  PARTIAL  PER-CPU\n'
const nothing = '  (empty)\n'

/** The CPU and node parts of `kmem -S` for a SLUB cache. */
export function* slubListing(view: KernelView, slabs: Slabs, cache: number): Generator<string> {
  const { table } = slabs
  const record = table.caches[cache]
  const nodeOf = nodeReader(view)
  const perNode = new Map<number, number>()
  for (const { cpu, address, active, partial } of slabs.cpuSlabs(cache)) {
    yield `CPU ${cpu} KMEM_CACHE_CPU:\n  ${address.toString(16)}\nCPU ${cpu} SLAB:\n${active < 0 ? nothing : ''}`
    if (active >= 0) {
      perNode.set(nodeOf(table, active), (perNode.get(nodeOf(table, active)) ?? 0) + 1)
      yield slabWithObjects(view, table, active, nodeOf(table, active), cpu)
    }
    yield `CPU ${cpu} PARTIAL:\n${partial.length === 0 ? nothing : ''}`
    for (const slab of partial) yield slabWithObjects(view, table, slab, nodeOf(table, slab), null)
  }
  const node = new StructReader(view.memory, view.types, 'kmem_cache_node')
  for (const { node: id, address } of new CacheNodes(view, table.caches).of(record)) {
    if (address === 0n) continue
    const count = (member: string): number | null => (node.has(member) ? node.number(address, member) : null)
    yield `${nodeHeading}${address.toString(16)}  ${column(id, 4)}  ${column(count('nr_slabs'), 5)}  ${column(count('nr_partial'), 7)}  ` +
      `${column(perNode.get(id) ?? 0, 7)}\n`
    yield `NODE ${id} PARTIAL:\n${slabRows(view, table, node, address, 'partial', id)}`
    const tracked = record.flags.storeUser && node.has('full')
    yield `NODE ${id} FULL:\n${tracked ? slabRows(view, table, node, address, 'full', id) : '  (not tracked)\n'}`
  }
  yield '\n'
}

/** A slab of a CPU: its row and its objects. `cpu` is given where it is the CPU's active one, whose free objects are all marked as the CPU's. */
function slabWithObjects(view: KernelView, table: SlabTable, slab: number, node: number, cpu: number | null): string {
  const cache = table.caches[table.cache[slab]]
  const mark = cpu === null ? '' : `(cpu ${cpu} cache)`
  const lines = [slabHeading, slabRow(view, table, slab, node), objectHeading]
  const start = table.baseAddress(slab)
  for (let slot = 0; slot < table.objects[slab]; slot++) {
    const address = (start + BigInt(slot * cache.slotBytes)).toString(16)
    lines.push(inUse(table, slab, slot) ? `  [${address}]\n` : `   ${address}  ${mark}\n`)
  }
  return lines.join('')
}

function slabRow(view: KernelView, table: SlabTable, slab: number, node: number): string {
  let used = 0
  for (let slot = 0; slot < table.objects[slab]; slot++) if (inUse(table, slab, slot)) used++
  const objects = table.objects[slab]
  return `  ${bareAddress(view.pageStructOf(table.frame[slab]) ?? 0n)}  ${bareAddress(table.address(slab))}  ${column(node, 4)}  ` +
    `${column(objects, 5)}  ${column(used, 9)}  ${column(objects - used, 4)}\n`
}

/** The rows of the slabs on one of a node's lists, in its order. */
function slabRows(view: KernelView, table: SlabTable, node: StructReader, address: bigint, member: string, id: number): string {
  const link = BigInt(slabStruct(view).spelled('slab_list', 'lru') === undefined ? 0 : slabStruct(view).offset(slabStruct(view).spelled('slab_list', 'lru')!))
  const rows: string[] = []
  for (const entry of walkList(view.memory, address + BigInt(node.offset(member)), table.length + 1).entries) {
    const slab = table.ofPageStruct(entry - link)
    if (slab < 0) break
    rows.push(slabRow(view, table, slab, id))
  }
  return rows.length === 0 ? nothing : slabHeading + rows.join('')
}

/** crash knows two states: what is on no list counts as allocated. */
function inUse(table: SlabTable, slab: number, slot: number): boolean {
  const state = table.state[table.first[slab] + slot]
  return state === ALLOCATED || state === UNKNOWN
}

/** The node of a slab: the top bits of its page flags (include/linux/page-flags-layout.h), as wide as the kernel's array of nodes is long. */
function nodeReader(view: KernelView): (table: SlabTable, slab: number) => number {
  const array = view.types.member('kmem_cache', 'node')
  const nodes = array?.bytes == null ? 1 : array.bytes / 8
  if (nodes <= 1) return () => 0
  const shift = 64n - BigInt(Math.round(Math.log2(nodes)))
  return (table, slab) => {
    const page = view.pageStructOf(table.frame[slab])
    const flags = page === undefined ? 'absent' : view.memory.tryRead(page, 8)
    return typeof flags === 'string' ? 0 : Number(new DataView(flags.buffer, flags.byteOffset, 8).getBigUint64(0, view.memory.littleEndian) >> shift)
  }
}
