import { FormatError } from '../errors.js'
import type { Warnings } from '../warnings.js'
import type { ByteSource } from './bytes.js'
import { u64, viewOf } from './view.js'

/** Values of `e_type` (ELF specification). */
export const ET_REL = 1
export const ET_EXEC = 2
export const ET_DYN = 3
export const ET_CORE = 4

const PT_LOAD = 1
const PT_NOTE = 4
/** In `e_phnum`: the real count stands in sh_info of the first section header. */
const PN_XNUM = 0xffff
/** In `p_paddr`: no physical address (the kernel's /proc/kcore says so of vmalloc areas). */
const NO_ADDRESS = 2 ** 64

/** `uname -m` by `e_machine`, for the machines that Linux dumps come from. */
const machines: Readonly<Record<number, string>> = {
  3: 'i686', 8: 'mips', 21: 'ppc64', 22: 's390x', 40: 'arm', 62: 'x86_64', 183: 'aarch64', 243: 'riscv64', 258: 'loongarch64'
}

/** A piece of memory in an ELF file. Bytes beyond `fileBytes` are not in the file: excluded, in a vmcore. */
export interface ElfSegment {
  readonly offset: number
  readonly physical: number
  readonly virtual: number
  readonly fileBytes: number
  readonly memoryBytes: number
}

export interface ElfHeader {
  readonly littleEndian: boolean
  readonly pointerBytes: 4 | 8
  readonly type: number
  /** `uname -m` of the machine, or `machine 123` for one without a name here. */
  readonly machine: string
  readonly programHeaders: { readonly offset: number; readonly count: number; readonly bytes: number }
}

export interface ElfCore extends ElfHeader {
  /** PT_LOAD segments that have a physical address, in the order of the file. */
  readonly segments: readonly ElfSegment[]
  /** Where the PT_NOTE segments lie in the file. */
  readonly notes: readonly { readonly offset: number; readonly bytes: number }[]
}

/** Offsets of the fields, which are in different places for 32 and 64 bits. */
const layouts = {
  4: {
    header: 52, phoff: 28, shoff: 32, phentsize: 42, phnum: 44, sectionInfo: 28,
    programBytes: 32, offset: 4, virtual: 8, physical: 12, fileBytes: 16, memoryBytes: 20
  },
  8: {
    header: 64, phoff: 32, shoff: 40, phentsize: 54, phnum: 56, sectionInfo: 44,
    programBytes: 56, offset: 8, virtual: 16, physical: 24, fileBytes: 32, memoryBytes: 40
  }
} as const

/** Program headers read at once. */
const BATCH = 1024
/** Segments whose list fits into memory: makedumpfile makes one for every 256 excluded pages at most. */
const MOST_SEGMENTS = 1 << 21

/** Whether a file starts as an ELF file. */
export function isElf(head: Uint8Array): boolean {
  return head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46
}

/** Reads the ELF header of any ELF file. @throws FormatError where it is none, or is cut off inside the header */
export function readElfHeader(source: ByteSource): ElfHeader {
  const head = source.read(0, layouts[8].header)
  if (!isElf(head)) throw new FormatError('not an ELF file', { source: source.name, offset: 0 })
  const pointerBytes = head[4] === 2 ? 8 : head[4] === 1 ? 4 : undefined
  if (pointerBytes === undefined || (head[5] !== 1 && head[5] !== 2)) {
    throw new FormatError('impossible ELF header', { source: source.name, offset: 4, found: `class ${head[4]}, byte order ${head[5]}` })
  }
  const layout = layouts[pointerBytes]
  if (head.length < layout.header) throw new FormatError('truncated in its ELF header', { source: source.name, offset: head.length })
  const littleEndian = head[5] === 1
  const view = viewOf(head)
  const word = (at: number): number => (pointerBytes === 8 ? u64(view, at, littleEndian) : view.getUint32(at, littleEndian))
  const machine = view.getUint16(18, littleEndian)
  let count = view.getUint16(layout.phnum, littleEndian)
  if (count === PN_XNUM) {
    const section = source.read(word(layout.shoff), layout.sectionInfo + 4)
    if (section.length < layout.sectionInfo + 4) {
      throw new FormatError('the count of program headers lies behind the end of the file', { source: source.name, offset: word(layout.shoff) })
    }
    count = viewOf(section).getUint32(layout.sectionInfo, littleEndian)
  }
  return {
    littleEndian, pointerBytes,
    type: view.getUint16(16, littleEndian),
    machine: machines[machine] ?? `machine ${machine}`,
    programHeaders: { offset: word(layout.phoff), count, bytes: view.getUint16(layout.phentsize, littleEndian) }
  }
}

/**
 * Reads the program headers of an ELF core. Virtual addresses in it may be anything (QEMU and old kernels write 0 or −1), so memory goes
 * by its physical addresses.
 *
 * @throws FormatError where it is no ELF core, or its headers can't be true
 */
export function readElfCore(source: ByteSource, warnings: Warnings): ElfCore {
  const header = readElfHeader(source)
  const { littleEndian, pointerBytes, programHeaders: { offset, count, bytes } } = header
  if (header.type !== ET_CORE) {
    throw new FormatError('an ELF file that is no core dump', { source: source.name, offset: 16, found: `type ${header.type}`, expected: `type ${ET_CORE}` })
  }
  const layout = layouts[pointerBytes]
  if (count > 0 && bytes < layout.programBytes) {
    throw new FormatError('impossible program headers', { source: source.name, found: `${bytes} bytes each`, expected: `at least ${layout.programBytes}` })
  }
  const there = Math.min(count, MOST_SEGMENTS, Math.floor(Math.max(0, source.byteLength - offset) / Math.max(1, bytes)))
  if (there < count) warnings.add(`${source.name}: only ${there} of its ${count} program headers are in the file`)
  const segments: ElfSegment[] = []
  const notes: { offset: number; bytes: number }[] = []
  for (let first = 0; first < there; first += BATCH) {
    const batch = Math.min(BATCH, there - first)
    const view = viewOf(source.read(offset + first * bytes, batch * bytes))
    const word = (at: number): number => (pointerBytes === 8 ? u64(view, at, littleEndian) : view.getUint32(at, littleEndian))
    for (let at = 0; at + bytes <= view.byteLength; at += bytes) {
      const kind = view.getUint32(at, littleEndian)
      const segment = {
        offset: word(at + layout.offset), virtual: word(at + layout.virtual), physical: word(at + layout.physical),
        fileBytes: word(at + layout.fileBytes), memoryBytes: word(at + layout.memoryBytes)
      }
      if (kind === PT_NOTE && segment.fileBytes > 0) notes.push({ offset: segment.offset, bytes: segment.fileBytes })
      if (kind !== PT_LOAD || segment.memoryBytes === 0 || isNoAddress(segment.physical, pointerBytes)) continue
      if (segment.physical + segment.memoryBytes > Number.MAX_SAFE_INTEGER) {
        warnings.add(`${source.name}: a segment beyond all memory, at 0x${segment.physical.toString(16)}, was left out`)
        continue
      }
      segments.push(segment)
    }
  }
  return { ...header, segments, notes }
}

function isNoAddress(address: number, pointerBytes: 4 | 8): boolean {
  return pointerBytes === 8 ? address >= NO_ADDRESS - 4096 : address === 0xffffffff
}
