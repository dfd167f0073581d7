import { readCString, type Memory } from '../memory/memory.js'
import type { SymbolRecord } from '../symbol/symbolTable.js'
import type { TypeTable } from '../type/typeTable.js'
import type { Warnings } from '../warnings.js'
import { wordAt } from './words.js'

/** More programs than any kernel holds: a longer list is a loop. */
const mostPrograms = 100_000
/** KSYM_NAME_LEN (Linux include/linux/kallsyms.h). */
const longestName = 512

/**
 * Compiled BPF programs and trampolines, which /proc/kallsyms shows as symbols of a module `bpf`: the list `bpf_kallsyms` of
 * `struct bpf_ksym` (Linux commit ecb60d1c6708 "bpf: Move bpf_ksym into its own struct", in 5.7). Stops at the first damaged link.
 */
export function readBpfSymbols(memory: Memory, types: TypeTable, head: bigint, warnings: Warnings): SymbolRecord[] {
  const link = types.member('bpf_ksym', 'lnode')
  const start = types.member('bpf_ksym', 'start')
  const end = types.member('bpf_ksym', 'end')
  const name = types.member('bpf_ksym', 'name')
  if (link === undefined || start === undefined || end === undefined || name === undefined) return []
  const records: SymbolRecord[] = []
  const seen = new Set<bigint>([head])
  let node = wordAt(memory, head)
  while (node !== undefined && !seen.has(node) && records.length < mostPrograms) {
    seen.add(node)
    const symbol = node - BigInt(link.offset)
    const address = wordAt(memory, symbol + BigInt(start.offset))
    const behind = wordAt(memory, symbol + BigInt(end.offset))
    if (address === undefined || behind === undefined || typeof memory.tryRead(symbol + BigInt(name.offset), 1) === 'string') break
    records.push({
      address, name: readCString(memory, symbol + BigInt(name.offset), longestName), type: 't', module: 'bpf',
      bytes: behind > address ? Number(behind - address) : null
    })
    node = wordAt(memory, node)
  }
  if (node !== head) warnings.add(`list of BPF programs is damaged: ${records.length} read`)
  return records
}
