import type { PageWalk } from '../memory/arch/pageWalk.js'
import type { Memory } from '../memory/memory.js'
import type { TypeTable } from '../type/typeTable.js'
import { wordAt } from './words.js'

/** `struct module` is aligned to a cache line (Linux include/linux/module.h). */
const alignment = 64
/** Tables read in search of modules: their addresses take at most 2 GiB. */
const tableBudget = 2048
const mostModules = 10_000
const moduleName = /^[\w-]+$/
/** MODULE_NAME_LEN less the NUL. */
const longestName = 63

export interface ModuleSearch {
  readonly memory: Memory
  readonly walk: PageWalk
  readonly types: TypeTable
  /** Addresses where modules may lie. */
  readonly regions: readonly { readonly start: bigint; readonly end: bigint }[]
}

/**
 * Head of the module list of a kernel that shows no data symbols: each `struct module` lies in its own module's memory, linked with its
 * neighbours; the one link outside of all modules is the head. Undefined where no module is loaded.
 */
export function findModuleList(search: ModuleSearch): bigint | undefined {
  const { memory, walk, types, regions } = search
  const list = types.member('module', 'list')
  const name = types.member('module', 'name')
  if (list === undefined || name === undefined) return undefined
  for (const region of regions) {
    for (const mapping of walk.mappings(tableBudget, region)) {
      if (!mapping.writable) continue
      for (let at = 0; at < mapping.bytes; at += pieceBytes) {
        for (const module of candidates(memory, mapping.address + BigInt(at), name.offset)) {
          if (!isModule(memory, module, list.offset, name.offset)) continue
          const head = headOf(memory, module + BigInt(list.offset), list.offset, name.offset)
          if (head !== undefined) return head
        }
      }
    }
  }
  return undefined
}

/** Smallest page of both architectures. */
const pieceBytes = 4096

/** Places in a page that may start a `struct module`, by the first letter of its name. */
function* candidates(memory: Memory, page: bigint, nameOffset: number): Iterable<bigint> {
  const bytes = memory.tryRead(page, pieceBytes)
  if (typeof bytes === 'string') return
  for (let at = 0; at + nameOffset < bytes.length; at += alignment) {
    if (isNameStart(bytes[at + nameOffset])) yield page + BigInt(at)
  }
}

function isNameStart(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || (code >= 0x30 && code <= 0x39) || code === 0x5f
}

/** Follows the ring to the one node that is no module's. */
function headOf(memory: Memory, first: bigint, listOffset: number, nameOffset: number): bigint | undefined {
  let link = wordAt(memory, first)
  for (let left = mostModules; link !== undefined && link !== first && left > 0; left--) {
    if (!isModule(memory, link - BigInt(listOffset), listOffset, nameOffset)) return isLinked(memory, link) ? link : undefined
    link = wordAt(memory, link)
  }
  return undefined
}

function isModule(memory: Memory, module: bigint, listOffset: number, nameOffset: number): boolean {
  const bytes = memory.tryRead(module + BigInt(nameOffset), longestName + 1)
  if (typeof bytes === 'string') return false
  const end = bytes.indexOf(0)
  if (end < 1 || !moduleName.test(Buffer.from(bytes.buffer, bytes.byteOffset, end).toString('latin1'))) return false
  return isLinked(memory, module + BigInt(listOffset))
}

/** Whether a list node's neighbours point back at it. */
function isLinked(memory: Memory, node: bigint): boolean {
  const next = wordAt(memory, node)
  const previous = wordAt(memory, node + 8n)
  if (next === undefined || previous === undefined) return false
  return wordAt(memory, next + 8n) === node && wordAt(memory, previous) === node
}
