import type { SymbolRecord, SymbolTable } from './symbolTable.js'

/** By how much a file's addresses must be moved to be the machine's. */
export interface AddressOffset {
  readonly offset: bigint
  /** Symbols of both that this offset fits, and those that it does not. */
  readonly fitting: number
  readonly others: readonly SymbolRecord[]
}

/** Kernels are moved by whole pages, whatever their size. */
const leastStep = 4096n

/**
 * The distance between two tables of the same kernel, from symbols that both know at different addresses (KASLR): the one that most of them
 * agree on. Names that a table holds more than once tell nothing, nor do per-CPU offsets. Undefined where the tables share no name, or no
 * two thirds of them agree.
 *
 * @param file at link addresses
 * @param known at the machine's
 */
export function addressOffset(file: SymbolTable, known: SymbolTable): AddressOffset | undefined {
  const votes = new Map<bigint, SymbolRecord[]>()
  let count = 0
  for (const record of known.all()) {
    const [same, ...further] = file.named(record.name)
    if (same === undefined || further.length > 0 || known.named(record.name).length > 1) continue
    if (record.module !== null && same.module === null) continue
    const distance = BigInt.asIntN(64, record.address - same.address)
    if (isPerCpu(record.address) !== isPerCpu(same.address)) continue
    const agreeing = votes.get(distance)
    if (agreeing === undefined) votes.set(distance, [record])
    else agreeing.push(record)
    count++
  }
  const [best] = [...votes].filter(([distance]) => distance % leastStep === 0n).sort(([, a], [, b]) => b.length - a.length)
  if (best === undefined || best[1].length * 3 < count * 2) return undefined
  const fitting = new Set(best[1])
  return { offset: best[0], fitting: best[1].length, others: [...votes.values()].flat().filter((record) => !fitting.has(record)) }
}

function isPerCpu(address: bigint): boolean {
  return address < 0x1000000n
}
