import type { ColumnTable } from 'arquero'
import { readWords, addressNamed } from '../dump/readWords.js'
import type { Memory } from '../memory/memory.js'
import { describedTable } from '../table/columns.js'
import type { BtfTypes } from '../type/btfTypes.js'
import { membersAt } from '../type/memberAt.js'
import { systemOf, type MachineEvidence } from './evidence.js'
import { knownTypes } from './knownTypes.js'
import { slabPlace } from './slabPlace.js'

export interface HexdumpOptions {
  /** Bytes to show; default: to the end of the object that holds the address, else 256. */
  readonly bytes?: number
  /** What lies there (`seq_operations`): then the column `member` says what each word is, as far as the evidence has this type. */
  readonly type?: string
}

const defaultBytes = 256
const mostBytesOfObject = 4096

/**
 * Memory from an address on, a word a row, with what each word may point at: columns address, offset, value, text, symbol, module, cache,
 * missing, and member where a type is given. `text` shows the bytes as ASCII in memory order; a word that cannot be read has no value, and
 * `missing` says why.
 *
 * @param address an address, a symbol, or symbol+offset
 * @throws UsageError for what is neither
 *
 * @example hexdump(dump, '0xffff8e89812d1ec0').objects() // [{ offset: 0, value: '0xffffffffa217b370', symbol: 'single_start', … }, …]
 */
export function hexdump(evidence: MachineEvidence, address: string | bigint, options: HexdumpOptions = {}): ColumnTable {
  const system = systemOf(evidence)
  const wordBytes = system.memory.pointerBytes
  const start = addressNamed(system, address)
  const bytes = options.bytes ?? bytesAt(system, start)
  const table = readWords(system, start, Math.max(1, Math.ceil(bytes / wordBytes)))
  const rows = table.numRows()
  const column = (name: string): unknown[] => Array.from({ length: rows }, (_, row): unknown => table.get(name, row))
  const addresses = column('address') as string[]
  const values = column('value')
  return describedTable({
    address: addresses,
    offset: addresses.map((_, row) => row * wordBytes),
    ...(options.type === undefined ? {} : { member: addresses.map((_, row) => memberNames(system.types?.btf, options.type!, row * wordBytes, wordBytes)) }),
    value: values,
    symbol: column('symbol'),
    module: column('module'),
    cache: column('cache'),
    // Where no value is known, only a symbol, there is no text either.
    text: addresses.map((at, row) => (values[row] === null ? null : textOf(system.memory, BigInt(at), wordBytes))),
    missing: column('missing')
  })
}

function bytesAt(system: ReturnType<typeof systemOf>, address: bigint): number {
  const place = slabPlace(system, address)
  const payload = place?.cache?.objectBytes ?? place?.cache?.slotBytes
  if (place?.object == null || payload == null || place.offset < 0 || place.offset >= payload) return defaultBytes
  return Math.min(payload - place.offset, mostBytesOfObject)
}

/** The members that start in a word, by commas: two may share one. Null behind the struct's end, and where the type is not known. */
function memberNames(types: BtfTypes | undefined, type: string, offset: number, wordBytes: number): string | null {
  const struct = types?.find(type)
  if (types === undefined || struct === undefined) return knownTypes.find((known) => known.type === type)?.members[offset] ?? null
  const names: string[] = []
  for (let at = offset; at < offset + wordBytes; at++) {
    const inner = membersAt(types.graph, struct, at).at(-1)
    if (inner !== undefined) names.push(inner.path)
  }
  return names.length === 0 ? null : names.join(', ')
}

function textOf(memory: Memory, address: bigint, bytes: number): string | null {
  const found = memory.tryRead(address, bytes)
  return typeof found === 'string' ? null : Array.from(found, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('')
}
