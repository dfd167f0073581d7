import type { ImageRange } from '../memory/imageRanges.js'
import type { Memory, PhysicalMemory } from '../memory/memory.js'
import type { PageStructRun } from '../memory/pageStructs.js'
import type { Vmcoreinfo } from '../source/vmcoreinfo.js'
import type { SymbolTable } from '../symbol/symbolTable.js'
import type { TypeTable } from '../type/typeTable.js'
import type { Warnings } from '../warnings.js'

export type { PageStructRun } from '../memory/pageStructs.js'
export type { Vmcoreinfo } from '../source/vmcoreinfo.js'

/** A loaded module and the stretches of memory that its text and data take. */
export interface LoadedModule {
  readonly name: string
  readonly memory: readonly { readonly start: bigint; readonly bytes: number }[]
}

/** What walking a kernel's data takes: one dump's memory, names, types and the maps between frames and addresses. */
export interface KernelView {
  readonly architecture: 'x86_64' | 'arm64'
  readonly pageBytes: number
  readonly memory: Memory
  readonly physical: PhysicalMemory
  readonly symbols: SymbolTable
  readonly types: TypeTable
  readonly vmcoreinfo: Vmcoreinfo
  readonly warnings: Warnings
  /** The kernel symbol's address (not a module's), or undefined. */
  symbol(name: string): bigint | undefined
  /** Physical address behind a kernel virtual address: arithmetic in the direct map and the image, the page tables elsewhere. */
  physicalOf(address: bigint): number | undefined
  /** Direct-map address of a physical address. */
  virtualOf(physical: number): bigint
  /** First and one-past-last direct-map address, for telling pointers apart quickly. */
  readonly directMap: { readonly start: bigint; readonly end: bigint }
  readonly pageStructBytes: number
  /** All page structures, in frame order; of a sample, those that were chosen. */
  pageStructRuns(): readonly PageStructRun[]
  /** Whether `pageStructRuns` are a sample: a slab that is not found there may be one all the same. */
  readonly sampled?: boolean
  pageStructOf(frame: number): bigint | undefined
  /** The frame whose page structure starts at or holds `address`. */
  frameOfPageStruct(address: bigint): number | undefined
  /** Stretches of the kernel image by its page tables. */
  readonly image?: readonly ImageRange[]
  /** Loaded modules. */
  readonly modules?: readonly LoadedModule[]
  /** Possible CPUs, offline ones too. */
  readonly cpus: readonly number[]
  /** A per-CPU pointer or symbol as that CPU sees it. */
  perCpu(address: bigint, cpu: number): bigint
}
