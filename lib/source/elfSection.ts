import type { ByteSource } from './bytes.js'
import { readElfHeader } from './elfCore.js'
import { elfSectionBytes, readElfSections, SHT_NOBITS } from './elfSections.js'
import { viewOf } from './view.js'

/**
 * The bytes of a named section of an ELF file: `.BTF`, `.note.gnu.build-id`; undefined where it has none of that name, or none of its bytes.
 *
 * @throws FormatError where it is no ELF file, or its sections lie outside of it
 */
export function elfSection(source: ByteSource, name: string): Uint8Array | undefined {
  const section = readElfSections(source, readElfHeader(source)).find((candidate) => candidate.name === name)
  return section === undefined || section.type === SHT_NOBITS ? undefined : elfSectionBytes(source, section, `contents of ${name}`)
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
