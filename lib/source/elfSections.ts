import { FormatError } from '../errors.js'
import type { ByteSource } from './bytes.js'
import type { ElfHeader } from './elfCore.js'
import { u64, viewOf } from './view.js'

/** Offsets in the file header and in section headers (ELF specification), by the size of a pointer. */
const layouts = {
  8: { shoff: 40, shentsize: 58, shnum: 60, shstrndx: 62, sectionBytes: 64, flags: 8, offset: 24, size: 32, link: 40 },
  4: { shoff: 32, shentsize: 46, shnum: 48, shstrndx: 50, sectionBytes: 40, flags: 8, offset: 16, size: 20, link: 24 }
} as const
const SECTION_NAME = 0
const SECTION_TYPE = 4
/** In `e_shstrndx`: the real index stands in sh_link of the first section header. */
const SHN_XINDEX = 0xffff
/** A section without bytes in the file. */
export const SHT_NOBITS = 8
/** The longest section that is read whole. */
const mostBytes = 1 << 28

/** A section header of an ELF file. */
export interface ElfSection {
  readonly name: string
  /** `sh_type` and `sh_flags`. */
  readonly type: number
  readonly flags: bigint
  readonly offset: number
  readonly bytes: number
  readonly link: number
}

/** The sections of an ELF file, the null section first; none where it has no section headers. @throws FormatError where they lie outside of it */
export function readElfSections(source: ByteSource, header: ElfHeader): ElfSection[] {
  const { littleEndian, pointerBytes } = header
  const layout = layouts[pointerBytes]
  const head = viewOf(source.read(0, 64))
  const wordIn = (view: DataView, at: number): number => (pointerBytes === 8 ? u64(view, at, littleEndian) : view.getUint32(at, littleEndian))
  const start = wordIn(head, layout.shoff)
  const bytes = head.getUint16(layout.shentsize, littleEndian)
  const read = (index: number, count: number): DataView => {
    const found = source.read(start + index * bytes, count * bytes)
    if (found.length < count * bytes) {
      throw new FormatError('section headers lie behind the end of the file', { source: source.name, offset: start, found: `${source.byteLength} bytes` })
    }
    return viewOf(found)
  }
  if (start === 0 || bytes < layout.sectionBytes) return []
  // Counts that do not fit stand in the first section header.
  const first = read(0, 1)
  const count = head.getUint16(layout.shnum, littleEndian) || wordIn(first, layout.size)
  const shstrndx = head.getUint16(layout.shstrndx, littleEndian)
  const namesIndex = shstrndx === SHN_XINDEX ? first.getUint32(layout.link, littleEndian) : shstrndx
  if (count * bytes > source.byteLength) {
    throw new FormatError('impossible section headers', { source: source.name, offset: start, found: `${count} of ${bytes} bytes` })
  }
  const view = read(0, count)
  const raw = Array.from({ length: count }, (_, i) => {
    const at = i * bytes
    return {
      nameAt: view.getUint32(at + SECTION_NAME, littleEndian), name: '', type: view.getUint32(at + SECTION_TYPE, littleEndian),
      flags: BigInt(wordIn(view, at + layout.flags)), offset: wordIn(view, at + layout.offset), bytes: wordIn(view, at + layout.size),
      link: view.getUint32(at + layout.link, littleEndian)
    }
  })
  const names = raw[namesIndex] === undefined ? new Uint8Array(0) : elfSectionBytes(source, raw[namesIndex], 'names of the sections')
  return raw.map(({ nameAt, ...section }) => ({ ...section, name: stringAt(names, nameAt) }))
}

/** The bytes of a section. @throws FormatError where it lies outside of the file, or cannot be that long */
export function elfSectionBytes(source: ByteSource, section: ElfSection | undefined, what: string): Uint8Array {
  if (section === undefined || section.bytes > mostBytes || section.offset + section.bytes > source.byteLength) {
    throw new FormatError(`${what} lie behind the end of the file`, { source: source.name, offset: section?.offset })
  }
  return source.read(section.offset, section.bytes)
}

/** The NUL-terminated string at a place in a string table. */
export function stringAt(names: Uint8Array, at: number): string {
  const end = names.indexOf(0, at)
  return Buffer.from(names.buffer, names.byteOffset + at, Math.max(0, (end < 0 ? names.length : end) - at)).toString('utf8')
}
