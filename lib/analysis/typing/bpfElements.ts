import { FaultError } from '../../errors.js'
import { readPointer } from '../../memory/memory.js'
import type { KernelView } from '../../slab/kernelView.js'
import { walkNext } from '../../slab/lists.js'
import { StructReader } from '../../slab/structReader.js'
import type { BtfTypes } from '../../type/btfTypes.js'
import { rawMember } from '../../type/members.js'

/** An object that BPF's allocator keeps for later: allocated to the slab allocator, unused to everybody. */
export interface BpfElement {
  readonly address: bigint
  /** `bpf_mem_cache.free_llist` */
  readonly list: string
}

/** The kernel's own allocators for BPF (kernel/bpf/memalloc.c of Linux, since 6.1). */
const allocators = ['bpf_global_ma', 'bpf_global_percpu_ma']
/** Elements of all lists: the kernel keeps less than a hundred of a size and CPU, and frees what is more. A damaged dump may hold any. */
const MOST_ELEMENTS = 1 << 18

/** The objects that each CPU's `struct bpf_mem_cache` has on its lists; while they are there, each is a `struct llist_node`. */
export function bpfElements(kernel: KernelView, types: BtfTypes): BpfElement[] {
  const allocator = new StructReader(kernel.memory, kernel.types, 'bpf_mem_alloc')
  const cacheBytes = types.sizeOf('bpf_mem_cache')
  const caches = types.sizeOf('bpf_mem_caches')
  if (!allocator.has('caches') || cacheBytes === undefined || cacheBytes === 0 || caches === undefined) return []
  const lists = listsOf(types)
  const found: BpfElement[] = []
  for (const name of allocators) {
    const address = kernel.symbol(name)
    if (address === undefined) continue
    for (const cpu of kernel.cpus) {
      try {
        const perCpu = allocator.pointer(address, 'caches')
        if (perCpu === 0n) continue
        const own = kernel.perCpu(perCpu, cpu)
        for (let at = 0; at + cacheBytes <= caches; at += cacheBytes) {
          for (const { list, offset } of lists) {
            const first = readPointer(kernel.memory, own + BigInt(at + offset))
            for (const element of walkNext(kernel.memory, first, 0, MOST_ELEMENTS - found.length).entries) found.push({ address: element, list })
          }
        }
      } catch (error) {
        // What the dump lacks tells nothing.
        if (!(error instanceof FaultError)) throw error
      }
    }
  }
  return found
}

/** The members of a `bpf_mem_cache` that are lists of elements. */
function listsOf(types: BtfTypes): { readonly list: string; readonly offset: number }[] {
  const { graph } = types
  const struct = types.find('struct bpf_mem_cache')!
  return Array.from({ length: graph.vlen(struct) }, (_, i) => rawMember(graph, struct, i))
    .filter(({ type }) => graph.name(graph.strip(type)) === 'llist_head')
    .map(({ nameOffset, bitOffset }) => ({ list: `bpf_mem_cache.${graph.string(nameOffset)}`, offset: bitOffset / 8 }))
}
