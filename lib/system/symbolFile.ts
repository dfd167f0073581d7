import { FormatError } from '../errors.js'
import type { ByteSource } from '../source/bytes.js'
import { readElfSymbols } from '../source/elfSymbols.js'
import { isElf } from '../source/elfCore.js'
import { readSymbolText, type FileSymbol } from '../source/symbolText.js'
import { addressOffset } from '../symbol/addressOffset.js'
import { SymbolTable } from '../symbol/symbolTable.js'
import { hex } from '../util/hex.js'
import { formatCount } from '../util/units.js'
import type { Warnings } from '../warnings.js'

/** Symbols of one file, in the groups that move together: a kernel's all at once, a module's section by section. */
export interface SymbolFile {
  readonly file: string
  /** `running`: addresses of the running kernel (kallsyms). `link`: as built. `sections`: offsets in a module's sections. */
  readonly addresses: 'running' | 'link' | 'sections'
  readonly groups: readonly { readonly name: string; readonly symbols: SymbolTable }[]
}

/**
 * Reads a file of symbols: System.map, /proc/kallsyms, any output of nm, vmlinux or a module (`.ko`).
 *
 * @param content the whole of a text, or a file to read from
 * @throws FormatError where it is none of these, or shows no addresses
 */
export function readSymbolFile(content: ByteSource): SymbolFile {
  const file = content.name
  if (isElf(content.read(0, 4))) {
    const { relocatable, module, symbols } = readElfSymbols(content)
    if (!relocatable) return { file, addresses: 'link', groups: [{ name: file, symbols: new SymbolTable(symbols) }] }
    const groups = [...new Set(symbols.map(({ section }) => section))].flatMap((name) => (name === null ? [] : [{
      name, symbols: new SymbolTable(symbols.filter(({ section }) => section === name).map((symbol) => ({ ...symbol, module })))
    }]))
    return { file, addresses: 'sections', groups }
  }
  const { kind, symbols, hidden } = readSymbolText(file, Buffer.from(content.read(0, content.byteLength)).toString('utf8'))
  if (hidden !== null) {
    throw new FormatError(hidden === 'zero' ? 'all addresses are zero' : 'the addresses are hashed', {
      source: file, line: 1,
      found: hidden === 'zero' ? 'what kallsyms shows to those who may not see addresses (kptr_restrict)' : "the kernel's %p values, which mean nothing",
      expected: 'a copy made by root'
    })
  }
  return { file, addresses: kind === 'kallsyms' ? 'running' : 'link', groups: [{ name: file, symbols: new SymbolTable(located(symbols)) }] }
}

/** Undefined symbols (address 0) of nm's `-P` form and weak ones without a definition name nothing. */
function located(symbols: readonly FileSymbol[]): FileSymbol[] {
  return symbols.filter(({ type, address }) => type !== 'U' && !(address === 0n && (type === 'w' || type === 'v')))
}

export interface PlaceOptions {
  /** Given by the person: by how much the kernel was moved. */
  readonly kaslrOffset?: bigint
  /** Found elsewhere, as in the kernel's log, with where. */
  readonly statedOffset?: { readonly offset: bigint; readonly where: string }
}

/**
 * A file's symbols at the machine's addresses. By how much they must be moved comes from the person, from addresses that the machine's own
 * evidence shows, or from its log; where none of them tells, symbols at link addresses are left out, and that is said.
 *
 * @param shown symbols that the machine's own evidence shows
 */
export function placeSymbols(file: SymbolFile, shown: SymbolTable, options: PlaceOptions, warnings: Warnings): SymbolTable {
  let placed = new SymbolTable([])
  let left = 0
  for (const { name, symbols } of file.groups) {
    const offset = file.addresses === 'sections' ? sectionOffset(symbols, shown) : kernelOffset(file, symbols, shown, options, warnings)
    if (offset === undefined) left += symbols.length
    else if (offset !== null) placed = placed.merge(moved(file, symbols, offset))
    if (file.addresses === 'sections' && offset != null) warnings.add(`${file.file}: ${name} lies at ${hex(offset)}, from symbols that the session shows`)
  }
  if (left > 0) {
    const how = file.addresses === 'sections' ? 'no address of their sections is known: sym of a function of each would tell'
      : 'no address of theirs is known (KASLR): sym of any function would tell, or --kaslr-offset (0 without KASLR)'
    warnings.add(`${file.file}: ${formatCount(left)} symbols are not used, for ${how}`)
  }
  return placed
}

function moved(file: SymbolFile, symbols: SymbolTable, offset: bigint): SymbolTable {
  if (offset === 0n || file.addresses === 'sections') return symbols.shifted(offset)
  // Modules lie elsewhere after each boot, and not by the kernel's offset.
  return new SymbolTable(symbols.all().filter(({ module }) => module === null)).shifted(offset)
}

/** Undefined where nothing tells; null, with a warning, where the file is of another kernel. */
function kernelOffset(file: SymbolFile, symbols: SymbolTable, shown: SymbolTable, options: PlaceOptions, warnings: Warnings): bigint | null | undefined {
  if (options.kaslrOffset !== undefined && file.addresses === 'link') return options.kaslrOffset
  const found = addressOffset(symbols, shown)
  if (found !== undefined) {
    for (const { name, address } of found.others) warnings.add(`${file.file}: ${name} does not fit: the session shows it at ${hex(address)}`)
    if (file.addresses === 'running' && found.offset !== 0n) {
      warnings.add(`${file.file}: addresses of another boot: moved by ${signed(found.offset)}, as ${found.fitting} symbols of the session show`)
    } else if (found.offset !== 0n) warnings.add(`${file.file}: the kernel was moved by ${signed(found.offset)} (KASLR), as ${found.fitting} symbols of the session show`)
    return found.offset
  }
  if (shares(symbols, shown)) {
    warnings.add(`${file.file}: of another kernel: its symbols lie differently than the session shows them; not used`)
    return null
  }
  if (file.addresses === 'running') return 0n
  if (options.statedOffset !== undefined) {
    warnings.add(`${file.file}: the kernel was moved by ${signed(options.statedOffset.offset)} (KASLR), as ${options.statedOffset.where} says`)
    return options.statedOffset.offset
  }
  return undefined
}

/** Where a module's section lies: its symbols' offsets and the addresses shown differ by that. */
function sectionOffset(symbols: SymbolTable, shown: SymbolTable): bigint | undefined {
  const votes = new Map<bigint, number>()
  for (const record of symbols.all()) {
    for (const same of shown.named(record.name)) {
      if (symbols.named(record.name).length > 1 || (same.module !== null && same.module !== record.module)) continue
      const start = BigInt.asUintN(64, same.address - record.address)
      votes.set(start, (votes.get(start) ?? 0) + 1)
    }
  }
  const [best, second] = [...votes].sort(([, a], [, b]) => b - a)
  return best !== undefined && best[1] > (second?.[1] ?? 0) ? best[0] : undefined
}

/** Whether both know a kernel symbol of one name. */
function shares(symbols: SymbolTable, shown: SymbolTable): boolean {
  return shown.all().some(({ name, module }) => module === null && symbols.named(name).length === 1)
}

function signed(offset: bigint): string {
  return `${offset < 0n ? '−' : ''}0x${(offset < 0n ? -offset : offset).toString(16)}`
}
