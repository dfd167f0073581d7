import { FormatError } from '../errors.js'
import { findAddressSpace } from '../memory/addressSpace.js'
import { openPhysical, type PhysicalDump } from '../memory/openPhysical.js'
import type { ByteSource } from '../source/bytes.js'
import { parseVmcoreinfo } from '../source/vmcoreinfo.js'
import { Warnings } from '../warnings.js'
import { DumpKernel } from './kernelView.js'

export interface OpenKernelOptions {
  /** Collects recoverable trouble; the kernel's own collector where none is given. */
  readonly warnings?: Warnings
  /** The most memory for decompressed pages. */
  readonly cacheBytes?: number
}

/** A kernel and the dump that holds it. */
export interface OpenedKernel {
  readonly kernel: DumpKernel
  readonly dump: PhysicalDump
}

/**
 * Opens the kernel in a dump: its memory, symbols and types come out of the dump itself. Several files are the parts of one split
 * dump. Opening reads headers and a few page tables; everything else is read when asked for.
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
    const { physical, machine, vmcoreinfo } = dump
    const source = dump.files[0]?.file ?? 'dump'
    if (dump.pointerBytes !== 8) {
      throw new FormatError('a 32-bit machine, whose memory slablab does not translate', { source, found: machine ?? undefined })
    }
    const space = findAddressSpace({ ...dump, source }, warnings)
    return { dump, kernel: new DumpKernel(space, physical, vmcoreinfo ?? parseVmcoreinfo(''), warnings) }
  } catch (error) {
    dump.close()
    throw error
  }
}
