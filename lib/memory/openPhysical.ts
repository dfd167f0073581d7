import { FormatError } from '../errors.js'
import type { ByteSource } from '../source/bytes.js'
import { openFile, type OpenFile } from '../source/file.js'
import { readKdumpHeader, type FileRange, type KdumpHeader } from '../source/kdumpHeader.js'
import { cpuRegisters, machineOfPrstatus, NT_PRSTATUS, qemuCpus, readNotes, vmcoreinfoText, type CpuRegisters, type ElfNote, type QemuCpu } from '../source/notes.js'
import { parseVmcoreinfo, type Vmcoreinfo } from '../source/vmcoreinfo.js'
import { cString } from '../source/view.js'
import { Warnings } from '../warnings.js'
import type { PhysicalMemory } from './memory.js'
import { KdumpBlocks } from './physical/kdumpBlocks.js'
import { PhysicalPages } from './physical/physicalPages.js'

/** A dump's physical memory and what its headers say, with no knowledge of the kernel in it. */
export interface PhysicalDump {
  readonly physical: PhysicalMemory
  readonly littleEndian: boolean
  readonly pointerBytes: 4 | 8
  /** `uname -m` of the machine: x86_64, aarch64, …; null where nothing in the file tells. */
  readonly machine: string | null
  /** `uname -r` as the dump tool wrote it, null where it did not. VMCOREINFO's OSRELEASE is the better source. */
  readonly release: string | null
  /** Seconds since 1970 of the dump, null where the file does not say. */
  readonly time: number | null
  /** What makedumpfile left out (its -d), null where the file does not say. */
  readonly dumpLevel: number | null
  /** Undefined where the file holds none. */
  readonly vmcoreinfo: Vmcoreinfo | undefined
  /** Registers at the crash, one entry a CPU that saved them. */
  readonly cpus: readonly CpuRegisters[]
  /** CPU states by QEMU, with control registers. */
  readonly qemuCpus: readonly QemuCpu[]
  readonly notes: readonly ElfNote[]
  readonly files: readonly { readonly file: string; readonly bytes: number }[]
  /** Closes the files; the memory can't be read any more. */
  close(): void
}

export interface OpenPhysicalOptions {
  /** Collects what is wrong with the file but not fatal. */
  readonly warnings?: Warnings
  /** The most memory for decompressed pages; 64 MiB unless said. */
  readonly cacheBytes?: number
}

/**
 * Opens a dump's physical memory.
 *
 * @example
 * const { physical, vmcoreinfo } = await openPhysical('vmcore')
 * @throws FormatError where it is no dump we read
 */
export async function openPhysical(dump: string | ByteSource | readonly string[], options: OpenPhysicalOptions = {}): Promise<PhysicalDump> {
  const warnings = options.warnings ?? new Warnings()
  const inputs: readonly (string | ByteSource)[] = typeof dump === 'string' || 'read' in dump ? [dump] : dump
  const opened: OpenFile[] = []
  const sources = inputs.map((input) => {
    if (typeof input !== 'string') return input
    const file = openFile(input)
    opened.push(file)
    return file
  })
  try {
    return openKdump(sources, options, warnings, () => opened.forEach((file) => file.close()))
  } catch (error) {
    opened.forEach((file) => file.close())
    throw error
  }
}

function openKdump(sources: readonly ByteSource[], options: OpenPhysicalOptions, warnings: Warnings, close: () => void): PhysicalDump {
  const parts = sources.map((source) => ({ source, header: readKdumpHeader(source, warnings) }))
  const { source, header } = parts[0]
  const notes = header.notes ? readNotes(rangeOf(source, header.notes), header.littleEndian) : []
  const text = header.vmcoreinfo ? cString(rangeOf(source, header.vmcoreinfo)) : vmcoreinfoText(notes)
  const vmcoreinfo = text === undefined ? undefined : parseVmcoreinfo(text)
  const pageBytes = pageBytesOf(vmcoreinfo) ?? header.blockBytes
  return {
    physical: new PhysicalPages(new KdumpBlocks(parts, warnings), pageBytes, options.cacheBytes),
    littleEndian: header.littleEndian, pointerBytes: header.longBytes,
    machine: machineOf(header, vmcoreinfo, notes),
    release: header.uname.release || null,
    time: header.time, dumpLevel: header.dumpLevel,
    vmcoreinfo, notes,
    cpus: cpuRegisters(notes, header.littleEndian),
    qemuCpus: qemuCpus(notes, header.littleEndian),
    files: sources.map(({ name, byteLength }) => ({ file: name, bytes: byteLength })),
    close
  }
}

/** VMCOREINFO and notes are a few kilobytes a CPU; more than this is a damaged size. */
const MOST_NOTE_BYTES = 64 << 20

function rangeOf(source: ByteSource, { offset, bytes }: FileRange): Uint8Array {
  if (bytes > MOST_NOTE_BYTES) {
    throw new FormatError('impossible size of notes', { source: source.name, offset, found: `${bytes} bytes`, expected: `at most ${MOST_NOTE_BYTES}` })
  }
  return source.read(offset, bytes)
}

function pageBytesOf(vmcoreinfo: Vmcoreinfo | undefined): number | undefined {
  const bytes = Number(vmcoreinfo?.value('PAGESIZE'))
  return bytes >= 4096 && bytes <= 65536 && (bytes & (bytes - 1)) === 0 ? bytes : undefined
}

function machineOf(header: KdumpHeader, vmcoreinfo: Vmcoreinfo | undefined, notes: readonly ElfNote[]): string | null {
  if (header.uname.machine !== '') return header.uname.machine
  if (vmcoreinfo?.number('kimage_voffset') !== undefined) return 'aarch64'
  if (vmcoreinfo?.number('phys_base') !== undefined) return 'x86_64'
  const status = notes.find(({ name, type }) => name === 'CORE' && type === NT_PRSTATUS)
  return (status && machineOfPrstatus(status.content.length)) ?? null
}
