import { Bytes } from './bytes.js'

export interface ElfPiece {
  readonly physical: number | bigint
  /** What the file holds of it. */
  readonly data: Uint8Array
  /** Size in memory; the data's unless given. */
  readonly memoryBytes?: number
  readonly virtual?: number | bigint
}

export interface NotePiece {
  readonly name: string
  readonly type?: number
  readonly content: Uint8Array | string
}

export interface ElfOptions {
  readonly bits?: 32 | 64
  readonly littleEndian?: boolean
  /** ET_CORE unless given. */
  readonly type?: number
  /** EM_X86_64 unless given. */
  readonly machine?: number
  readonly notes?: readonly NotePiece[]
  /** Program headers at the end of the file. */
  readonly headersLast?: boolean
  /** The count of program headers in the first section header, as with 65,535 of them and more. */
  readonly countInSection?: boolean
}

/** A run of ELF notes. */
export function elfNotes(notes: readonly NotePiece[], littleEndian = true): Uint8Array {
  return Buffer.concat(notes.map(({ name, type = 0, content }) => {
    const bytes = typeof content === 'string' ? Buffer.from(content, 'latin1') : content
    const nameBytes = name.length + 1
    const at = 12 + Math.ceil(nameBytes / 4) * 4
    return new Bytes(at + Math.ceil(bytes.length / 4) * 4, littleEndian)
      .u32(0, nameBytes).u32(4, bytes.length).u32(8, type).text(12, name).put(at, bytes).bytes
  }))
}

/** An ELF core of the given pieces of memory. */
export function elfCore(pieces: readonly ElfPiece[], options: ElfOptions = {}): Uint8Array {
  const { bits = 64, littleEndian = true, headersLast = false } = options
  const wide = bits === 64
  const notes = options.notes ? elfNotes(options.notes, littleEndian) : undefined
  const count = pieces.length + (notes ? 1 : 0)
  const headerBytes = wide ? 64 : 52
  const programBytes = wide ? 56 : 32
  const sectionBytes = options.countInSection ? (wide ? 64 : 40) : 0
  const programs = count * programBytes
  let dataAt = headerBytes + sectionBytes + (headersLast ? 0 : programs)
  const noteAt = dataAt
  dataAt += notes?.length ?? 0
  const offsets = pieces.map(({ data }) => (dataAt += data.length) - data.length)
  const programsAt = headersLast ? dataAt : headerBytes + sectionBytes
  const file = new Bytes(dataAt + (headersLast ? programs : 0), littleEndian)
  const word = (at: number, value: number | bigint): unknown => (wide ? file.u64(at, value) : file.u32(at, Number(value)))
  file.put(0, Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, littleEndian ? 1 : 2, 1))
    .u16(16, options.type ?? 4).u16(18, options.machine ?? 62)
  word(wide ? 32 : 28, programsAt)
  file.u16(wide ? 54 : 42, programBytes).u16(wide ? 56 : 44, options.countInSection ? 0xffff : count)
  if (options.countInSection) {
    word(wide ? 40 : 32, headerBytes)
    file.u32(headerBytes + (wide ? 44 : 28), count)
  }
  const program = (i: number, type: number, offset: number, physical: number | bigint, fileBytes: number, memoryBytes: number, virtual: number | bigint): void => {
    const at = programsAt + i * programBytes
    file.u32(at, type)
    word(at + (wide ? 8 : 4), offset)
    word(at + (wide ? 16 : 8), virtual)
    word(at + (wide ? 24 : 12), physical)
    word(at + (wide ? 32 : 16), fileBytes)
    word(at + (wide ? 40 : 20), memoryBytes)
  }
  if (notes) {
    program(0, 4, noteAt, 0, notes.length, 0, 0)
    file.put(noteAt, notes)
  }
  pieces.forEach(({ physical, data, memoryBytes = data.length, virtual = 0 }, i) => {
    program(i + (notes ? 1 : 0), 1, offsets[i], physical, data.length, memoryBytes, virtual)
    file.put(offsets[i], data)
  })
  return file.bytes
}
