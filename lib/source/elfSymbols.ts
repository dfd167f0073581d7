import { FormatError } from '../errors.js'
import type { ByteSource } from './bytes.js'
import { ET_REL, readElfHeader, type ElfHeader } from './elfCore.js'
import type { FileSymbol } from './symbolText.js'
import { u64, viewOf } from './view.js'

/** A symbol of an ELF file; of a relocatable one (`.ko`) its address is an offset in its section. */
export interface ElfSymbol extends FileSymbol {
  /** Name of its section: `.text`, `.init.text`; null for absolute values. */
  readonly section: string | null
}

export interface ElfSymbols {
  readonly machine: string
  readonly relocatable: boolean
  /** Of a kernel module, its name. */
  readonly module: string | null
  readonly symbols: readonly ElfSymbol[]
}

/** Section header types, symbol types and bindings, section flags and reserved indexes (ELF specification). */
const SHT_SYMTAB = 2
const SHT_NOBITS = 8
const SHT_SYMTAB_SHNDX = 18
const SHF_WRITE = 1n
const SHF_ALLOC = 2n
const SHF_EXECINSTR = 4n
const STT_SECTION = 3
const STT_FILE = 4
const STB_LOCAL = 0
const STB_WEAK = 2
const SHN_UNDEF = 0
const SHN_LORESERVE = 0xff00
const SHN_ABS = 0xfff1
const SHN_XINDEX = 0xffff

/** Offsets in the file header, section headers and symbols, by the size of a pointer. */
const layouts = {
  8: {
    shoff: 40, shentsize: 58, shnum: 60, shstrndx: 62, sectionBytes: 64, flags: 8, offset: 24, size: 32, link: 40,
    symbolBytes: 24, info: 4, shndx: 6, value: 8, symbolSize: 16
  },
  4: {
    shoff: 32, shentsize: 46, shnum: 48, shstrndx: 50, sectionBytes: 40, flags: 8, offset: 16, size: 20, link: 24,
    symbolBytes: 16, info: 12, shndx: 14, value: 4, symbolSize: 8
  }
} as const
const SECTION_NAME = 0
const SECTION_TYPE = 4

/** Symbols read at once: a vmlinux has some hundred thousand. */
const batch = 1 << 16
/** The longest string table that is believed. */
const mostStringBytes = 1 << 28
/** Labels: `$x` and `$d` of ARM, `.L` of the compiler. */
const label = /^(?:\$[xdat](?:\..*)?|\.L.*|)$/

interface Section {
  readonly name: string
  readonly type: number
  readonly flags: bigint
  readonly offset: number
  readonly bytes: number
  readonly link: number
}

/**
 * Reads the symbol table (`.symtab`) of a vmlinux or a module. Only headers, the table and its names are read, wherever they lie in the file.
 *
 * @throws FormatError where it is no ELF file, or it has been stripped of symbols
 * @example readElfSymbols(openFile('vmlinux')).symbols.find(({ name }) => name === 'single_start')
 */
export function readElfSymbols(source: ByteSource): ElfSymbols {
  const header = readElfHeader(source)
  const sections = readSections(source, header)
  const table = sections.find(({ type }) => type === SHT_SYMTAB)
  if (table === undefined) throw new FormatError('stripped of its symbols', { source: source.name, found: `${sections.length} sections`, expected: 'a .symtab' })
  const names = sectionBytes(source, sections[table.link], 'names of the symbols')
  const indexes = sections.find(({ type, link }) => type === SHT_SYMTAB_SHNDX && sections[link] === table)
  const symbols = readTable(source, header, table, names, sections, indexes)
  return { machine: header.machine, relocatable: header.type === ET_REL, module: moduleName(source, sections), symbols }
}

function readSections(source: ByteSource, header: ElfHeader): Section[] {
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
  const names = raw[namesIndex] === undefined ? new Uint8Array(0) : sectionBytes(source, raw[namesIndex], 'names of the sections')
  return raw.map(({ nameAt, ...section }) => ({ ...section, name: stringAt(names, nameAt) }))
}

function sectionBytes(source: ByteSource, section: Section | undefined, what: string): Uint8Array {
  if (section === undefined || section.bytes > mostStringBytes || section.offset + section.bytes > source.byteLength) {
    throw new FormatError(`${what} lie behind the end of the file`, { source: source.name, offset: section?.offset })
  }
  return source.read(section.offset, section.bytes)
}

function stringAt(names: Uint8Array, at: number): string {
  const end = names.indexOf(0, at)
  return Buffer.from(names.buffer, names.byteOffset + at, Math.max(0, (end < 0 ? names.length : end) - at)).toString('utf8')
}

function readTable(
  source: ByteSource, { littleEndian, pointerBytes }: ElfHeader, table: Section, names: Uint8Array, sections: readonly Section[],
  indexes: Section | undefined
): ElfSymbol[] {
  const layout = layouts[pointerBytes]
  const extended = indexes === undefined ? undefined : viewOf(sectionBytes(source, indexes, 'section indexes of the symbols'))
  const count = Math.floor(table.bytes / layout.symbolBytes)
  const symbols: ElfSymbol[] = []
  let file: string | null = null
  for (let first = 0; first < count; first += batch) {
    const view = viewOf(source.read(table.offset + first * layout.symbolBytes, Math.min(batch, count - first) * layout.symbolBytes))
    for (let at = 0; at + layout.symbolBytes <= view.byteLength; at += layout.symbolBytes) {
      const info = view.getUint8(at + layout.info)
      const index = view.getUint16(at + layout.shndx, littleEndian)
      const name = stringAt(names, view.getUint32(at, littleEndian))
      // Local symbols stand behind the name of the file they were compiled from; global ones behind all of them.
      if ((info & 0xf) === STT_FILE) file = name === '' ? null : name
      if ((info & 0xf) === STT_FILE || (info & 0xf) === STT_SECTION || index === SHN_UNDEF || label.test(name)) continue
      if (index >= SHN_LORESERVE && index !== SHN_ABS && index !== SHN_XINDEX) continue
      const position = first + at / layout.symbolBytes
      const section = index === SHN_ABS ? undefined : sections[index === SHN_XINDEX ? extended?.getUint32(position * 4, littleEndian) ?? -1 : index]
      const local = info >> 4 === STB_LOCAL
      symbols.push({
        address: pointerBytes === 8 ? view.getBigUint64(at + layout.value, littleEndian) : BigInt(view.getUint32(at + layout.value, littleEndian)),
        name, type: letterOf(section, local, info >> 4 === STB_WEAK), module: null,
        bytes: (pointerBytes === 8 ? u64(view, at + layout.symbolSize, littleEndian) : view.getUint32(at + layout.symbolSize, littleEndian)) || null,
        file: local ? file : null, line: null, section: section?.name ?? null
      })
    }
  }
  return symbols
}

/** nm's letter. */
function letterOf(section: Section | undefined, local: boolean, weak: boolean): string {
  if (weak) return 'W'
  const letter = section === undefined ? 'a'
    : (section.flags & SHF_EXECINSTR) !== 0n ? 't'
      : (section.flags & SHF_ALLOC) === 0n ? 'n'
        : section.type === SHT_NOBITS ? 'b' : (section.flags & SHF_WRITE) !== 0n ? 'd' : 'r'
  return local ? letter : letter.toUpperCase()
}

/** The name that the module was built under: `name=` in its `.modinfo`. */
function moduleName(source: ByteSource, sections: readonly Section[]): string | null {
  const info = sections.find(({ name }) => name === '.modinfo')
  if (info === undefined) return null
  const entries = Buffer.from(sectionBytes(source, info, 'module information')).toString('latin1').split('\0')
  return entries.find((entry) => entry.startsWith('name='))?.slice('name='.length) ?? null
}
