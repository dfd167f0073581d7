import { readTranscript, type ReadTranscriptOptions } from '../../lib/source/crash/readTranscript.js'
import type { CrashTranscript } from '../../lib/source/crash/crashTranscript.js'
import { transcriptSystem, type TranscriptSystem } from '../../lib/system/transcriptSystem.js'
import { Warnings } from '../../lib/warnings.js'

/** Pieces of a text, as a file gives them; small ones cut lines anywhere. */
export async function* piecesOf(text: string | Uint8Array, bytes = 1 << 16): AsyncGenerator<Uint8Array> {
  const all = typeof text === 'string' ? Buffer.from(text) : text
  for (let at = 0; at < all.length; at += bytes) yield all.subarray(at, at + bytes)
}

/** Reads texts as the files session-1.txt, session-2.txt … of one investigation. */
export async function transcriptOf(texts: string | Uint8Array | readonly (string | Uint8Array)[], options: ReadTranscriptOptions & { piece?: number } = {}): Promise<CrashTranscript> {
  const list = typeof texts === 'string' || texts instanceof Uint8Array ? [texts] : texts
  return readTranscript(list.map((text, i) => ({ file: `session-${i + 1}.txt`, chunks: piecesOf(text, options.piece) })), options)
}

/** The system of a text, with what it warns of. */
export async function systemOf(texts: string | readonly string[]): Promise<TranscriptSystem & { messages: () => string[] }> {
  const warnings = new Warnings()
  const system = transcriptSystem(await transcriptOf(texts), { warnings })
  return Object.assign(system, { messages: () => warnings.list().map(({ message }) => message) })
}

export interface RdOptions {
  /** Bits of a value. */
  readonly size?: 8 | 16 | 32 | 64
  readonly bigEndian?: boolean
  /** `rd -x` leaves the ASCII column out. */
  readonly ascii?: boolean
  /** Columns of an address. */
  readonly width?: 8 | 16
}

/** What `rd` prints of bytes at an address. */
export function rd(address: bigint, bytes: Uint8Array, { size = 64, bigEndian = false, ascii = true, width = 16 }: RdOptions = {}): string {
  const element = size / 8
  const perRow = 16 / element
  let text = ''
  for (let row = 0; row < bytes.length; row += 16) {
    const part = bytes.subarray(row, row + 16)
    const values: string[] = []
    for (let at = 0; at + element <= part.length; at += element) {
      const value = Buffer.from(part.subarray(at, at + element))
      values.push((bigEndian ? value : value.reverse()).toString('hex'))
    }
    let line = `${(address + BigInt(row)).toString(16).padStart(width)}:  ${values.map((value) => `${value} `).join('')}`
    if (ascii) {
      line = line.padEnd(width + 3 + perRow * (element * 2 + 1)) + '  '
      for (const byte of part) line += byte >= 0x20 && byte <= 0x7e ? String.fromCharCode(byte) : '.'
    }
    text += `${line}\n`
  }
  return text
}

/** 64-bit little-endian words as bytes. */
export function wordBytes(...words: bigint[]): Uint8Array {
  return new Uint8Array(BigUint64Array.from(words).buffer)
}

export interface CacheRow {
  readonly address?: string
  readonly name: string
  readonly objectBytes?: number | '?'
  readonly allocated?: number | '?'
  readonly total?: number | '?'
  readonly slabs?: number | '?'
  readonly kilobytes?: number
}

/** `kmem -s` since crash 7.2.4, and before it with the name as the second column. */
export function kmemS(rows: readonly CacheRow[], nameColumn: 'last' | 'second' = 'last'): string {
  const header = nameColumn === 'last' ? 'CACHE             OBJSIZE  ALLOCATED     TOTAL  SLABS  SSIZE  NAME'
    : 'CACHE            NAME                 OBJSIZE  ALLOCATED     TOTAL  SLABS  SSIZE'
  const lines = rows.map(({ address = 'ffff888100042600', name, objectBytes = 128, allocated = 1, total = 32, slabs = 1, kilobytes = 4 }) => {
    const numbers = `${String(objectBytes).padStart(8)}  ${String(allocated).padStart(9)}  ${String(total).padStart(8)}  ${String(slabs).padStart(5)}  `
    return nameColumn === 'last' ? `${address} ${numbers}${String(kilobytes).padStart(4)}k  ${name}`
      : `${address} ${name.padEnd(18)}  ${numbers} ${String(kilobytes).padStart(3)}k`
  })
  return `${[header, ...lines].join('\n')}\n`
}

export type ListedObject = string | { readonly address: string; readonly state: 'allocated' | 'free' | `cpu ${number}` | 'shared' }

/** A slab's block in `kmem -S`; a bare address is an allocated object. `rowOnly` leaves its objects out, as lists of SLUB's nodes do. */
export function slabBlock(memory: string, objects: readonly ListedObject[], options: {
  allocator?: 'slub' | 'slab'; total?: number; allocated?: number; rowOnly?: boolean; header?: boolean; page?: string
} = {}): string {
  const { allocator = 'slub', rowOnly = false, header = true, page = 'ffffea0004123400' } = options
  const list = objects.map((object) => (typeof object === 'string' ? { address: object, state: 'allocated' as const } : object))
  const total = options.total ?? list.length
  const allocated = options.allocated ?? list.filter(({ state }) => state === 'allocated').length
  const counts = `${String(total).padStart(5)}  ${String(allocated).padStart(9)}  ${String(total - allocated).padStart(4)}`
  const indent = allocator === 'slub' ? '  ' : ''
  let text = header ? `${indent}SLAB              MEMORY            ${allocator === 'slub' ? 'NODE  ' : ''}TOTAL  ALLOCATED  FREE\n` : ''
  text += `${indent}${page}  ${memory}  ${allocator === 'slub' ? '   0  ' : ''}${counts}\n`
  if (rowOnly) return text
  text += `${indent}FREE / [ALLOCATED]\n`
  for (const { address, state } of list) {
    if (state === 'allocated') text += `  [${address}]\n`
    else if (state === 'free') text += `   ${address}  \n`
    else text += `   ${address}  (${state} cache)\n`
  }
  return text
}
