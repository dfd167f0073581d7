import { addressRegions } from '../../lib/analysis/addressRegions.js'
import { signaturesOf } from '../../lib/analysis/signature.js'
import { WordEncoder } from '../../lib/analysis/wordEncoder.js'
import { SymbolTable } from '../../lib/symbol/symbolTable.js'
import { directMap, leakSymbols, seqOperations } from '../builders/leaks.js'
import { blockMemory, machine } from '../builders/machine.js'
import { randomFrom } from '../builders/random.js'
import type { BenchOptions, BenchRow } from './benchRow.js'

/** As many as the machine of the reference case leaked. */
const leaked = 1_767_698
/** Part of the objects that are something else. */
const strangers = 0.02

/**
 * Grouping objects by what they hold, reading them included: as leaked seq_operations in slots of their own size, and in slots of 128 bytes
 * with remains of former users behind them. Against the plain way: a string key of an object's words, counted in a map.
 */
export async function benchSignatures({ smoke }: BenchOptions): Promise<BenchRow[]> {
  const count = smoke ? 20_000 : leaked
  return [32, 128].map((slot) => row(count, slot))
}

function row(count: number, slot: number): BenchRow {
  const random = randomFrom(1)
  const bytes = new Uint8Array(count * slot)
  const words = new BigUint64Array(bytes.buffer)
  const perObject = slot / 8
  const stale = [0n, 0n, 0n, 77n, directMap + 0x40n, 0x1234_5678_9abcn]
  for (let i = 0; i < count; i++) {
    const isStranger = random() < strangers
    for (let word = 0; word < perObject; word++) {
      words[i * perObject + word] = !isStranger && word < seqOperations.length ? seqOperations[word] : stale[Math.floor(random() * stale.length)]
    }
  }
  const memory = blockMemory(directMap, bytes)
  const addresses = BigUint64Array.from({ length: count }, (_, i) => directMap + BigInt(i * slot))
  const symbols = new SymbolTable(leakSymbols)
  const regions = addressRegions({ ...machine({ memory, architecture: 'x86_64' }), symbols }, { low: addresses[0], high: addresses[count - 1] })
  const ours = best(() => {
    const { groups } = signaturesOf(memory, new WordEncoder(regions, symbols), addresses, { objectBytes: slot })
    if (groups[0].objects < count * 0.97) throw new Error(`${groups[0].objects} of ${count} objects in the largest group`)
  })
  const plain = best(() => {
    const counts = new Map<string, number>()
    for (let i = 0; i < count; i++) {
      const key = words.subarray(i * perObject, (i + 1) * perObject).join()
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
  })
  return {
    task: `group ${count.toLocaleString('en-US')} objects of ${slot} bytes by what they hold`, unit: 'M objects/s', ours: count / ours / 1000,
    peer: 'map of string keys', peers: count / plain / 1000, note: `${Math.round(ours)} ms`
  }
}

/** Milliseconds, the best of three rounds. */
function best(run: () => void): number {
  let least = Infinity
  for (let round = 0; round < 3; round++) {
    const start = performance.now()
    run()
    least = Math.min(least, performance.now() - start)
  }
  return least
}
