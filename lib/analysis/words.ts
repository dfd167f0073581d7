import type { ColumnTable } from 'arquero'
import { AddressColumn, describedTable } from '../table/columns.js'
import { hex } from '../util/hex.js'
import { addressRegions } from './addressRegions.js'
import { systemOf, type MachineEvidence } from './evidence.js'
import { objectsByCache, type CacheObjects, type ObjectList } from './objectAddresses.js'
import { distinctSorted, readObjects } from './objectReader.js'
import { symbolText } from './signatures.js'
import { MISSING, wordClasses } from './wordClass.js'
import { WordEncoder } from './wordEncoder.js'

export interface WordsOptions {
  /** Bytes of each object to show, from its start (default: its payload, as far as the evidence says how large that is). */
  readonly bytes?: number
}

/** Bytes of an object whose cache is unknown. */
const unknownBytes = 64

/**
 * What objects hold, a row for each word: columns address (of the object), offset, value, class, symbol, module. A word that the evidence
 * does not hold has class `missing` and no value.
 *
 * @example words(dump, ['0xffff80003a5b0000'], { bytes: 32 }).objects() // [{ offset: 0, symbol: 'single_start', … }, …]
 */
export function words(evidence: MachineEvidence, objects: ObjectList, options: WordsOptions = {}): ColumnTable {
  const system = systemOf(evidence)
  const parts = objectsByCache(system, objects).map(({ cache, addresses }): CacheObjects => ({ cache, addresses: distinctSorted(addresses) }))
  const ends = parts.flatMap(({ addresses }) => [addresses[0], addresses[addresses.length - 1]])
  const anchors = ends.length === 0 ? undefined : { low: ends.reduce((a, b) => (b < a ? b : a)), high: ends.reduce((a, b) => (b > a ? b : a)) }
  const { memory, symbols } = system
  const encoder = new WordEncoder(addressRegions(system, anchors), symbols, memory.pointerBytes, memory.littleEndian)
  const rows: { address: bigint; offset: number; value: string | null; class: string; symbol: string | null; module: string | null }[] = []
  for (const { cache, addresses } of parts) {
    const wordBytes = memory.pointerBytes
    const bytes = Math.max(wordBytes, Math.floor((options.bytes ?? cache?.objectBytes ?? cache?.slotBytes ?? unknownBytes) / wordBytes) * wordBytes)
    const perObject = bytes / wordBytes
    for (const chunk of readObjects(memory, addresses, bytes)) {
      for (let i = 0; i < chunk.count; i++) {
        const address = addresses[chunk.start + i]
        const held = chunk.whole[i] === 1 ? undefined : (chunk.partly.get(i) ?? new Uint8Array(perObject))
        for (let word = 0; word < perObject; word++) {
          const at = (i * perObject + word) * 2
          const isHeld = held === undefined || held[word] === 1
          const hasNext = word + 1 < perObject && (held === undefined || held[word + 1] === 1)
          const [low, high] = [chunk.words[at], chunk.words[at + 1]]
          const code = !isHeld ? MISSING : encoder.encode(
            high, low, Number(address >> 32n) | 0, Number(address & 0xffffffffn) | 0, bytes, word * wordBytes,
            hasNext ? chunk.words[at + 3] : 0, hasNext ? chunk.words[at + 2] : 0
          )
          const value = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)
          const hit = encoder.symbolOf(code)
          rows.push({
            // A stand-in's value is not the machine's.
            address, offset: word * wordBytes, value: isHeld && !hit?.standIn ? hex(wordBytes === 4 ? value & 0xffffffffn : value) : null, class: wordClasses[encoder.classOf(code)],
            symbol: hit === undefined ? null : symbolText(hit), module: hit?.module ?? null
          })
        }
      }
    }
  }
  return describedTable({
    address: new AddressColumn(BigUint64Array.from(rows, ({ address }) => address)),
    offset: rows.map(({ offset }) => offset),
    value: rows.map(({ value }) => value),
    class: rows.map((row) => row.class),
    symbol: rows.map(({ symbol }) => symbol),
    module: rows.map(({ module }) => module)
  })
}
