import { FaultError, MissingSymbolError, SlablabError } from '../errors.js'
import { cpusOfOffsets, perCpuOffsets, possibleCpus } from '../memory/cpus.js'
import { directMapAt, findDirectMap } from '../memory/directMap.js'
import type { AddressSpace } from '../memory/addressSpace.js'
import type { PhysicalMemory } from '../memory/memory.js'
import { PageStructMap } from '../memory/pageStructMap.js'
import { readPageStructRuns, type PageStructRun } from '../memory/pageStructs.js'
import type { LinearWindow, VirtualMemory } from '../memory/virtualMemory.js'
import type { KernelView } from '../slab/kernelView.js'
import type { Btf } from '../source/btf.js'
import type { Vmcoreinfo } from '../source/vmcoreinfo.js'
import type { Kallsyms } from '../symbol/kallsyms.js'
import { kallsymsPlaces, readKallsyms } from '../symbol/kallsymsFromMemory.js'
import { SymbolTable, type SymbolRecord } from '../symbol/symbolTable.js'
import { typesOf, type BtfTypes } from '../type/btfTypes.js'
import { emptyTypes } from '../type/emptyTypes.js'
import type { TypeTable } from '../type/typeTable.js'
import type { Warnings } from '../warnings.js'
import { readModules, readModuleSymbols, type KernelModule } from './kernelModules.js'
import { readKernelBtf, typesWithModules, type TypeFacts } from './kernelTypes.js'
import { wordAt } from './words.js'

/** One kernel in a dump. Everything is read when first asked for, and once. */
export class DumpKernel implements KernelView {
  readonly architecture: 'x86_64' | 'arm64'
  readonly pageBytes: number
  readonly physical: PhysicalMemory
  readonly vmcoreinfo: Vmcoreinfo
  readonly warnings: Warnings
  readonly #space: AddressSpace
  readonly #cache = new Map<string, unknown>()

  constructor(space: AddressSpace, physical: PhysicalMemory, vmcoreinfo: Vmcoreinfo, warnings: Warnings) {
    this.#space = space
    this.architecture = space.architecture
    this.physical = physical
    this.pageBytes = physical.pageBytes
    this.vmcoreinfo = vmcoreinfo
    this.warnings = warnings
  }

  get memory(): VirtualMemory {
    return this.#once('memory', () => {
      const window = this.#findDirectMap()
      if (window !== undefined) this.#space.memory.useDirectMap(window)
      this.#cache.set('direct', window)
      return this.#space.memory
    })
  }

  /** The kernel's own symbols, modules' not among them; undefined (and a warning) where they cannot be read. */
  get kallsyms(): Kallsyms | undefined {
    return this.#once('kallsyms', () => {
      try {
        return this.#readKallsyms()
      } catch (error) {
        if (!(error instanceof SlablabError)) throw error
        this.warnings.add(`no kernel symbols: ${error.message}`)
        return undefined
      }
    })
  }

  get symbols(): SymbolTable {
    return this.#once('symbols', () => {
      const kernel = this.kallsyms?.records() ?? []
      const modules = this.modules.flatMap((module) => readModuleSymbols(this.#moduleFacts(), module))
      return new SymbolTable(merged(kernel, modules.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0))))
    })
  }

  get modules(): readonly KernelModule[] {
    return this.#once('modules', () => {
      const head = this.symbol('modules')
      if (head === undefined || this.#kernelTypes() === undefined) return []
      return readModules(this.#moduleFacts(), head)
    })
  }

  get types(): TypeTable {
    return this.#once('types', () => {
      const kernel = this.#kernelTypes()
      if (kernel === undefined) return emptyTypes
      return typesWithModules(this.#kernelBtf()!, kernel, this.modules, this.#typeFacts())
    })
  }

  symbol(name: string): bigint | undefined {
    return this.kallsyms?.address(name) ?? this.vmcoreinfo.symbol(name)
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
    return this.#once('cpus', () => possibleCpus(this.#cpuFacts()) ?? cpusOfOffsets(this.#cpuFacts()))
  }

  perCpu(address: bigint, cpu: number): bigint {
    const offsets = this.#once('offsets', () => perCpuOffsets(this.#cpuFacts(), this.cpus))
    const offset = offsets.get(cpu)
    // A kernel for one CPU has no offsets.
    if (offset === undefined && offsets.size > 0) throw new FaultError(address, 'absent', `per-CPU area of CPU ${cpu}`)
    return BigInt.asUintN(64, address + (offset ?? 0n))
  }

  #readKallsyms(): Kallsyms {
    const { vmcoreinfo, warnings } = this
    const memory = this.#space.memory
    const read = (address: bigint, bytes: number): Uint8Array | undefined => {
      const found = memory.tryRead(address, bytes)
      return typeof found === 'string' ? undefined : found
    }
    const places = kallsymsPlaces((name) => vmcoreinfo.symbol(name))
    if (places === undefined) throw new MissingSymbolError('kallsyms_names', 'VMCOREINFO does not tell where the kernel keeps its symbols')
    const known = new Map<string, bigint>()
    for (const name of ['_stext', 'init_uts_ns', 'node_online_map', 'swapper_pg_dir']) {
      const address = vmcoreinfo.symbol(name)
      if (address !== undefined) known.set(name, address)
    }
    return readKallsyms(read, places, known, memory.littleEndian, warnings)
  }

  #kernelBtf(): Btf | undefined {
    return this.#once('btf', () => readKernelBtf(this.#typeFacts()))
  }

  #kernelTypes(): BtfTypes | undefined {
    return this.#once('kernelTypes', () => {
      const btf = this.#kernelBtf()
      return btf && typesOf(btf)
    })
  }

  #typeFacts(): TypeFacts {
    return { memory: this.memory, symbol: (name) => this.symbol(name), warnings: this.warnings }
  }

  #moduleFacts(): { memory: VirtualMemory; types: TypeTable; warnings: Warnings } {
    return { memory: this.memory, types: this.#kernelTypes() ?? emptyTypes, warnings: this.warnings }
  }

  #cpuFacts(): { memory: VirtualMemory; symbol: (name: string) => bigint | undefined } {
    return { memory: this.memory, symbol: (name) => this.symbol(name) }
  }

  #pageStructs(): PageStructMap {
    return this.#once('pageStructs', () => {
      const { memory, vmcoreinfo, pageBytes, pageStructBytes, warnings } = this
      const offset = (member: string): number | undefined => {
        const [struct, ...path] = member.split('.')
        return vmcoreinfo.offset(member) ?? this.types.member(struct, path.join('.'))?.offset
      }
      const runs = readPageStructRuns({
        memory, vmcoreinfo, pageBytes, pageStructBytes, frames: this.physical.frames, symbol: (name) => this.symbol(name), offset
      }, warnings)
      return new PageStructMap(runs, pageStructBytes)
    })
  }

  #directWindow(): LinearWindow {
    void this.memory
    const window = this.#cache.get('direct') as LinearWindow | undefined
    if (window === undefined) throw new MissingSymbolError('the direct map', 'physical addresses have no virtual ones')
    return window
  }

  #findDirectMap(): LinearWindow | undefined {
    const { physical, vmcoreinfo, warnings } = this
    const { walk, image, architecture } = this.#space
    const found = findDirectMap(physical, walk, directMapCandidates(architecture, vmcoreinfo, this.#space.memory), image?.start)
    if (found !== undefined) return found
    const base = this.#directMapBySymbol()
    if (base === undefined) {
      warnings.add('the direct map was not found: addresses are translated through page tables only')
      return undefined
    }
    warnings.add('the direct map could not be verified through page tables: taken as the kernel\'s own symbols tell')
    return directMapAt(physical, base)
  }

  /** Address of physical 0 by the kernel's own variables, for dumps whose page tables are missing. */
  #directMapBySymbol(): bigint | undefined {
    const { vmcoreinfo } = this
    const memory = this.#space.memory
    if (this.architecture === 'arm64') return arm64DirectMaps(vmcoreinfo)[0]
    const symbol = this.kallsyms?.address('page_offset_base')
    return symbol === undefined ? undefined : wordAt(memory, symbol)
  }

  #once<T>(name: string, make: () => T): T {
    if (!this.#cache.has(name)) this.#cache.set(name, make())
    return this.#cache.get(name) as T
  }
}

/** Two lists in address order as one: cheaper than sorting a hundred thousand symbols for a few hundred that came in. */
function merged(many: readonly SymbolRecord[], few: readonly SymbolRecord[]): SymbolRecord[] {
  const all: SymbolRecord[] = []
  let from = 0
  for (const record of few) {
    let low = from
    let high = many.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (many[middle].address <= record.address) low = middle + 1
      else high = middle
    }
    for (; from < low; from++) all.push(many[from])
    all.push(record)
  }
  for (; from < many.length; from++) all.push(many[from])
  return all
}

/** Where physical 0 may lie in the direct map, the likeliest first. */
function* directMapCandidates(architecture: 'x86_64' | 'arm64', vmcoreinfo: Vmcoreinfo, memory: VirtualMemory): Iterable<bigint> {
  if (architecture === 'arm64') yield* arm64DirectMaps(vmcoreinfo)
  // Since 4.15 the section table is allocated, so it lies in the direct map.
  const table = vmcoreinfo.symbol('mem_section')
  const place = table === undefined ? 'unmapped' : memory.translate(table)
  if (table !== undefined && typeof place === 'number') yield table - BigInt(place)
  // Without KASLR (Linux Documentation/arch/x86/x86_64/mm.rst): since 4.20, before it, with five levels.
  if (architecture === 'x86_64') yield* [0xffff888000000000n, 0xffff880000000000n, 0xff11000000000000n]
}

/** The linear map starts at the bottom of the kernel's half since 5.4, at its middle before (Linux commit 14c127c957c1). */
function arm64DirectMaps(vmcoreinfo: Vmcoreinfo): bigint[] {
  const bits = vmcoreinfo.number('VA_BITS')
  const offset = vmcoreinfo.number('PHYS_OFFSET')
  if (bits === undefined || offset === undefined) return []
  return [bits, bits - 1n].map((width) => BigInt.asUintN(64, -(1n << width) - offset))
}
