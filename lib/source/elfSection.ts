import { FormatError } from '../errors.js'
import type { ByteSource } from './bytes.js'
import { readElfHeader } from './elfCore.js'
import { u64, viewOf } from './view.js'

/** Offsets in the file header and in section headers (ELF specification), by the size of a pointer. */
const layouts = {
  8: { header: 64, shoff: 40, shentsize: 58, shnum: 60, shstrndx: 62, sectionBytes: 64, offset: 24, size: 32, link: 40 },
  4: { header: 52, shoff: 32, shentsize: 46, shnum: 48, shstrndx: 50, sectionBytes: 40, offset: 16, size: 20, link: 24 }
} as const
const SHT_NOBITS = 8
/** In `e_shstrndx`: the real index stands in sh_link of the first section header. */
const SHN_XINDEX = 0xffff
/** Sections of a vmlinux with DWARF are below this; larger ones are not read whole. */
const LARGEST_SECTION_BYTES = 1 << 28

/**
 * The bytes of a named section of an ELF file: `.BTF`, `.note.gnu.build-id`; undefined where it has none of that name, or none of its bytes.
 *
 * @throws FormatError where it is no ELF file, or its section headers lie outside of it
 */
export function elfSection(source: ByteSource, name: string): Uint8Array | undefined {
  const { littleEndian, pointerBytes } = readElfHeader(source)
  const layout = layouts[pointerBytes]
  const head = viewOf(source.read(0, layout.header))
  const word = (view: DataView, at: number): number => (pointerBytes === 8 ? u64(view, at, littleEndian) : view.getUint32(at, littleEndian))
  const start = word(head, layout.shoff)
  const bytes = head.getUint16(layout.shentsize, littleEndian)
  if (start === 0 || bytes < layout.sectionBytes) return undefined
  const headers = (index: number, count: number): DataView => {
    const found = source.read(start + index * bytes, count * bytes)
    if (found.length < count * bytes) {
      throw new FormatError('section headers lie behind the end of the file', { source: source.name, offset: start, found: `${source.byteLength} bytes` })
    }
    return viewOf(found)
  }
  // Counts that do not fit into 16 bits stand in the first section header.
  const first = headers(0, 1)
  const count = head.getUint16(layout.shnum, littleEndian) || word(first, layout.size)
  if (count * bytes > source.byteLength) {
    throw new FormatError('impossible section headers', { source: source.name, offset: start, found: `${count} of ${bytes} bytes` })
  }
  const all = headers(0, count)
  const content = (index: number): Uint8Array => {
    const at = index * bytes
    const offset = word(all, at + layout.offset)
    const size = word(all, at + layout.size)
    if (size > LARGEST_SECTION_BYTES || offset + size > source.byteLength) {
      throw new FormatError(`section ${index} lies behind the end of the file`, { source: source.name, offset: start + at, found: `${size} bytes at ${offset}` })
    }
    return source.read(offset, size)
  }
  const shstrndx = head.getUint16(layout.shstrndx, littleEndian)
  const nameIndex = shstrndx === SHN_XINDEX ? first.getUint32(layout.link, littleEndian) : shstrndx
  if (nameIndex >= count) return undefined
  const names = content(nameIndex)
  const wanted = Buffer.from(`${name}\0`, 'latin1')
  for (let index = 1; index < count; index++) {
    const at = all.getUint32(index * bytes, littleEndian)
    if (Buffer.compare(names.subarray(at, at + wanted.length), wanted) !== 0) continue
    return all.getUint32(index * bytes + 4, littleEndian) === SHT_NOBITS ? undefined : content(index)
  }
  return undefined
}

/** Type and owner of the note that holds the build id; other owners (Xen) use the same number. */
const NT_GNU_BUILD_ID = 3
const GNU = 'GNU\0'
/** Three words before the owner's name: bytes of name and content, type. */
const NOTE_HEADER_BYTES = 12

/** The build id of an ELF file as hex digits; undefined where it carries none. */
export function elfBuildId(source: ByteSource): string | undefined {
  const note = elfSection(source, '.note.gnu.build-id') ?? elfSection(source, '.notes')
  if (note === undefined) return undefined
  const { littleEndian } = readElfHeader(source)
  const view = viewOf(note)
  for (let at = 0; at + NOTE_HEADER_BYTES <= note.length;) {
    const nameBytes = view.getUint32(at, littleEndian)
    const dataBytes = view.getUint32(at + 4, littleEndian)
    const data = at + NOTE_HEADER_BYTES + Math.ceil(nameBytes / 4) * 4
    const owner = Buffer.from(note.subarray(at + NOTE_HEADER_BYTES, Math.min(data, at + NOTE_HEADER_BYTES + nameBytes))).toString('latin1')
    if (view.getUint32(at + 8, littleEndian) === NT_GNU_BUILD_ID && owner === GNU && data + dataBytes <= note.length) {
      return Buffer.from(note.subarray(data, data + dataBytes)).toString('hex')
    }
    at = data + Math.ceil(dataBytes / 4) * 4
  }
  return undefined
}
