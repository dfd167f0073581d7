import type { System } from '../system/system.js'
import { directCalls } from './directCalls.js'

/** A table of file functions in the data of the kernel or a module. */
export interface FileOperations {
  readonly address: bigint
  /** Its own name, `TestMod_ProcContentOps`; null where the table has none. */
  readonly name: string | null
  readonly module: string | null
  /** `proc_ops` or `file_operations`. */
  readonly struct: string
  /** `proc_release` or `release`. */
  readonly releaseMember: string
  readonly open: string
  readonly openAddress: bigint
  /** Functions that its open calls directly, of those asked for; null where its code is not in the dump. */
  readonly calls: ReadonlySet<string> | null
}

/** Structs of file functions (include/linux/proc_fs.h since v5.6, include/linux/fs.h), with the members that matter. */
const structs = [
  { struct: 'proc_ops', open: 'proc_open', release: 'proc_release' },
  { struct: 'file_operations', open: 'open', release: 'release' }
] as const

const WORD_BYTES = 8
/** Of a function whose end is not known, so much is looked through. */
const SHORTEST_CODE = 64
/** Data is searched in pieces of this size; where one has holes, in pages of the smallest size there is. */
const PIECE = 1n << 16n
const PAGE = 4096n

/** Each accused group asks for the same tables, and to find them takes a look at all of the kernel's image. */
const known = new WeakMap<System, Map<string, readonly FileOperations[]>>()

/**
 * All tables of file functions whose release is the function given, in the data of modules and the kernel: found by the pointer to that
 * function at the place of the member, beside a pointer to code at the place of `open`. `callees` are looked for in the code of each open.
 */
export function fileOperationsWithRelease(system: System, release: string, callees: readonly string[]): readonly FileOperations[] {
  const ofSystem = known.get(system) ?? new Map<string, readonly FileOperations[]>()
  known.set(system, ofSystem)
  const key = [release, ...callees].join(' ')
  const found = ofSystem.get(key) ?? findFileOperations(system, release, callees)
  ofSystem.set(key, found)
  return found
}

function findFileOperations(system: System, release: string, callees: readonly string[]): FileOperations[] {
  const { kernel } = system
  const target = system.symbols.named(release).find(({ module }) => module === null)?.address
  if (kernel === undefined || target === undefined) return []
  const wanted = new Map(callees.flatMap((name) => system.symbols.named(name).map(({ address }) => [address, name] as const)))
  const found = new Map<bigint, FileOperations>()
  const places = wordsThatHold(system, target)
  for (const { struct, open, release: member } of structs) {
    const openOffset = kernel.types.member(struct, open)?.offset
    const releaseOffset = kernel.types.member(struct, member)?.offset
    const bytes = kernel.types.sizeOf(struct)
    if (openOffset === undefined || releaseOffset === undefined || bytes === undefined) continue
    for (const place of places) {
      const address = place - BigInt(releaseOffset)
      const pointer = readWord(system, address + BigInt(openOffset))
      const opener = pointer === undefined ? undefined : system.symbols.at(pointer)
      if (pointer === undefined || opener === undefined || opener.offset !== 0 || system.symbols.holds(opener) !== 'code') continue
      const own = system.symbols.at(address)
      // The other kind of table was found at this place, or a table starts elsewhere: its own name tells.
      if (own !== undefined && own.offset !== 0 && own.bytes != null) continue
      if (own?.bytes != null && own.bytes !== bytes) continue
      const code = directCalls(kernel, pointer, opener.bytes ?? system.symbols.bytesAt(pointer) ?? SHORTEST_CODE)
      const calls = code === undefined ? null : new Set([...wanted].filter(([callee]) => code.has(callee)).map(([, name]) => name))
      found.set(address, {
        address, name: own?.offset === 0 ? own.name : null, module: opener.module, struct, releaseMember: member, open: opener.name, openAddress: pointer, calls
      })
    }
  }
  return [...found.values()]
}

function readWord(system: System, address: bigint): bigint | undefined {
  const bytes = system.memory.tryRead(address, WORD_BYTES)
  return typeof bytes === 'string' ? undefined : new DataView(bytes.buffer, bytes.byteOffset, WORD_BYTES).getBigUint64(0, system.memory.littleEndian)
}

/** Addresses in the data of kernel and modules of words that hold a value. */
function wordsThatHold({ kernel, memory }: System, value: bigint): bigint[] {
  const ranges = [
    ...(kernel?.modules ?? []).flatMap((module) => module.memory.map(({ start, bytes }) => ({ start, end: start + BigInt(bytes) }))),
    ...(kernel?.image ?? [])
  ]
  const found: bigint[] = []
  const low = Number(value & 0xffffffffn)
  const high = Number(value >> 32n)
  /** Where a piece has holes, each page by itself. */
  const search = (start: bigint, end: bigint, piece: bigint): void => {
    for (let at = start; at < end;) {
      const next = at - (at % piece) + piece
      const stop = next < end ? next : end
      const bytes = memory.tryRead(at, Number(stop - at))
      if (typeof bytes !== 'string') {
        const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2)
        for (let i = 0; i + 1 < words.length; i += 2) if (words[i] === low && words[i + 1] === high) found.push(at + BigInt(i * 4))
      } else if (piece > PAGE) search(at, stop, PAGE)
      at = stop
    }
  }
  for (const { start, end } of ranges) search(start - (start % BigInt(WORD_BYTES)), end, PIECE)
  return found
}
