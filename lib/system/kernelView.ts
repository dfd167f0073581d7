import { MissingSymbolError } from '../errors.js'
import type { AddressSpace } from '../memory/addressSpace.js'
import { startKernelMap } from '../memory/arch/x86_64.js'
import { imageRanges, type ImageRange } from '../memory/imageRanges.js'
import type { PhysicalMemory } from '../memory/memory.js'
import { PageStructMap } from '../memory/pageStructMap.js'
import { readPageStructRuns, type PageStructRun } from '../memory/pageStructs.js'
import type { LinearWindow, VirtualMemory } from '../memory/virtualMemory.js'
import type { KernelView } from '../slab/kernelView.js'
import type { Btf } from '../source/btf.js'
import type { Vmcoreinfo } from '../source/vmcoreinfo.js'
import type { Kallsyms } from '../symbol/kallsyms.js'
import { SymbolTable } from '../symbol/symbolTable.js'
import { typesOf, type BtfTypes } from '../type/btfTypes.js'
import { emptyTypes } from '../type/emptyTypes.js'
import type { TypeTable } from '../type/typeTable.js'
import type { Warnings } from '../warnings.js'
import { readBpfSymbols } from './bpfSymbols.js'
import { findModuleList } from './findModuleList.js'
import { KernelCpus } from './kernelCpus.js'
import { kernelDirectMap } from './kernelDirectMap.js'
import { readModules, readModuleSymbols, type KernelModule, type ModuleFacts } from './kernelModules.js'
import { mergeSorted, readKernelSymbols } from './kernelSymbols.js'
import { readKernelBtf, typesWithModules, type TypeFacts } from './kernelTypes.js'

/** What a dump's kernel is opened with besides the dump itself. */
export interface GivenEvidence {
  /** Symbols from elsewhere (System.map, vmlinux), for what the dump's own lack. */
  readonly symbols?: SymbolTable
  /** BTF from elsewhere, for a kernel that carries none. */
  readonly btf?: Btf
}

/** One kernel in a dump. Everything is read when first asked for, and once. */
export class DumpKernel implements KernelView {
  readonly architecture: 'x86_64' | 'arm64'
  readonly pageBytes: number
  readonly #space: AddressSpace
  readonly #given: GivenEvidence
  readonly #made = new Map<string, unknown>()

  constructor(
    space: AddressSpace, readonly physical: PhysicalMemory, readonly vmcoreinfo: Vmcoreinfo, readonly warnings: Warnings, given: GivenEvidence = {}
  ) {
    this.#space = space
    this.#given = given
    this.architecture = space.architecture
    this.pageBytes = physical.pageBytes
  }

  get memory(): VirtualMemory {
    void this.#directMap()
    return this.#space.memory
  }

  /** The kernel's own symbols, modules' not among them; undefined (and a warning) where they cannot be read. */
  get kallsyms(): Kallsyms | undefined {
    return this.#once('kallsyms', () => readKernelSymbols({
      memory: this.#space.memory, vmcoreinfo: this.vmcoreinfo, image: () => this.image, warnings: this.warnings
    }))
  }

  get symbols(): SymbolTable {
    return this.#once('symbols', () => {
      const modules = this.modules.flatMap((module) => readModuleSymbols(this.#moduleFacts(), module))
      const programs = this.#plainSymbol('bpf_kallsyms')
      if (programs !== undefined) modules.push(...readBpfSymbols(this.memory, this.#kernelTypes() ?? emptyTypes, programs, this.warnings))
      modules.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0))
      const own = new SymbolTable(mergeSorted(this.kallsyms?.records() ?? [], modules))
      return this.#given.symbols === undefined ? own : own.merge(this.#given.symbols)
    })
  }

  get modules(): readonly KernelModule[] {
    return this.#once('modules', () => {
      if (this.#kernelTypes() === undefined) return []
      const head = this.symbol('modules') ?? this.#findModules()
      return head === undefined ? [] : readModules(this.#moduleFacts(), head)
    })
  }

  get types(): TypeTable {
    return this.#once('types', () => {
      const kernel = this.#kernelTypes()
      if (kernel === undefined) return emptyTypes
      return typesWithModules(this.#kernelBtf()!, kernel, this.modules, this.#typeFacts())
    })
  }

  /** Stretches of the kernel image by its page tables; empty where these are missing. */
  get image(): readonly ImageRange[] {
    return this.#once('image', () => this.#space.image === undefined ? [] : imageRanges(this.#space.walk, this.#space.image))
  }

  symbol(name: string): bigint | undefined {
    return this.#plainSymbol(name) ?? this.#cpus().symbol(name)
  }

  physicalOf(address: bigint): number | undefined {
    const found = this.memory.translate(address)
    return typeof found === 'string' ? undefined : found
  }

  virtualOf(physical: number): bigint {
    const window = this.#directWindow()
    return BigInt.asUintN(64, window.start + BigInt(physical - window.physical))
  }

  get directMap(): { readonly start: bigint; readonly end: bigint } {
    return this.#directWindow()
  }

  get pageStructBytes(): number {
    const bytes = this.vmcoreinfo.size('page') ?? this.types.sizeOf('page')
    if (bytes === undefined) throw new MissingSymbolError('SIZE(page)', 'page structures cannot be told apart')
    return bytes
  }

  pageStructRuns(): readonly PageStructRun[] {
    return this.#pageStructs().runs
  }

  pageStructOf(frame: number): bigint | undefined {
    return this.#pageStructs().addressOf(frame)
  }

  frameOfPageStruct(address: bigint): number | undefined {
    return this.#pageStructs().frameOf(address)
  }

  get cpus(): readonly number[] {
    return this.#cpus().cpus
  }

  perCpu(address: bigint, cpu: number): bigint {
    return this.#cpus().address(address, cpu)
  }

  /** Symbols of the dump, of VMCOREINFO, of what was given; not what takes a search. */
  #plainSymbol(name: string): bigint | undefined {
    return this.kallsyms?.address(name) ?? this.vmcoreinfo.symbol(name) ??
      this.#given.symbols?.named(name).find(({ module }) => module === null)?.address
  }

  #cpus(): KernelCpus {
    return this.#once('cpus', () => new KernelCpus({
      memory: this.memory, physical: this.physical, virtualOf: (physical) => this.virtualOf(physical),
      symbol: (name) => this.#plainSymbol(name), image: () => this.image, types: this.#kernelTypes(), warnings: this.warnings
    }))
  }

  #directMap(): LinearWindow | undefined {
    return this.#once('directMap', () => {
      const window = kernelDirectMap({
        space: this.#space, physical: this.physical, vmcoreinfo: this.vmcoreinfo,
        symbol: (name) => this.#plainSymbol(name), warnings: this.warnings
      })
      if (window !== undefined) this.#space.memory.useDirectMap(window)
      return window
    })
  }

  #directWindow(): LinearWindow {
    const window = this.#directMap()
    if (window === undefined) throw new MissingSymbolError('the direct map', 'physical addresses have no virtual ones')
    return window
  }

  #kernelBtf(): Btf | undefined {
    return this.#once('btf', () => readKernelBtf(this.#typeFacts()) ?? this.#given.btf)
  }

  #kernelTypes(): BtfTypes | undefined {
    return this.#once('kernelTypes', () => {
      const btf = this.#kernelBtf()
      return btf && typesOf(btf)
    })
  }

  #typeFacts(): TypeFacts {
    return { memory: this.memory, symbol: (name) => this.#plainSymbol(name), warnings: this.warnings }
  }

  #moduleFacts(): ModuleFacts {
    return { memory: this.memory, types: this.#kernelTypes() ?? emptyTypes, warnings: this.warnings }
  }

  #findModules(): bigint | undefined {
    const regions = moduleRegions(this.architecture, this.vmcoreinfo, this.#space.image?.start)
    return findModuleList({ memory: this.memory, walk: this.#space.walk, types: this.#kernelTypes() ?? emptyTypes, regions })
  }

  #pageStructs(): PageStructMap {
    return this.#once('pageStructs', () => {
      const { memory, vmcoreinfo, pageBytes, pageStructBytes, physical, warnings } = this
      const runs = readPageStructRuns({
        memory, vmcoreinfo, pageBytes, pageStructBytes, frames: physical.frames,
        symbol: (name) => this.#plainSymbol(name),
        sizeOf: (struct) => vmcoreinfo.size(struct) ?? this.types.sizeOf(struct),
        offset: (struct, member) => vmcoreinfo.offset(`${struct}.${member}`) ?? this.types.member(struct, member)?.offset
      }, warnings)
      return new PageStructMap(runs, pageStructBytes)
    })
  }

  #once<T>(name: string, make: () => T): T {
    if (!this.#made.has(name)) this.#made.set(name, make())
    return this.#made.get(name) as T
  }
}

/** Branches of arm64 modules into the kernel and back reach 2 GiB with procedure linkage tables, 128 MiB without. */
const arm64Reach = [1n << 27n, 1n << 31n]

/**
 * Modules lie behind the image on x86-64 (Linux arch/x86/include/asm/pgtable_64_types.h). arm64 has a region for them, and puts them
 * near the image instead where KASLR moved that out of reach (arch/arm64/kernel/module.c).
 */
function moduleRegions(architecture: 'x86_64' | 'arm64', vmcoreinfo: Vmcoreinfo, image: bigint | undefined): { start: bigint; end: bigint }[] {
  if (architecture === 'x86_64') {
    const imageBytes = vmcoreinfo.number('KERNEL_IMAGE_SIZE') ?? 0x20000000n
    return [{ start: startKernelMap + imageBytes, end: 0xffffffffff000000n }]
  }
  const regions: { start: bigint; end: bigint }[] = []
  const start = vmcoreinfo.number('MODULES_VADDR')
  const end = vmcoreinfo.number('MODULES_END')
  if (start !== undefined && end !== undefined) regions.push({ start: BigInt.asUintN(64, start), end: BigInt.asUintN(64, end) })
  if (image !== undefined) regions.push(...arm64Reach.map((reach) => ({ start: image - reach, end: image + reach })))
  return regions
}
