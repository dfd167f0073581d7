import { FormatError } from '../errors.js'
import { findAddressSpace, type AddressSpace, type AddressSpaceFacts } from '../memory/addressSpace.js'
import type { PhysicalMemory } from '../memory/memory.js'
import { openPhysical, type PhysicalDump } from '../memory/openPhysical.js'
import { repaged } from '../memory/physical/repaged.js'
import type { ByteSource } from '../source/bytes.js'
import { parseVmcoreinfo, type Vmcoreinfo } from '../source/vmcoreinfo.js'
import type { SymbolTable } from '../symbol/symbolTable.js'
import { Warnings } from '../warnings.js'
import { fitGivenSymbols } from './givenSymbols.js'
import { fitGivenBtf } from './givenTypes.js'
import { DumpKernel } from './kernelView.js'

export interface OpenKernelOptions {
  /** Collects recoverable trouble; the kernel's own collector where none is given. */
  readonly warnings?: Warnings
  /** The most memory for decompressed pages. */
  readonly cacheBytes?: number
  /** Whether everything in a dump will be asked for: then other threads start to decompress it at once. */
  readonly readAhead?: boolean
  /** Symbols from elsewhere (System.map, kallsyms, vmlinux): they are moved by the kernel's KASLR offset where they need it. */
  readonly symbols?: SymbolTable
  /** BTF from elsewhere, for a kernel that carries none. */
  readonly btf?: Uint8Array
  readonly signal?: AbortSignal
  /** Work that can take long, such as unpacking the file: what is being done, how far it is, and of how much (null where unknown). */
  readonly onProgress?: (what: string, done: number, total: number | null) => void
}

/** A kernel and the dump that holds it. */
export interface OpenedKernel {
  readonly kernel: DumpKernel
  readonly dump: PhysicalDump
}

/**
 * Opens the kernel in a dump: its memory, symbols and types come out of the dump itself. Several files are the parts of one split
 * dump. Opening reads headers and a few page tables; everything else is read when asked for. Where the headers lack VMCOREINFO, memory
 * is searched for it.
 *
 * @throws FormatError where it is no dump that slablab reads, or its machine is neither x86-64 nor arm64
 *
 * @example
 * const { kernel } = await openKernel('vmcore')
 * kernel.symbol('single_start')
 */
export async function openKernel(file: string | ByteSource | readonly string[], options: OpenKernelOptions = {}): Promise<OpenedKernel> {
  const warnings = options.warnings ?? new Warnings()
  const dump = await openPhysical(file, { ...options, warnings })
  try {
    const { machine } = dump
    const source = dump.files[0]?.file ?? 'dump'
    if (dump.pointerBytes !== 8) {
      throw new FormatError('a 32-bit machine, whose memory slablab does not translate', { source, found: machine ?? undefined })
    }
    const { space, physical, vmcoreinfo } = spaceOf(dump, source, warnings)
    const kernel = new DumpKernel(space, physical, vmcoreinfo, warnings)
    const symbols = options.symbols && fitGivenSymbols(options.symbols, kernel, warnings)
    const btf = options.btf && fitGivenBtf(options.btf, vmcoreinfo, warnings)
    if (symbols === undefined && btf === undefined) return { dump, kernel }
    return { dump, kernel: new DumpKernel(space, physical, vmcoreinfo, warnings, { symbols, btf }) }
  } catch (error) {
    dump.close()
    throw error
  }
}

interface FoundSpace {
  readonly space: AddressSpace
  readonly physical: PhysicalMemory
  readonly vmcoreinfo: Vmcoreinfo
}

function spaceOf(dump: PhysicalDump, source: string, warnings: Warnings): FoundSpace {
  const facts = (physical: PhysicalMemory, vmcoreinfo: Vmcoreinfo | undefined): AddressSpaceFacts =>
    ({ physical, vmcoreinfo, littleEndian: dump.littleEndian, machine: dump.machine, qemuCpus: dump.qemuCpus, source })
  const [told, ...others] = dump.vmcoreinfo === undefined ? [] : [dump.vmcoreinfo, ...dump.vmcoreinfoCandidates.filter((one) => one !== dump.vmcoreinfo)]
  try {
    if (told !== undefined) return { space: findAddressSpace(facts(dump.physical, told), warnings), physical: dump.physical, vmcoreinfo: told }
  } catch (error) {
    // What was found in memory may be an older kernel's: the one whose page tables work is the one that ran.
    if (!(error instanceof FormatError) || dump.vmcoreinfoFrom !== 'memory') throw error
    for (const vmcoreinfo of others) {
      const found = spaceWith(dump.physical, vmcoreinfo, facts)
      if (found !== undefined) return found
    }
    if (dump.qemuCpus.length === 0) throw error
  }
  const space = findAddressSpace(facts(dump.physical, undefined), warnings)
  warnings.add('no VMCOREINFO that fits: page tables were found through the CPU states that QEMU noted')
  return { space, physical: dump.physical, vmcoreinfo: parseVmcoreinfo('') }
}

function spaceWith(
  physical: PhysicalMemory, vmcoreinfo: Vmcoreinfo, facts: (physical: PhysicalMemory, vmcoreinfo: Vmcoreinfo) => AddressSpaceFacts
): FoundSpace | undefined {
  const pageBytes = Number(vmcoreinfo.value('PAGESIZE'))
  const pages = pageBytes === 4096 || pageBytes === 16384 || pageBytes === 65536 ? repaged(physical, pageBytes) : physical
  try {
    return { space: findAddressSpace(facts(pages, vmcoreinfo), new Warnings()), physical: pages, vmcoreinfo }
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}
