import type { ColumnTable } from 'arquero'
import { SlablabError, UsageError, type FaultReason } from '../errors.js'
import { returnAddress } from '../slab/returnAddress.js'
import { findSymbols, symbolNames } from '../symbol/findSymbols.js'
import type { SymbolHit } from '../symbol/symbolTable.js'
import type { System } from '../system/system.js'
import { AddressColumn, describedTable } from '../table/columns.js'
import { hex, parseAddress } from '../util/hex.js'
import { didYouMean } from '../util/nearNames.js'

/** More words than anyone reads, less than would fill memory. */
const mostWords = 1 << 20

/**
 * Words of memory from an address on, each with what it may point at: columns address, value, symbol, module, cache, missing. `cache` is
 * the slab cache whose memory the value points into; a signed return address has the symbol that it returns to. A word that cannot be read has no value, and `missing` says why: left out of the
 * dump, not in it, not mapped, or damaged.
 *
 * @param address an address, a symbol, or symbol+offset
 * @throws UsageError for what is neither, or an impossible number of words
 *
 * @example readWords(system, '0xffff8e89812d1ec0', 4).objects() // [{ address: '0xffff8e89812d1ec0', symbol: 'single_start', … }, …]
 */
export function readWords(system: System, address: string | bigint, words: number): ColumnTable {
  if (!Number.isInteger(words) || words < 1 || words > mostWords) throw new UsageError(`expected a number of words from 1 to ${mostWords}, got ${words}`)
  const { memory } = system
  const wordBytes = memory.pointerBytes
  const start = addressNamed(system, address)
  const addresses = BigUint64Array.from({ length: words }, (_, i) => BigInt.asUintN(64, start + BigInt(i * wordBytes)))
  const rows = Array.from(addresses, (at) => wordAt(system, at, wordBytes))
  return describedTable({
    address: new AddressColumn(addresses),
    value: rows.map(({ value }) => value),
    symbol: rows.map(({ symbol }) => symbol),
    module: rows.map(({ module }) => module),
    cache: rows.map(({ cache }) => cache),
    missing: rows.map(({ missing }) => missing)
  })
}

interface WordRow {
  readonly value: string | null
  readonly symbol: string | null
  readonly module: string | null
  readonly cache: string | null
  readonly missing: FaultReason | null
}

function wordAt(system: System, address: bigint, wordBytes: number): WordRow {
  const bytes = system.memory.tryRead(address, wordBytes)
  if (typeof bytes === 'string') return { value: null, symbol: null, module: null, cache: null, missing: bytes }
  const view = new DataView(bytes.buffer, bytes.byteOffset, wordBytes)
  const { littleEndian } = system.memory
  const value = wordBytes === 8 ? view.getBigUint64(0, littleEndian) : BigInt(view.getUint32(0, littleEndian))
  const hit = system.symbols.at(returnAddress(system.kernel, value))
  return {
    value: hit?.standIn ? null : hex(value), symbol: hit === undefined ? null : symbolText(hit), module: hit?.module ?? null,
    cache: hit === undefined ? cacheAt(system, value) : null, missing: null
  }
}

/** The slab cache whose memory holds an address. Slabs are looked for only where the address can be in one. */
function cacheAt(system: System, address: bigint): string | null {
  const { kernel, warnings } = system
  try {
    if (kernel !== undefined && (address < kernel.directMap.start || address >= kernel.directMap.end)) return null
    return system.slabs?.find(address)?.cache.name ?? null
  } catch (error) {
    // Words are words without their caches.
    if (!(error instanceof SlablabError)) throw error
    warnings.add(`slab caches are not shown: ${error.message}`)
    return null
  }
}

function symbolText({ name, offset }: SymbolHit): string {
  return offset === 0 ? name : `${name}+0x${offset.toString(16)}`
}

/** The address that a person means: an address, a symbol, or symbol+offset. @throws UsageError for what is neither */
export function addressNamed(system: System, address: string | bigint): bigint {
  if (typeof address === 'bigint') return BigInt.asUintN(64, address)
  const text = address.trim()
  const plain = parseAddress(text)
  if (plain !== undefined && /^0x/i.test(text)) return plain
  const [hit] = findSymbols(system.symbols, text)
  if (hit !== undefined && (plain === undefined || hit.name === text)) return BigInt.asUintN(64, hit.address + BigInt(hit.offset))
  if (plain !== undefined) return plain
  throw new UsageError(`expected an address or a symbol, got ${text}${didYouMean(text, symbolNames(system.symbols))}`)
}
