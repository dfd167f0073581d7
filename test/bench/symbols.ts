import { SymbolTable } from '../../lib/symbol/symbolTable.js'
import type { BenchOptions, BenchRow } from './benchRow.js'

const kernelSymbols = 120_000

/** Naming addresses: by the sorted table, against the plain way, a search through an array of bigint. */
export async function benchSymbols({ smoke }: BenchOptions): Promise<BenchRow[]> {
  const text = 0xffffffff81000000n
  const records = Array.from({ length: kernelSymbols }, (_, i) => ({ address: text + BigInt(i * 96), name: `function_${i}`, type: 't', module: null }))
  const table = new SymbolTable(records)
  const count = smoke ? 10_000 : 1_000_000
  const addresses = BigUint64Array.from({ length: count }, (_, i) => text + BigInt((i * 102_947) % (kernelSymbols * 96)))
  const plain = (address: bigint): unknown => {
    let low = 0
    let high = records.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (records[middle].address <= address) low = middle + 1
      else high = middle
    }
    return { ...records[low - 1], offset: Number(address - records[low - 1].address) }
  }
  return [{
    task: `name ${count.toLocaleString('en-US')} addresses among ${kernelSymbols.toLocaleString('en-US')} symbols`, unit: 'M/s', note: '',
    ours: rate(addresses, (address) => table.at(address)), peer: 'binary search over bigint', peers: rate(addresses, plain)
  }]
}

/** Millions a second, the best of five rounds. */
function rate(addresses: BigUint64Array, find: (address: bigint) => unknown): number {
  let best = 0
  for (let round = 0; round < 5; round++) {
    const start = performance.now()
    for (const address of addresses) if (find(address) === undefined) throw new Error('a symbol was not found')
    best = Math.max(best, addresses.length / (performance.now() - start) / 1000)
  }
  return best
}
