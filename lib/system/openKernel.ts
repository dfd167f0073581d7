import { FormatError } from '../errors.js'
import { findAddressSpace, type AddressSpace } from '../memory/addressSpace.js'
import { findVmcoreinfo } from '../memory/findVmcoreinfo.js'
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
  /** Symbols from elsewhere (System.map, kallsyms, vmlinux): they are moved by the kernel's KASLR offset where they need it. */
  readonly symbols?: SymbolTable
  /** BTF from elsewhere, for a kernel that carries none. */
  readonly btf?: Uint8Array
  readonly signal?: AbortSignal
  /** Told while the whole dump is searched for what its headers lack. */
  readonly onProgress?: (done: number, total: number) => void
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
  const dump = await openPhysical(file, { warnings, cacheBytes: options.cacheBytes })
  try {
    const { machine } = dump
    const source = dump.files[0]?.file ?? 'dump'
    if (dump.pointerBytes !== 8) {
      throw new FormatError('a 32-bit machine, whose memory slablab does not translate', { source, found: machine ?? undefined })
    }
    const { space, physical, vmcoreinfo } = await spaceOf(dump, source, warnings, options)
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

async function spaceOf(dump: PhysicalDump, source: string, warnings: Warnings, options: OpenKernelOptions): Promise<FoundSpace> {
  const facts = (physical: PhysicalMemory, vmcoreinfo: Vmcoreinfo | undefined): Parameters<typeof findAddressSpace>[0] =>
    ({ physical, vmcoreinfo, littleEndian: dump.littleEndian, machine: dump.machine, qemuCpus: dump.qemuCpus, source })
  if (dump.vmcoreinfo !== undefined) {
    return { space: findAddressSpace(facts(dump.physical, dump.vmcoreinfo), warnings), physical: dump.physical, vmcoreinfo: dump.vmcoreinfo }
  }
  const found = await findVmcoreinfo(dump.physical, {
    ...(dump.release === null ? {} : { release: dump.release }), signal: options.signal, onProgress: options.onProgress
  })
  // An older kernel's text may have survived in memory: the one whose page tables work is the one that ran.
  for (const { vmcoreinfo } of found) {
    const pageBytes = Number(vmcoreinfo.value('PAGESIZE'))
    const physical = isPageSize(pageBytes) ? repaged(dump.physical, pageBytes) : dump.physical
    try {
      const space = findAddressSpace({ ...facts(physical, vmcoreinfo), qemuCpus: [] }, new Warnings())
      warnings.add('the dump\'s headers hold no VMCOREINFO: found the kernel\'s own in memory')
      return { space, physical, vmcoreinfo }
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
    }
  }
  const space = findAddressSpace(facts(dump.physical, undefined), warnings)
  warnings.add('the dump holds no VMCOREINFO: page tables were found through the CPU states that QEMU noted')
  return { space, physical: dump.physical, vmcoreinfo: parseVmcoreinfo('') }
}

function isPageSize(bytes: number): boolean {
  return bytes === 4096 || bytes === 16384 || bytes === 65536
}
