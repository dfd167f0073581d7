import { faultWords, MissingSymbolError, UsageError, type FaultReason } from '../errors.js'
import type { Memory } from '../memory/memory.js'
import type { SymbolHit, SymbolTable } from '../symbol/symbolTable.js'
import type { System } from '../system/system.js'
import type { BtfTypes } from '../type/btfTypes.js'
import { TypeDeclaration } from '../type/typeDeclaration.js'
import { TypedValue } from '../type/typedValue.js'
import type { FoundString, ValueImage, ValueStyle } from '../type/valueText.js'
import { addressNamed } from './readWords.js'
import { didYouMean } from '../util/nearNames.js'

export interface TypedReadOptions {
  /** 16 writes integers in hexadecimal. */
  readonly radix?: 10 | 16
  /** Elements of an array before `...`; 256, as crash has it. */
  readonly elements?: number
}

export interface TypeOptions {
  /** Offsets before the members (default), or the bare declaration as crash's `struct NAME` prints it. */
  readonly offsets?: boolean
}

/** No kernel struct is larger; BTF that says so is damaged. */
const LARGEST_VALUE = 16 << 20
/** Holes of a dump are pages; the smallest the kernel has. */
const PAGE_BYTES = 4096
const WORD_BYTES = 8
/** Up to this size a page that cannot be read whole is tried word by word: a transcript holds words, not pages. */
const MOST_WORD_BY_WORD = 0x10000

/**
 * The declaration of a type, with the offset of each member.
 *
 * @param name `seq_operations`, `struct seq_operations`, `gfp_t`, `enum zone_type`; with members behind it (`kmem_cache.oo`) only these
 * @throws MissingSymbolError where the evidence holds no types, or none of that name
 *
 * @example String(typeOf(system, 'list_head')) // struct list_head {\n   [0] struct list_head *next; …
 */
export function typeOf(system: System, name: string, options: TypeOptions = {}): TypeDeclaration {
  const types = btfOf(system, name)
  const { id, path } = pathOf(types, name)
  return new TypeDeclaration(types.graph, id, { offsets: options.offsets ?? true }, path)
}

/**
 * A value of a type in the machine's memory, which prints as crash's `struct TYPE ADDRESS` does. Parts whose pages are missing say so.
 *
 * @param address or the name of a symbol, such as `init_task`
 * @param type as for {@link typeOf}; with members behind it (`kmem_cache.oo.x`, `page.flags,_refcount`) only these are shown
 * @throws MissingSymbolError as {@link typeOf}; UsageError for what is no address, or a member that does not exist
 *
 * @example String(readTyped(system, 'seq_operations', '0xffff8e89812d1ec0'))
 */
export function readTyped(system: System, type: string, address: string | bigint, options: TypedReadOptions = {}): TypedValue {
  const types = btfOf(system, type)
  const { id, path } = pathOf(types, type)
  const start = addressNamed(system, address)
  const bytes = types.graph.bytesOf(id)
  if (bytes === undefined) throw new MissingSymbolError(type, 'its type is incomplete: declared, but not defined in this BTF')
  if (bytes > LARGEST_VALUE) throw new UsageError(`${type} cannot be ${bytes} bytes long`)
  return new TypedValue(types.graph, id, readImage(system.memory, start, bytes), styleOf(system, options), path)
}

function btfOf(system: System, name: string): BtfTypes {
  const types = system.types?.btf
  if (types === undefined) throw new MissingSymbolError(name, 'this evidence holds no types (no BTF); --btf FILE gives some')
  return types
}

/** A type, and the members behind its first dot: `kmem_cache.oo.x`, `page.flags,_refcount`. */
function pathOf(types: BtfTypes, text: string): { id: number; path: string } {
  const dot = text.indexOf('.')
  const name = dot < 0 ? text : text.slice(0, dot)
  const path = dot < 0 ? '' : text.slice(dot + 1)
  const id = findType(types, name)
  for (const member of path === '' ? [] : path.split(',')) {
    if (types.member(name, member) === undefined) throw new UsageError(`${name} has no member ${member}`)
  }
  return { id, path }
}

function findType(types: BtfTypes, name: string): number {
  const id = types.find(name)
  if (id === undefined) throw new MissingSymbolError(name, `no type of that name in this kernel or its modules${didYouMean(name, types.names())}`)
  return id
}

/**
 * Bytes of a value with its holes: pages that are missing from a dump, words that a transcript does not show.
 */
export function readImage(memory: Memory, address: bigint, bytes: number): ValueImage {
  const image = new Uint8Array(bytes)
  const holes: { start: number; end: number; reason: FaultReason }[] = []
  const fill = (start: number, end: number, unit: number): void => {
    for (let at = start; at < end;) {
      const from = BigInt.asUintN(64, address + BigInt(at))
      const part = Math.min(end - at, unit - Number(from & BigInt(unit - 1)))
      const found = memory.tryRead(from, part)
      const last = holes.at(-1)
      if (typeof found !== 'string') image.set(found, at)
      else if (unit > WORD_BYTES && bytes <= MOST_WORD_BY_WORD) fill(at, at + part, WORD_BYTES)
      else if (last !== undefined && last.end === at && last.reason === found) last.end = at + part
      else holes.push({ start: at, end: at + part, reason: found })
      at += part
    }
  }
  const whole = memory.tryRead(address, bytes)
  if (typeof whole === 'string') fill(0, bytes, PAGE_BYTES)
  else image.set(whole)
  return {
    address,
    bytes: image,
    missing: (offset, length) => {
      const hole = holes.find(({ start, end }) => offset < end && offset + length > start)
      return hole?.reason ?? (offset + length > bytes ? 'absent' : undefined)
    }
  }
}

/** Kernel addresses have the top bit set on every 64-bit machine: below lie user space, small integers and per-CPU offsets. */
const LOWEST_KERNEL_ADDRESS = 1n << 63n

function styleOf(system: System, options: TypedReadOptions): ValueStyle {
  const { memory, symbols } = system
  return {
    radix: options.radix,
    elements: options.elements,
    symbol: (address) => {
      const hit = address >= LOWEST_KERNEL_ADDRESS ? symbols.at(address) : undefined
      if (hit === undefined || hit.offset > farthestInside(hit, symbols)) return undefined
      return hit.offset === 0 ? hit.name : `${hit.name}+${hit.offset}`
    },
    // The second is what crash says of a string that is not in the kernel's memory.
    string: (address, limit) => address >= LOWEST_KERNEL_ADDRESS
      ? readString(memory, address, limit)
      : { bytes: new Uint8Array(0), missing: `error: Cannot access memory at address 0x${address.toString(16)}` }
  }
}

/**
 * How far behind a symbol's start an address still belongs to it. kallsyms knows no sizes: behind the last symbol of read-only data
 * lie strings and tables without any, behind a variable others whose symbols were not kept, behind a linker's mark a whole section.
 */
function farthestInside(hit: SymbolHit, symbols: SymbolTable): number {
  const { name, type, bytes } = hit
  if (bytes != null && bytes > 0) return bytes - 1
  if (linkerMark.test(name)) return 0
  return symbols.holds(hit) !== 'data' ? Infinity : /r/i.test(type) ? 0x400 : 0x4000
}

const linkerMark = /^__(?:start|stop)_/

function readString(memory: Memory, address: bigint, limit: number): FoundString {
  const bytes = new Uint8Array(limit)
  for (let at = 0; at < limit;) {
    const from = BigInt.asUintN(64, address + BigInt(at))
    let part = Math.min(limit - at, PAGE_BYTES - Number(from & BigInt(PAGE_BYTES - 1)))
    let found = memory.tryRead(from, part)
    if (typeof found === 'string' && part > 1) {
      part = 1
      found = memory.tryRead(from, part)
    }
    if (typeof found === 'string') return { bytes: bytes.subarray(0, at), missing: faultWords[found] }
    const end = found.indexOf(0)
    bytes.set(end < 0 ? found : found.subarray(0, end), at)
    if (end >= 0) return { bytes: bytes.subarray(0, at + end) }
    at += part
  }
  return { bytes }
}
