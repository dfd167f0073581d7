import { MissingSymbolError } from '../errors.js'
import { readCaches } from './cacheList.js'
import type { KernelView } from './kernelView.js'
import { Kfence } from './kfence.js'
import { KmemCacheReader } from './kmemCache.js'
import { findLeavingSlabs } from './leavingSlabs.js'
import { NO_INDEX } from './model.js'
import { scanPages, type SlabPages } from './pageScan.js'
import { Slab, slabLayout } from './slabAllocator/slab.js'
import { SlabState } from './slabState.js'
import { SlabTable } from './slabTable.js'
import type { MemoryRange, Slabs } from './slabs.js'
import { Slub, slubLayout } from './slub/slub.js'
import { hex } from '../util/hex.js'

/**
 * Everything the slab allocator of a dump knows: caches, slabs, objects and their states, for SLUB (with per-CPU slabs or sheaves) and SLAB.
 * Page structures are scanned at once, which finds every slab, full ones too; free lists are walked cache by cache when asked for.
 * What cannot be true is reported through `view.warnings` once, and costs only the slab it was found in.
 *
 * @throws MissingSymbolError where the dump has no types or symbols to find slabs by, or its kernel has neither SLUB nor SLAB
 * @example
 * const slabs = readSlabs(view)
 * slabs.caches().find(({ name }) => name === 'kmalloc-128')?.allocated // 71003
 */
export function readSlabs(view: KernelView): Slabs {
  const reader = new KmemCacheReader(view)
  if (reader.allocator === null) throw new MissingSymbolError('kmem_cache.oo', 'the kernel has neither SLUB nor SLAB')
  const slub = reader.allocator === 'SLUB'
  const pages = scanPages(view, slub ? slubLayout(view) : slabLayout(view))
  if (pages.unreadable > 0) view.warnings.add(`${pages.unreadable} page structures are not in the dump: slabs there are missing from every count`)
  const pointers = cachePointers(pages)
  const { caches, byAddress } = readCaches(view, reader, [...pointers.keys()])
  const cacheOfPointer = new Uint32Array(pointers.size).fill(NO_INDEX)
  for (const [pointer, position] of pointers) cacheOfPointer[position] = byAddress.get(pointer) ?? NO_INDEX
  const cacheOfRow = cacheRows(pages, pointers).map((position) => cacheOfPointer[position])
  const table = new SlabTable(view, caches, pages, cacheOfRow)
  const slubReader = slub ? new Slub(view) : undefined
  const slabReader = slub ? undefined : new Slab(view)
  const allocator = (slubReader ?? slabReader)!
  guardedSlabs(view, table, byAddress)
  orphans(table, pages)
  allocator.count(table, pages)
  for (const slab of findLeavingSlabs(view, table)) table.leave(slab)
  table.allot()
  const state = new SlabState(table, allocator)
  return {
    allocator: reader.allocator,
    caches: () => state.caches(),
    objects: (names) => state.objects(names),
    slabs: () => state.slabs(),
    find: (address) => state.find(address),
    ownArrays: () => [...state.ownArrays(), ...guardRecords(state.table.view)],
    slabOfFrame: (frame) => table.ofFrame(frame),
    table,
    settle: (cache) => state.settle(cache),
    cpuSlabs: (cache) => slubReader?.cpuSlabs(table, cache) ?? [],
    inSheaves: (cache) => slubReader?.inSheaves(cache) ?? 0,
    arrayCaches: (cache) => slabReader?.arrayCaches(table, cache) ?? []
  }
}

/** The different `slab_cache` values, with a position for each. */
function cachePointers(pages: SlabPages): Map<bigint, number> {
  const words = new BigUint64Array(pages.cache.buffer, 0, pages.length)
  const found = new Map<bigint, number>()
  let last: number[] = []
  for (let row = 0; row < pages.length; row++) {
    // Slabs of one cache come in runs: most rows need no bigint.
    if (row > 0 && pages.cache[2 * row] === last[0] && pages.cache[2 * row + 1] === last[1]) continue
    last = [pages.cache[2 * row], pages.cache[2 * row + 1]]
    if (!found.has(words[row])) found.set(words[row], found.size)
  }
  return found
}

/** For each row, the position of its `slab_cache` value. */
function cacheRows(pages: SlabPages, pointers: ReadonlyMap<bigint, number>): Uint32Array {
  const words = new BigUint64Array(pages.cache.buffer, 0, pages.length)
  const rows = new Uint32Array(pages.length)
  for (let row = 0; row < pages.length; row++) {
    const same = row > 0 && pages.cache[2 * row] === pages.cache[2 * row - 2] && pages.cache[2 * row + 1] === pages.cache[2 * row - 1]
    rows[row] = same ? rows[row - 1] : pointers.get(words[row])!
  }
  return rows
}

function guardRecords(view: KernelView): MemoryRange[] {
  const kfence = Kfence.of(view)
  return kfence === undefined ? [] : [kfence.records()]
}

/** KFENCE's pages: one object each, wherever it lies in its page. */
function guardedSlabs(view: KernelView, table: SlabTable, byAddress: ReadonlyMap<bigint, number>): void {
  const kfence = Kfence.of(view)
  if (kfence === undefined) return
  for (const slab of table.inFrames(kfence.firstFrame, kfence.lastFrame)) {
    const object = kfence.at(table.address(slab))
    if (object === undefined) continue
    table.guarded[slab] = 1
    const cache = object === null ? undefined : byAddress.get(object.cache)
    table.cache[slab] = cache ?? NO_INDEX
    if (object === null || cache === undefined) continue
    table.guard(slab, object.address - BigInt(table.caches[cache].payloadOffset), object.state)
  }
}

/** Slabs whose `slab_cache` is no cache: of a destroyed one, or overwritten. Their objects cannot be told apart. */
function orphans(table: SlabTable, pages: SlabPages): void {
  for (let slab = 0; slab < table.length; slab++) {
    if (table.cache[slab] !== NO_INDEX || table.guarded[slab] === 1) continue
    const pointer = (BigInt(pages.cache[2 * slab + 1]) << 32n) | BigInt(pages.cache[2 * slab])
    table.damage(slab, `names ${hex(pointer)} as its cache, which is none`)
  }
}
