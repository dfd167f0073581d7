import type { PhysicalDump } from '../memory/openPhysical.js'
import type { Memory, PhysicalMemory } from '../memory/memory.js'
import type { SlabCache, SlabObjects } from '../slab/model.js'
import { readSlabs } from '../slab/readSlabs.js'
import type { Slabs } from '../slab/slabs.js'
import type { SymbolTable } from '../symbol/symbolTable.js'
import type { TypeTable } from '../type/typeTable.js'
import type { Warnings } from '../warnings.js'
import type { DumpKernel } from './kernelView.js'
import type { EvidenceFile, System } from './system.js'

/** A machine as its dump shows it. */
export class VmcoreSystem implements System {
  readonly kind = 'dump'
  readonly kernel: DumpKernel
  readonly #opened: PhysicalDump
  #slabs: Slabs | undefined

  constructor(kernel: DumpKernel, opened: PhysicalDump) {
    this.kernel = kernel
    this.#opened = opened
  }

  get name(): string {
    return this.files[0]?.file.replace(/^.*[/\\]/, '') ?? 'dump'
  }

  get files(): readonly EvidenceFile[] {
    return this.#opened.files
  }

  get architecture(): 'x86_64' | 'arm64' {
    return this.kernel.architecture
  }

  get release(): string | null {
    return this.kernel.vmcoreinfo.value('OSRELEASE') ?? this.#opened.release
  }

  get buildId(): string | null {
    return this.kernel.vmcoreinfo.value('BUILD-ID') ?? null
  }

  get pageBytes(): number {
    return this.kernel.pageBytes
  }

  get memory(): Memory {
    return this.kernel.memory
  }

  get physical(): PhysicalMemory {
    return this.kernel.physical
  }

  get symbols(): SymbolTable {
    return this.kernel.symbols
  }

  /** Undefined where the kernel carries no BTF. */
  get types(): TypeTable | undefined {
    return this.kernel.types.length > 0 ? this.kernel.types : undefined
  }

  get warnings(): Warnings {
    return this.kernel.warnings
  }

  /** What was lost of the dump, as far as was met until now. */
  get incomplete(): readonly string[] {
    return this.warnings.losses()
  }

  get slabs(): Slabs {
    return (this.#slabs ??= readSlabs(this.kernel))
  }

  caches(): readonly SlabCache[] {
    return this.slabs.caches()
  }

  objects(cacheNames?: readonly string[]): SlabObjects {
    return this.slabs.objects(cacheNames)
  }

  /** Closes the dump's files; nothing further can be read. */
  close(): void {
    this.#opened.close()
  }
}
