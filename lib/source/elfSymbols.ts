import { FormatError } from '../errors.js'
import type { ByteSource } from './bytes.js'
import { ET_REL, readElfHeader, type ElfHeader } from './elfCore.js'
import { elfSectionBytes, readElfSections, SHT_NOBITS, stringAt, type ElfSection } from './elfSections.js'
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

/** Bytes of a symbol and offsets in it, by the size of a pointer. */
const layouts = {
  8: { symbolBytes: 24, info: 4, shndx: 6, value: 8, symbolSize: 16 },
  4: { symbolBytes: 16, info: 12, shndx: 14, value: 4, symbolSize: 8 }
} as const

/** Symbols read at once: a vmlinux has some hundred thousand. */
const batch = 1 << 16
/** Labels: `$x` and `$d` of ARM, `.L` of the compiler. */
const label = /^(?:\$[xdat](?:\..*)?|\.L.*|)$/

/**
 * Reads the symbol table (`.symtab`) of a vmlinux or a module. Only headers, the table and its names are read, wherever they lie in the file.
 *
 * @throws FormatError where it is no ELF file, or it has been stripped of symbols
 * @example readElfSymbols(openFile('vmlinux')).symbols.find(({ name }) => name === 'single_start')
 */
export function readElfSymbols(source: ByteSource): ElfSymbols {
  const header = readElfHeader(source)
  const sections = readElfSections(source, header)
  const table = sections.find(({ type }) => type === SHT_SYMTAB)
  if (table === undefined) throw new FormatError('stripped of its symbols', { source: source.name, found: `${sections.length} sections`, expected: 'a .symtab' })
  const names = elfSectionBytes(source, sections[table.link], 'names of the symbols')
  const indexes = sections.find(({ type, link }) => type === SHT_SYMTAB_SHNDX && sections[link] === table)
  const symbols = readTable(source, header, table, names, sections, indexes)
  return { machine: header.machine, relocatable: header.type === ET_REL, module: moduleName(source, sections), symbols }
}

function readTable(
  source: ByteSource, { littleEndian, pointerBytes }: ElfHeader, table: ElfSection, names: Uint8Array, sections: readonly ElfSection[],
  indexes: ElfSection | undefined
): ElfSymbol[] {
  const layout = layouts[pointerBytes]
  const extended = indexes === undefined ? undefined : viewOf(elfSectionBytes(source, indexes, 'section indexes of the symbols'))
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
function letterOf(section: ElfSection | undefined, local: boolean, weak: boolean): string {
  if (weak) return 'W'
  const letter = section === undefined ? 'a'
    : (section.flags & SHF_EXECINSTR) !== 0n ? 't'
      : (section.flags & SHF_ALLOC) === 0n ? 'n'
        : section.type === SHT_NOBITS ? 'b' : (section.flags & SHF_WRITE) !== 0n ? 'd' : 'r'
  return local ? letter : letter.toUpperCase()
}

/** The name that the module was built under: `name=` in its `.modinfo`. */
function moduleName(source: ByteSource, sections: readonly ElfSection[]): string | null {
  const info = sections.find(({ name }) => name === '.modinfo')
  if (info === undefined) return null
  const entries = Buffer.from(elfSectionBytes(source, info, 'module information')).toString('latin1').split('\0')
  return entries.find((entry) => entry.startsWith('name='))?.slice('name='.length) ?? null
}
