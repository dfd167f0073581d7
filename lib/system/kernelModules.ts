import { readCString, type Memory } from '../memory/memory.js'
import type { SymbolRecord } from '../symbol/symbolTable.js'
import type { MemberPlace, TypeTable } from '../type/typeTable.js'
import { hex } from '../util/hex.js'
import type { Warnings } from '../warnings.js'
import { u32At, wordAt } from './words.js'

/** A stretch of a module's memory. */
export interface ModuleMemory {
  readonly start: bigint
  readonly bytes: number
}

/** A loaded module. */
export interface KernelModule {
  readonly name: string
  /** Of its `struct module`. */
  readonly address: bigint
  /** Text and data that stay after loading, in address order. */
  readonly memory: readonly ModuleMemory[]
}

/** A list longer than this is a loop or no list. */
const mostModules = 10_000
const mostModuleSymbols = 1_000_000
const mostStringBytes = 1 << 24
/** MODULE_NAME_LEN (Linux include/linux/module.h). */
const longestModuleName = 64
/** MODULE_STATE_UNFORMED: being set up, nothing in it can be relied on. */
const UNFORMED = 3

/** `Elf64_Sym` (include/uapi/linux/elf.h). */
const SYMBOL_BYTES = 24
const ST_NAME = 0
const ST_INFO = 4
const ST_VALUE = 8
const ST_SIZE = 16

/** What reading modules takes. */
export interface ModuleFacts {
  readonly memory: Memory
  readonly types: TypeTable
  readonly warnings: Warnings
}

/** The modules on the kernel's list, whose head is at `head` (the symbol `modules`). Stops at the first damaged link, with a warning. */
export function readModules({ memory, types, warnings }: ModuleFacts, head: bigint): KernelModule[] {
  const list = types.member('module', 'list')
  const name = types.member('module', 'name')
  if (list === undefined || name === undefined) {
    warnings.add('no modules: the layout of struct module is not in the evidence')
    return []
  }
  const state = types.member('module', 'state')
  const modules: KernelModule[] = []
  const seen = new Set<bigint>([head])
  let link = wordAt(memory, head)
  while (link !== undefined && !seen.has(link) && modules.length < mostModules) {
    seen.add(link)
    const address = link - BigInt(list.offset)
    const named = memory.tryRead(address + BigInt(name.offset), 1)
    if (typeof named === 'string') {
      warnings.add(`module list ends at ${hex(address)}: its memory is ${named}`)
      return modules
    }
    if (state === undefined || u32At(memory, address + BigInt(state.offset)) !== UNFORMED) {
      modules.push({
        name: readCString(memory, address + BigInt(name.offset), longestModuleName), address,
        memory: moduleMemory({ memory, types, warnings }, address)
      })
    }
    link = wordAt(memory, link)
  }
  if (link !== head) warnings.add(`module list is damaged behind ${modules.at(-1)?.name ?? 'its head'}: ${modules.length} modules read`)
  return modules
}

/**
 * Where a module's text and data lie: `mem[]` (Linux commit ac3b43283923 "module: replace module_layout with module_memory", in 6.4),
 * `core_layout` and `data_layout`, or `module_core` (before 4.5).
 */
function moduleMemory({ memory, types }: ModuleFacts, address: bigint): ModuleMemory[] {
  const stretches: ModuleMemory[] = []
  const add = (start: MemberPlace | undefined, bytes: MemberPlace | undefined, at = address): void => {
    if (start === undefined || bytes === undefined) return
    const base = wordAt(memory, at + BigInt(start.offset))
    const size = u32At(memory, at + BigInt(bytes.offset))
    if (base !== undefined && base !== 0n && size !== undefined && size > 0) stretches.push({ start: base, bytes: size })
  }
  const array = types.member('module', 'mem')
  const each = types.sizeOf('module_memory')
  if (array?.bytes != null && each !== undefined && each > 0) {
    for (let i = 0; i < array.bytes / each; i++) {
      add(types.member('module_memory', 'base'), types.member('module_memory', 'size'), address + BigInt(array.offset + i * each))
    }
  } else {
    for (const layout of ['core_layout', 'data_layout']) add(types.member('module', `${layout}.base`), types.member('module', `${layout}.size`))
    add(types.member('module', 'module_core'), types.member('module', 'core_size'))
  }
  return stretches.sort((a, b) => (a.start < b.start ? -1 : 1))
}

/**
 * A module's symbols as /proc/kallsyms shows them: those kept of its symbol table, upper-case where exported (Linux
 * kernel/module/kallsyms.c, module_get_kallsym).
 */
export function readModuleSymbols({ memory, types, warnings }: ModuleFacts, module: KernelModule): SymbolRecord[] {
  const table = symbolTableOf(memory, types, module.address)
  if (table === undefined) return []
  if (table.count > mostModuleSymbols) {
    warnings.add(`symbols of module ${module.name} left out: an impossible number of them, ${table.count}`)
    return []
  }
  const symbols = memory.tryRead(table.symbols, table.count * SYMBOL_BYTES)
  if (typeof symbols === 'string') {
    warnings.add(`symbols of module ${module.name} left out: their memory is ${symbols}`)
    return []
  }
  const view = new DataView(symbols.buffer, symbols.byteOffset, symbols.byteLength)
  const little = memory.littleEndian
  let lastName = 0
  for (let i = 0; i < table.count; i++) lastName = Math.max(lastName, view.getUint32(i * SYMBOL_BYTES + ST_NAME, little))
  const strings = readStrings(memory, table.strings, lastName)
  const letters = table.letters === undefined ? 'unmapped' : memory.tryRead(table.letters, table.count)
  const exported = exportedSymbols(memory, types, module.address)
  const records: SymbolRecord[] = []
  for (let i = 0; i < table.count; i++) {
    const at = i * SYMBOL_BYTES
    const name = stringAt(strings, view.getUint32(at + ST_NAME, little))
    // Symbol 0 and some debugging symbols have no name; kallsyms leaves them out, too.
    if (name === '') continue
    const address = view.getBigUint64(at + ST_VALUE, little)
    // Kept in typetab since 5.2, in st_info before, in st_size in 5.0 and 5.1.
    const code = typeof letters === 'string' ? letterIn(view.getUint8(at + ST_INFO), Number(view.getBigUint64(at + ST_SIZE, little))) : letters[i]
    const letter = String.fromCharCode(code)
    records.push({
      address, name, module: module.name, bytes: null,
      type: exported.has(`${address} ${name}`) ? letter.toUpperCase() : letter.toLowerCase()
    })
  }
  return withEnds(records, module)
}

interface ModuleSymbolTable {
  readonly symbols: bigint
  readonly count: number
  readonly strings: bigint
  readonly letters: bigint | undefined
}

/** `module.kallsyms` (since 4.5), or the same members in struct module itself. */
function symbolTableOf(memory: Memory, types: TypeTable, address: bigint): ModuleSymbolTable | undefined {
  const kallsyms = types.member('module', 'kallsyms')
  const struct = kallsyms === undefined ? 'module' : 'mod_kallsyms'
  const base = kallsyms === undefined ? address : wordAt(memory, address + BigInt(kallsyms.offset))
  if (base === undefined || base === 0n) return undefined
  const pointer = (member: string): bigint | undefined => {
    const place = types.member(struct, member)
    return place && wordAt(memory, base + BigInt(place.offset))
  }
  const number = types.member(struct, 'num_symtab')
  const count = number && u32At(memory, base + BigInt(number.offset))
  const symbols = pointer('symtab')
  const strings = pointer('strtab')
  if (symbols === undefined || strings === undefined || count === undefined) return undefined
  return { symbols, strings, count, letters: pointer('typetab') }
}

/** Names and addresses that a module exports, as `address name`. */
function exportedSymbols(memory: Memory, types: TypeTable, address: bigint): Set<string> {
  const exported = new Set<string>()
  const bytes = types.sizeOf('kernel_symbol')
  const name = types.member('kernel_symbol', 'name') ?? types.member('kernel_symbol', 'name_offset')
  const value = types.member('kernel_symbol', 'value') ?? types.member('kernel_symbol', 'value_offset')
  if (bytes === undefined || name === undefined || value === undefined) return exported
  // Relative to the member itself where the architecture allows it (HAVE_ARCH_PREL32_RELOCATIONS).
  const relative = types.member('kernel_symbol', 'name_offset') !== undefined
  const target = (at: bigint): bigint | undefined => {
    if (!relative) return wordAt(memory, at)
    const offset = u32At(memory, at)
    return offset === undefined ? undefined : BigInt.asUintN(64, at + BigInt(offset | 0))
  }
  // kallsyms asks for the plain exports only, not for those to GPL modules.
  const start = types.member('module', 'syms')
  const number = types.member('module', 'num_syms')
  const table = start && wordAt(memory, address + BigInt(start.offset))
  const length = number && u32At(memory, address + BigInt(number.offset))
  if (table === undefined || length === undefined || length > mostModuleSymbols) return exported
  for (let i = 0; i < length; i++) {
    const at = table + BigInt(i * bytes)
    const nameAt = target(at + BigInt(name.offset))
    const symbol = target(at + BigInt(value.offset))
    if (nameAt === undefined || symbol === undefined || typeof memory.tryRead(nameAt, 1) === 'string') break
    exported.add(`${symbol} ${readCString(memory, nameAt, 512)}`)
  }
  return exported
}

/** The last symbol of each stretch of memory ends with it. */
function withEnds(records: SymbolRecord[], module: KernelModule): SymbolRecord[] {
  const sorted = records.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0))
  for (const { start, bytes } of module.memory) {
    const end = start + BigInt(bytes)
    let last = -1
    for (let i = 0; i < sorted.length; i++) if (sorted[i].address >= start && sorted[i].address < end) last = i
    for (let i = last; i >= 0 && sorted[i].address === sorted[last].address; i--) sorted[i] = { ...sorted[i], bytes: Number(end - sorted[i].address) }
  }
  return sorted
}

function letterIn(info: number, size: number): number {
  const isLetter = (code: number): boolean => (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a)
  return isLetter(info) ? info : isLetter(size) ? size : 0x3f
}

/** A string table up to the end of its last name, or as far as it is readable. */
function readStrings(memory: Memory, address: bigint, lastName: number): Uint8Array {
  const most = Math.min(lastName + 512, mostStringBytes)
  for (const bytes of [most, lastName + 64, lastName + 1]) {
    const found = bytes <= most ? memory.tryRead(address, bytes) : 'unmapped'
    if (typeof found !== 'string') return found
  }
  return new Uint8Array(0)
}

function stringAt(strings: Uint8Array, at: number): string {
  if (at >= strings.length) return ''
  const end = strings.indexOf(0, at)
  return Buffer.from(strings.buffer, strings.byteOffset, strings.byteLength).toString('latin1', at, end < 0 ? strings.length : end)
}
