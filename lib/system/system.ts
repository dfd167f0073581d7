import type { Memory, PhysicalMemory } from '../memory/memory.js'
import type { KernelView } from '../slab/kernelView.js'
import type { SlabCache, SlabObjects } from '../slab/model.js'
import type { Slabs } from '../slab/slabs.js'
import type { SymbolTable } from '../symbol/symbolTable.js'
import type { TypeTable } from '../type/typeTable.js'
import type { Warnings } from '../warnings.js'

/** One file that an answer rests on. */
export interface EvidenceFile {
  readonly file: string
  readonly bytes: number
}

/** What is known of one machine, from a dump or a crash session. What the evidence lacks is undefined or null, never made up. */
export interface System {
  readonly kind: 'dump' | 'transcript'
  /** Short name for messages: the file's name. */
  readonly name: string
  readonly files: readonly EvidenceFile[]
  readonly architecture: 'x86_64' | 'arm64' | null
  /** `uname -r` of the kernel. */
  readonly release: string | null
  readonly buildId: string | null
  readonly pageBytes: number | null
  readonly memory: Memory
  readonly physical: PhysicalMemory | undefined
  readonly symbols: SymbolTable
  /** Struct layouts and prototypes; undefined where the evidence holds none. */
  readonly types: TypeTable | undefined
  readonly warnings: Warnings
  /** What walking the kernel's own data takes; undefined for a transcript. */
  readonly kernel?: KernelView
  /** The allocator's own state, as `readSlabs(kernel)` gives it; undefined for a transcript. */
  readonly slabs?: Slabs
  /** All caches, in the allocator's order. */
  caches(): readonly SlabCache[]
  /** Objects of the named caches (of all, where undefined), in address order. @throws UsageError for a name that is no cache. */
  objects(cacheNames?: readonly string[]): SlabObjects
}
