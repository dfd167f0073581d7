/** A symbol for {@link elfWithSymbols}; `section` is an index into the sections given, or one of the reserved ones. */
export interface ElfSymbolRow {
  readonly name: string
  readonly value: bigint
  readonly size?: number
  readonly bind?: number
  readonly type?: number
  readonly section: number
}

export interface ElfOptions {
  readonly pointerBytes?: 4 | 8
  readonly littleEndian?: boolean
  /** `e_type`: 1 relocatable, 2 executable. */
  readonly type?: number
  readonly machine?: number
  readonly sections: readonly { readonly name: string; readonly flags?: number; readonly type?: number; readonly content?: string }[]
  readonly symbols: readonly ElfSymbolRow[]
}

/** An ELF file with a symbol table and nothing else: sections (the first is the null section), .symtab, .strtab, .shstrtab. */
export function elfWithSymbols({ pointerBytes = 8, littleEndian = true, type = 2, machine = 62, sections, symbols }: ElfOptions): Uint8Array {
  const wide = pointerBytes === 8
  const strings = (names: readonly string[]): { bytes: Buffer; at: number[] } => {
    const at: number[] = []
    let text = '\0'
    for (const name of names) {
      at.push(text.length)
      text += `${name}\0`
    }
    return { bytes: Buffer.from(text, 'latin1'), at }
  }
  const all = [{ name: '', type: 0 }, ...sections, { name: '.symtab', type: 2 }, { name: '.strtab', type: 3 }, { name: '.shstrtab', type: 3 }]
  const symbolNames = strings(symbols.map(({ name }) => name))
  const sectionNames = strings(all.map(({ name }) => name))
  const symbolBytes = wide ? 24 : 16
  const table = new DataView(new ArrayBuffer((symbols.length + 1) * symbolBytes))
  symbols.forEach(({ value, size = 0, bind = 1, type: kind = 2, section }, i) => {
    const at = (i + 1) * symbolBytes
    table.setUint32(at, symbolNames.at[i], littleEndian)
    if (wide) {
      table.setUint8(at + 4, bind << 4 | kind)
      table.setUint16(at + 6, section, littleEndian)
      table.setBigUint64(at + 8, value, littleEndian)
      table.setBigUint64(at + 16, BigInt(size), littleEndian)
    } else {
      table.setUint32(at + 4, Number(value), littleEndian)
      table.setUint32(at + 8, size, littleEndian)
      table.setUint8(at + 12, bind << 4 | kind)
      table.setUint16(at + 14, section, littleEndian)
    }
  })
  const contents = all.map(({ name, ...rest }) => name === '.symtab' ? new Uint8Array(table.buffer) : name === '.strtab' ? symbolNames.bytes
    : name === '.shstrtab' ? sectionNames.bytes : Buffer.from('content' in rest ? rest.content ?? '' : '', 'latin1'))
  const headerBytes = wide ? 64 : 52
  const sectionBytes = wide ? 64 : 40
  let next = headerBytes
  const offsets = contents.map((content) => {
    const at = next
    next += content.length
    return at
  })
  const view = new DataView(new ArrayBuffer(next + all.length * sectionBytes))
  const bytes = new Uint8Array(view.buffer)
  bytes.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, littleEndian ? 1 : 2, 1])
  view.setUint16(16, type, littleEndian)
  view.setUint16(18, machine, littleEndian)
  if (wide) view.setBigUint64(40, BigInt(next), littleEndian)
  else view.setUint32(32, next, littleEndian)
  view.setUint16(wide ? 58 : 46, sectionBytes, littleEndian)
  view.setUint16(wide ? 60 : 48, all.length, littleEndian)
  view.setUint16(wide ? 62 : 50, all.length - 1, littleEndian)
  all.forEach((section, i) => {
    const at = next + i * sectionBytes
    bytes.set(contents[i], offsets[i])
    view.setUint32(at, sectionNames.at[i], littleEndian)
    view.setUint32(at + 4, section.type ?? 1, littleEndian)
    const word = (offset: number, value: number): void => (wide ? view.setBigUint64(at + offset, BigInt(value), littleEndian) : view.setUint32(at + offset, value, littleEndian))
    word(8, 'flags' in section ? section.flags ?? 0 : 0)
    word(wide ? 24 : 16, offsets[i])
    word(wide ? 32 : 20, contents[i].length)
    // The symbol table's link is its string table, which follows it.
    view.setUint32(at + (wide ? 40 : 24), section.name === '.symtab' ? i + 1 : 0, littleEndian)
  })
  return bytes
}
