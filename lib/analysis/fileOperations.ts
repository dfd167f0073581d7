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
/** Data is searched in pieces of this size. */
const PIECE = 1 << 16

/**
 * All tables of file functions whose release is the function given, in the data of modules and the kernel: found by the pointer to that
 * function at the place of the member, beside a pointer to code at the place of `open`. `callees` are looked for in the code of each open.
 */
export function fileOperationsWithRelease(system: System, release: string, callees: readonly string[]): FileOperations[] {
  const { kernel } = system
  const target = system.symbols.named(release).find(({ module }) => module === null)?.address
  if (kernel === undefined || target === undefined) return []
  const wanted = new Map(callees.flatMap((name) => system.symbols.named(name).map(({ address }) => [address, name] as const)))
  const found = new Map<bigint, FileOperations>()
  for (const { struct, open, release: member } of structs) {
    const openOffset = kernel.types.member(struct, open)?.offset
    const releaseOffset = kernel.types.member(struct, member)?.offset
    const bytes = kernel.types.sizeOf(struct)
    if (openOffset === undefined || releaseOffset === undefined || bytes === undefined) continue
    for (const place of wordsThatHold(system, target)) {
      const address = place - BigInt(releaseOffset)
      const pointer = readWord(system, address + BigInt(openOffset))
      const opener = pointer === undefined ? undefined : system.symbols.at(pointer)
      if (pointer === undefined || opener === undefined || opener.offset !== 0 || !/^t$/i.test(opener.type)) continue
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
function* wordsThatHold({ kernel, memory }: System, value: bigint): Generator<bigint> {
  const low = Number(value & 0xffffffffn)
  const high = Number(value >> 32n)
  const ranges = [
    ...(kernel?.modules ?? []).flatMap((module) => module.memory.map(({ start, bytes }) => ({ start, end: start + BigInt(bytes) }))),
    ...(kernel?.image ?? [])
  ]
  for (const { start, end } of ranges) {
    for (let at = start - (start % BigInt(WORD_BYTES)); at < end;) {
      const stop = at - (at % BigInt(PIECE)) + BigInt(PIECE)
      const bytes = memory.tryRead(at, Number((stop < end ? stop : end) - at))
      if (typeof bytes !== 'string') {
        const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
        for (let i = 0; i + WORD_BYTES <= bytes.length; i += WORD_BYTES) {
          if (words.getUint32(i, true) === low && words.getUint32(i + 4, true) === high) yield at + BigInt(i)
        }
      } else yield* wordsInPages(memory, at, stop < end ? stop : end, low, high)
      at = stop
    }
  }
}

/** The same page by page, where a piece has holes. */
function* wordsInPages(memory: System['memory'], start: bigint, end: bigint, low: number, high: number): Generator<bigint> {
  for (let at = start; at < end;) {
    const next = at - (at % 4096n) + 4096n
    const bytes = memory.tryRead(at, Number((next < end ? next : end) - at))
    if (typeof bytes !== 'string') {
      const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      for (let i = 0; i + WORD_BYTES <= bytes.length; i += WORD_BYTES) {
        if (words.getUint32(i, true) === low && words.getUint32(i + 4, true) === high) yield at + BigInt(i)
      }
    }
    at = next
  }
}
