import { parseAddress } from '../util/hex.js'
import { hitAt, type SymbolHit, type SymbolTable } from './symbolTable.js'

/** Shorter runs of hexadecimal digits are taken for names alone (`add`, `dead`), unless written with 0x. */
const leastAddressDigits = 8

/**
 * Symbols by what a person typed: an address (`0xffff00000824edd8`, `ffff00000824edd8`, a bigint), a name, or name+offset
 * (`single_start+0x4`, `single_start+4` as crash writes it). Names may be shared: then there are several. None is an empty list.
 *
 * @example findSymbols(dump.system.symbols, 'single_start')[0].address
 */
export function findSymbols(symbols: SymbolTable, query: string | bigint): SymbolHit[] {
  if (typeof query === 'bigint') return atAddress(symbols, query)
  const text = query.trim()
  const address = parseAddress(text)
  if (address !== undefined && /^0x/i.test(text)) return atAddress(symbols, address)
  const [, name, distance] = /^(.*?)(?:\+(0x[0-9a-f]+|\d+))?$/i.exec(text)!
  const named = symbols.named(name).filter(({ standIn }) => standIn === undefined).map((record) => hitAt(record, distance === undefined ? 0 : Number(distance)))
  if (named.length > 0) return named
  return address !== undefined && text.length >= leastAddressDigits ? atAddress(symbols, address) : []
}

/** Names of all symbols. */
export function* symbolNames(symbols: SymbolTable): Generator<string> {
  for (const { name } of symbols.all()) yield name
}

function atAddress(symbols: SymbolTable, address: bigint): SymbolHit[] {
  const hit = symbols.at(BigInt.asUintN(64, address))
  return hit === undefined ? [] : [hit]
}
