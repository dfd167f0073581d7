import { FormatError, UsageError } from '../errors.js'
import type { ByteSource } from '../source/bytes.js'
import { openFile, wrappingOf, type OpenFile } from '../source/file.js'
import { fileKind, KIND_BYTES } from '../source/fileKind.js'
import { isFlattened, readFlattened } from '../source/flattened.js'
import { cpuRegisters, machineOfPrstatus, NT_PRSTATUS, qemuCpus, type CpuRegisters, type ElfNote, type QemuCpu } from '../source/notes.js'
import { unwrap, unwrappedHead } from '../source/unwrap.js'
import { parseVmcoreinfo, type Vmcoreinfo } from '../source/vmcoreinfo.js'
import { Warnings } from '../warnings.js'
import { findVmcoreinfo } from './findVmcoreinfo.js'
import type { PhysicalMemory } from './memory.js'
import type { DumpContent } from './physical/dumpContent.js'
import { openElf } from './physical/openElf.js'
import { openKdump } from './physical/openKdump.js'
import type { HelperTask } from './physical/pageHelper.js'
import { PhysicalPages, type PageHelpers } from './physical/physicalPages.js'
import { startHelpers } from './physical/startHelpers.js'

/** A dump's physical memory and what its headers say, with no knowledge of the kernel in it. Null is unknown. */
export interface PhysicalDump {
  readonly physical: PhysicalMemory
  readonly format: DumpContent['format']
  /** Of its pages, as the header says. */
  readonly compression: DumpContent['compression']
  readonly flattened: boolean
  readonly littleEndian: boolean
  readonly pointerBytes: 4 | 8
  /** `uname -m` of the machine: x86_64, aarch64, …; null where nothing in the file tells. */
  readonly machine: string | null
  /** `uname -r` as the dump tool wrote it. VMCOREINFO's OSRELEASE is the better source. */
  readonly release: string | null
  readonly nodename: string | null
  /** Seconds since 1970 of the dump. */
  readonly time: number | null
  /** What makedumpfile left out (its -d). */
  readonly dumpLevel: number | null
  /** Undefined where neither the file nor its memory holds any. */
  readonly vmcoreinfo: Vmcoreinfo | undefined
  /** Where it was found: in the file's headers, or by a search through memory (then the likeliest is taken). */
  readonly vmcoreinfoFrom: 'file' | 'memory' | null
  /** All that a search through memory found, the likeliest first; empty where there was no need to search. */
  readonly vmcoreinfoCandidates: readonly Vmcoreinfo[]
  /** Registers at the crash, one entry a CPU that saved them. */
  readonly cpus: readonly CpuRegisters[]
  /** CPU states by QEMU, with control registers. */
  readonly qemuCpus: readonly QemuCpu[]
  readonly notes: readonly ElfNote[]
  /** The files as they were given, and their sizes. */
  readonly files: readonly { readonly file: string; readonly bytes: number }[]
  /** Closes the files; the memory can't be read any more. */
  close(): void
}

export interface OpenPhysicalOptions {
  /** Collects what is wrong with the file but not fatal. */
  readonly warnings?: Warnings
  /** The most memory for decompressed pages; 64 MiB unless said. */
  readonly cacheBytes?: number
  /** Whether everything will be asked for: then other threads start to decompress at once. */
  readonly readAhead?: boolean
  /** Whether to search memory for VMCOREINFO where the file has none: reads all pages. Default: true. */
  readonly searchVmcoreinfo?: boolean
  /** Work that can take long: `what` is being done, bytes or pages so far, and in all (null where unknown). */
  readonly onProgress?: (what: string, done: number, total: number | null) => void
  readonly signal?: AbortSignal
}

/** A page where nothing says otherwise: Linux on x86-64 has no other. */
const DEFAULT_PAGE_BYTES = 4096

/**
 * Opens a dump's physical memory: kdump-compressed (one file, or the parts of a split one in any order), diskdump or ELF; flattened or
 * not; gzip, xz or zstd around it or not (then it is unpacked into the cache folder first).
 *
 * @example
 * const { physical, vmcoreinfo } = await openPhysical('vmcore')
 * @throws FormatError where it is no dump we read, with what it is and what converts it; UsageError where several files don't belong together
 */
export async function openPhysical(dump: string | ByteSource | readonly string[], options: OpenPhysicalOptions = {}): Promise<PhysicalDump> {
  const warnings = options.warnings ?? new Warnings()
  const inputs: readonly (string | ByteSource)[] = typeof dump === 'string' || 'read' in dump ? [dump] : dump
  if (inputs.length === 0) throw new UsageError('expected a dump file, got none')
  const opened: OpenFile[] = []
  const stops: (() => void)[] = []
  const close = (): void => {
    stops.splice(0).forEach((stop) => stop())
    opened.splice(0).forEach((file) => file.close())
  }
  try {
    const files: { file: string; bytes: number }[] = []
    const sources: ByteSource[] = []
    let flattened = false
    for (const input of inputs) {
      const source = typeof input === 'string' ? keep(opened, openFile(input)) : input
      files.push({ file: source.name, bytes: source.byteLength })
      const plain = typeof input === 'string' ? await unwrapped(opened, opened[opened.length - 1], warnings, options) : source
      const stream = isFlattened(plain.read(0, 16))
      flattened ||= stream
      sources.push(stream ? await readFlattened(plain, warnings, { signal: options.signal, onProgress: (done, total) => options.onProgress?.('reading the flattened file', done, total) }) : plain)
    }
    const content = openContent(sources, warnings)
    // Only plain files can be opened a second time by another thread, and only decompression is worth it.
    const plain = !flattened && content.compression !== 'none' && sources.every((source) => opened.some((file) => file === source))
    const helpers = plain ? pageHelpers(sources.map(({ name }) => name), stops) : undefined
    return { ...await describe(content, warnings, options, helpers), flattened, files, close }
  } catch (error) {
    close()
    throw error
  }
}

/** Threads for a dump's files; what stops them is added to `stops`. */
function pageHelpers(files: readonly string[], stops: (() => void)[]): PageHelpers {
  const started = (task: Omit<HelperTask, 'files'>, bytes: number): boolean => {
    const stop = startHelpers({ files, ...task }, bytes)
    if (stop !== undefined) stops.push(stop)
    return stop !== undefined
  }
  return {
    fill: (pages) => void started({ pages }, pages.bytes.byteLength),
    follow: (pass) => started({ pass }, pass.pages * pass.pageBytes)
  }
}

function keep(opened: OpenFile[], file: OpenFile): OpenFile {
  opened.push(file)
  return file
}

/** The file, or what is packed in it if that is a dump. */
async function unwrapped(opened: OpenFile[], file: OpenFile, warnings: Warnings, options: OpenPhysicalOptions): Promise<ByteSource> {
  const wrapping = wrappingOf(file.read(0, 8))
  if (wrapping === undefined) return file
  const kind = fileKind(await unwrappedHead(file.name))
  if (!isDump(kind?.kind)) throw notADump(`${file.name} (${wrapping})`, kind)
  return keep(opened, await unwrap(file, wrapping, warnings, { signal: options.signal, onProgress: (done) => options.onProgress?.(`unpacking ${file.name}`, done, null) }))
}

const dumpKinds = ['kdump-compressed', 'diskdump', 'kdump-flattened', 'elf-core']

function isDump(kind: string | undefined): boolean {
  return kind !== undefined && dumpKinds.includes(kind)
}

function notADump(name: string, kind: ReturnType<typeof fileKind>): FormatError {
  const hint = kind?.hint ? `; ${kind.hint}` : ''
  return new FormatError('not a dump of a machine\'s memory', {
    source: name, found: kind?.text ?? 'text, or a format without a mark of its own', expected: `a vmcore: kdump-compressed, flattened or ELF${hint}`
  })
}

function openContent(sources: readonly ByteSource[], warnings: Warnings): DumpContent {
  const kinds = sources.map((source) => fileKind(source.read(0, KIND_BYTES)))
  const stranger = kinds.findIndex((kind) => !isDump(kind?.kind))
  if (stranger >= 0) throw notADump(sources[stranger].name, kinds[stranger])
  const elf = kinds.findIndex((kind) => kind?.kind === 'elf-core')
  if (elf < 0) return openKdump(sources, warnings)
  if (sources.length > 1) throw new UsageError(`${sources[elf].name} is an ELF dump, which has no further parts: expected one file, got ${sources.length}`)
  return openElf(sources[0], warnings)
}

async function describe(
  content: DumpContent, warnings: Warnings, options: OpenPhysicalOptions, helpers: PageHelpers | undefined
): Promise<Omit<PhysicalDump, 'flattened' | 'files' | 'close'>> {
  const { cacheBytes, searchVmcoreinfo = true, signal, onProgress } = options
  let vmcoreinfo = content.vmcoreinfoText === undefined ? undefined : parseVmcoreinfo(content.vmcoreinfoText)
  let vmcoreinfoFrom: PhysicalDump['vmcoreinfoFrom'] = vmcoreinfo ? 'file' : null
  let vmcoreinfoCandidates: Vmcoreinfo[] = []
  const memory = (info: Vmcoreinfo | undefined): PhysicalPages => {
    const pageBytes = pageBytesOf(info) ?? Math.min(content.blockBytes ?? DEFAULT_PAGE_BYTES, DEFAULT_PAGE_BYTES)
    return new PhysicalPages(content.store(pageBytes), pageBytes, cacheBytes, helpers)
  }
  let physical = memory(vmcoreinfo)
  if (vmcoreinfo === undefined && searchVmcoreinfo) {
    const found = await findVmcoreinfo(physical, {
      release: content.release ?? undefined, signal, onProgress: (done, total) => onProgress?.('searching VMCOREINFO', done, total)
    })
    vmcoreinfoCandidates = found.map((one) => one.vmcoreinfo)
    if (found.length > 0) {
      vmcoreinfo = found[0].vmcoreinfo
      vmcoreinfoFrom = 'memory'
      warnings.add(`no VMCOREINFO in the file; taken from memory at 0x${found[0].physical.toString(16)}${found.length > 1 ? `, the longest of ${found.length}` : ''}`)
      physical = memory(vmcoreinfo)
    }
  }
  if (options.readAhead === true) physical.readAhead()
  const { format, compression, littleEndian, pointerBytes, release, nodename, time, dumpLevel, notes } = content
  return {
    physical, format, compression, littleEndian, pointerBytes, release, nodename, time, dumpLevel, notes,
    vmcoreinfo, vmcoreinfoFrom, vmcoreinfoCandidates,
    machine: content.machine ?? machineOf(vmcoreinfo, notes),
    cpus: cpuRegisters(notes, littleEndian),
    qemuCpus: qemuCpus(notes, littleEndian)
  }
}

function pageBytesOf(vmcoreinfo: Vmcoreinfo | undefined): number | undefined {
  const bytes = Number(vmcoreinfo?.value('PAGESIZE'))
  return bytes >= 4096 && bytes <= 65536 && (bytes & (bytes - 1)) === 0 ? bytes : undefined
}

function machineOf(vmcoreinfo: Vmcoreinfo | undefined, notes: readonly ElfNote[]): string | null {
  if (vmcoreinfo?.number('kimage_voffset') !== undefined) return 'aarch64'
  if (vmcoreinfo?.number('phys_base') !== undefined) return 'x86_64'
  const status = notes.find(({ name, type }) => name === 'CORE' && type === NT_PRSTATUS)
  return (status && machineOfPrstatus(status.content.length)) ?? null
}

