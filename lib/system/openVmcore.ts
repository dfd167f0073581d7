import type { ByteSource } from '../source/bytes.js'
import { openKernel, type OpenKernelOptions } from './openKernel.js'
import { VmcoreSystem } from './vmcoreSystem.js'

/**
 * Opens a dump as it is, with what lies in it: memory, symbols, types and slabs. Several files are the parts of one split dump.
 * Opening reads headers and a few page tables; everything else is read when asked for.
 *
 * @throws FormatError where it is no dump that slablab reads, or its machine is neither x86-64 nor arm64
 *
 * @example
 * const system = await openVmcore('vmcore')
 * system.symbols.named('single_start')[0]?.address
 */
export async function openVmcore(dump: string | ByteSource | readonly string[], options: OpenKernelOptions = {}): Promise<VmcoreSystem> {
  const { kernel, dump: opened } = await openKernel(dump, options)
  return new VmcoreSystem(kernel, opened)
}
