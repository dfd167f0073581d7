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

/**
 * A struct that a crash session printed at an address (`struct X ADDRESS`): what somebody took the memory for, with the values crash read.
 * `value` is as printed (`0xffff00000824edd8 <single_start>`); inner structs and arrays stand as one text.
 */
export interface ShownStruct {
  /** Without `struct`: `seq_operations`. */
  readonly type: string
  readonly address: bigint
  /** Size of the struct, where the session says (`SIZE: 32`). */
  readonly bytes: number | null
  readonly members: readonly { readonly name: string; readonly value: string }[]
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
  /** Structs that the session printed at addresses, in its order; undefined for a dump. */
  readonly shownStructs?: readonly ShownStruct[]
  readonly warnings: Warnings
  /** Why the evidence could not be read whole, each with its file and place; absent or empty where it could. Results are partial then. */
  readonly incomplete?: readonly string[]
  /** What walking the kernel's own data takes; undefined for a transcript. */
  readonly kernel?: KernelView
  /** The allocator's own state, as `readSlabs(kernel)` gives it; undefined for a transcript. */
  readonly slabs?: Slabs
  /** All caches, in the allocator's order. */
  caches(): readonly SlabCache[]
  /** Objects of the named caches (of all, where undefined), in address order. @throws UsageError for a name that is no cache. */
  objects(cacheNames?: readonly string[]): SlabObjects
}
