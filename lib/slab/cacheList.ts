import { FaultError, MissingSymbolError } from '../errors.js'
import { hex } from '../util/hex.js'
import type { KernelView } from './kernelView.js'
import { KmemCacheReader, type KmemCache } from './kmemCache.js'
import { walkList } from './lists.js'

/** More caches than any machine has: memory cgroups made tens of thousands of them before v5.9. */
const MOST_CACHES = 1 << 18

/** All caches, and which of them a `slab_cache` pointer of a page structure means. */
export interface CacheList {
  readonly caches: readonly KmemCache[]
  /** Position in `caches`. */
  readonly byAddress: ReadonlyMap<bigint, number>
}

/**
 * The caches of the `slab_caches` list, in its order, then those that only slabs name: of a list that is cut or of a cache being destroyed.
 * `named` are the different `slab_cache` values of the page structures. Where the symbol is not in the evidence (KALLSYMS_ALL=n),
 * the list is entered through one of them.
 *
 * @throws MissingSymbolError where neither the symbol nor any slab leads to a cache
 */
export function readCaches(view: KernelView, reader: KmemCacheReader, named: readonly bigint[]): CacheList {
  const caches: KmemCache[] = []
  const byAddress = new Map<bigint, number>()
  const listed = listedCaches(view, reader, named)
  const add = (address: bigint, listed: boolean): void => {
    if (byAddress.has(address)) return
    const cache = tryCache(reader, address)
    if (typeof cache === 'string') {
      if (listed) view.warnings.add(`kmem_cache at ${hex(address)}: ${cache}; it is left out`)
      return
    }
    if (!listed) view.warnings.add(`${cache.name}: slabs name the cache at ${hex(address)}, which is on no list`)
    byAddress.set(address, caches.length)
    caches.push(cache)
  }
  for (const address of listed) add(address, true)
  for (const address of named) if (plausible(reader, address)) add(address, false)
  if (caches.length === 0) throw new MissingSymbolError('slab_caches', 'no slab leads to a cache either')
  return { caches, byAddress }
}

function listedCaches(view: KernelView, reader: KmemCacheReader, named: readonly bigint[]): bigint[] {
  const link = BigInt(reader.struct.offset('list'))
  const head = view.symbol('slab_caches')
  if (head !== undefined) return wholeList(view, head, link)
  const start = named.find((address) => plausible(reader, address))
  if (start === undefined) return []
  // The head is no cache: what lies at its place does not read as one. It marks where the list begins.
  const nodes = walkList(view.memory, start + link, MOST_CACHES).entries
  const headAt = nodes.findIndex((node) => !plausible(reader, node - link))
  if (headAt < 0) return [start, ...nodes.map((node) => node - link)]
  return wholeList(view, nodes[headAt], link)
}

/** A list read forward; where that breaks off, backward from the head too, so that one damaged link costs nothing but itself. */
function wholeList(view: KernelView, head: bigint, link: bigint): bigint[] {
  const forward = walkList(view.memory, head, MOST_CACHES)
  if (forward.trouble === null) return forward.entries.map((node) => node - link)
  const backward = walkList(view.memory, head, MOST_CACHES, 8n)
  view.warnings.add(`the list of caches breaks off after ${forward.entries.length} of them: ${forward.trouble}`)
  return [...new Set([...forward.entries, ...backward.entries.reverse()])].map((node) => node - link)
}

function tryCache(reader: KmemCacheReader, address: bigint): KmemCache | string {
  try {
    return reader.read(address)
  } catch (error) {
    if (error instanceof FaultError) return error.message
    throw error
  }
}

/** Whether memory at `address` reads as a cache that its own list agrees with: `list.next->prev` leads back. */
function plausible(reader: KmemCacheReader, address: bigint): boolean {
  if (address === 0n || (address & 7n) !== 0n) return false
  const cache = tryCache(reader, address)
  if (typeof cache === 'string' || !/^[\x20-\x7e]+$/.test(cache.name)) return false
  try {
    const next = reader.struct.pointer(address, 'list.next')
    const back = reader.view.memory.tryRead(next + 8n, 8)
    if (typeof back === 'string') return false
    return new DataView(back.buffer, back.byteOffset, 8).getBigUint64(0, reader.view.memory.littleEndian) === address + BigInt(reader.struct.offset('list'))
  } catch (error) {
    if (error instanceof FaultError) return false
    throw error
  }
}
