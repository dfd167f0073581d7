import type { TrackGroup } from '../slab/tracks.js'
import type { System } from '../system/system.js'

/** Functions of the allocator itself: by these a stack begins that KFENCE recorded (get_stack_skipnr, mm/kfence/report.c). */
const ofAllocator = /^_*(?:kfence|k[mzcv]+alloc|krealloc|k?v?free|kmem_cache|kmemdup|kstr|slab_|do_slab)/

/** Who called the allocator: as recorded, or of a stack that begins within the allocator the first function that is none of its own. */
export function allocatorCaller(system: System, { caller, stack, sampled }: Pick<TrackGroup, 'caller' | 'stack' | 'sampled'>): bigint {
  if (!sampled || stack === null) return caller
  return stack.find((frame) => !ofAllocator.test(system.symbols.at(frame)?.name ?? '')) ?? caller
}
