import { FaultError } from '../errors.js'
import { readU64 } from '../memory/memory.js'
import type { KernelView } from './kernelView.js'
import type { KmemCache } from './kmemCache.js'
import { StructReader } from './structReader.js'

/** A NUMA node's part of a cache. 0 is none. */
export interface CacheNode {
  readonly node: number
  /** Of the `kmem_cache_node`. */
  readonly address: bigint
  /** Of SLUB's `node_barn`, from v6.18. */
  readonly barn: bigint
}

/** MAX_NUMNODES is 1 << NODES_SHIFT, 10 at most. */
const MOST_NODES = 1 << 10
const POINTER_BYTES = 8

/**
 * Reads caches' nodes. The array at the end of `kmem_cache` is as long as there are nodes, whatever its type declares: behind it lies
 * the next cache. How many there are shows in the size of the cache that caches come from, else in `nr_node_ids`.
 */
export class CacheNodes {
  readonly count: number
  readonly #offset: number
  readonly #stride: number
  /** Bytes into an element where the node's and the barn's pointer lie; -1: the barn is the node's. */
  readonly #nodeAt: number
  readonly #barnAt: number
  readonly #node: StructReader

  constructor(readonly view: KernelView, caches: readonly KmemCache[]) {
    const { types } = view
    // per_node[] {barn, node} from 7.1, node[] before, nodelists[] in SLAB until v3.11.
    const perNode = types.member('kmem_cache', 'per_node')
    const element = /^struct (\w+)\b/.exec(perNode?.type ?? '')?.[1]
    const array = perNode ?? types.member('kmem_cache', 'node') ?? types.member('kmem_cache', 'nodelists')
    this.#offset = array?.offset ?? -1
    this.#stride = (element === undefined ? undefined : types.sizeOf(element)) ?? (perNode === undefined ? POINTER_BYTES : 2 * POINTER_BYTES)
    this.#nodeAt = element === undefined ? 0 : types.member(element, 'node')?.offset ?? 0
    this.#barnAt = element === undefined ? -1 : types.member(element, 'barn')?.offset ?? -1
    this.#node = new StructReader(view.memory, types, 'kmem_cache_node')
    this.count = this.#offset < 0 ? 0 : this.#countNodes(caches)
  }

  /** The nodes of one cache that have anything. */
  of(cache: KmemCache): CacheNode[] {
    const found: CacheNode[] = []
    const { memory } = this.view
    for (let node = 0; node < this.count; node++) {
      const element = cache.address + BigInt(this.#offset + node * this.#stride)
      try {
        const address = readU64(memory, element + BigInt(this.#nodeAt), `node ${node} of ${cache.name}`)
        const barn = this.#barnAt >= 0 ? readU64(memory, element + BigInt(this.#barnAt), `barn ${node} of ${cache.name}`)
          : address !== 0n && this.#node.has('barn') ? this.#node.pointer(address, 'barn') : 0n
        if (address !== 0n || barn !== 0n) found.push({ node, address, barn })
      } catch (error) {
        if (!(error instanceof FaultError)) throw error
        this.view.warnings.add(`${cache.name}: node ${node}: ${error.message}`)
      }
    }
    return found
  }

  #countNodes(caches: readonly KmemCache[]): number {
    const own = caches.find(({ name }) => name === 'kmem_cache')
    const bySize = own === undefined ? 0 : Math.floor((own.objectBytes - this.#offset) / this.#stride)
    if (bySize >= 1 && bySize <= MOST_NODES) return bySize
    const address = this.view.symbol('nr_node_ids')
    const bytes = address === undefined ? 'absent' : this.view.memory.tryRead(address, 4)
    if (typeof bytes === 'string') return 1
    const ids = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, this.view.memory.littleEndian)
    return ids >= 1 && ids <= MOST_NODES ? ids : 1
  }
}
