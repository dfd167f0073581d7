import { MissingSymbolError, SlablabError } from '../errors.js'
import type { ImageRange } from '../memory/imageRanges.js'
import type { Memory } from '../memory/memory.js'
import type { Vmcoreinfo } from '../source/vmcoreinfo.js'
import { findKallsyms } from '../symbol/findKallsyms.js'
import type { Kallsyms } from '../symbol/kallsyms.js'
import { kallsymsPlaces, readKallsyms, type ReadKernel } from '../symbol/kallsymsFromMemory.js'
import type { SymbolRecord } from '../symbol/symbolTable.js'
import { Warnings } from '../warnings.js'

/** Symbols in VMCOREINFO that kallsyms has as well: they tell how kallsyms stores addresses. */
const knownSymbols = ['_stext', 'init_uts_ns', 'node_online_map', 'swapper_pg_dir']

export interface KernelSymbolFacts {
  /** The kernel image must be readable; the direct map need not. */
  readonly memory: Memory
  readonly vmcoreinfo: Vmcoreinfo
  /** Where to look for the tables of a kernel that does not tell where they are. */
  readonly image: () => readonly ImageRange[]
  readonly warnings: Warnings
}

/** The kernel's own symbols out of its memory; undefined, with a warning that says why, where they cannot be read. */
export function readKernelSymbols(facts: KernelSymbolFacts): Kallsyms | undefined {
  try {
    return kallsymsIn(facts)
  } catch (error) {
    if (!(error instanceof SlablabError)) throw error
    facts.warnings.add(`no kernel symbols: ${error.message}`)
    return undefined
  }
}

function kallsymsIn({ memory, vmcoreinfo, image, warnings }: KernelSymbolFacts): Kallsyms {
  const read: ReadKernel = (address, bytes) => {
    const found = memory.tryRead(address, bytes)
    return typeof found === 'string' ? undefined : found
  }
  const known = new Map<string, bigint>()
  for (const name of knownSymbols) {
    const address = vmcoreinfo.symbol(name)
    if (address !== undefined) known.set(name, address)
  }
  const places = kallsymsPlaces((name) => vmcoreinfo.symbol(name))
  if (places !== undefined) return readKallsyms(read, places, known, memory.littleEndian, warnings)
  let failure: SlablabError | undefined
  for (const candidate of findKallsyms(read, image(), memory.littleEndian)) {
    const trouble = new Warnings()
    try {
      const found = readKallsyms(read, candidate, known, memory.littleEndian, trouble)
      warnings.addAll(trouble)
      return found
    } catch (error) {
      if (!(error instanceof SlablabError)) throw error
      failure = error
    }
  }
  throw failure ?? new MissingSymbolError(
    'kallsyms_names', 'VMCOREINFO does not tell where the kernel keeps its symbols, and nothing in its image looks like them'
  )
}

/** Two lists in address order as one: cheaper than sorting a hundred thousand symbols for a few hundred that came in. */
export function mergeSorted(many: readonly SymbolRecord[], few: readonly SymbolRecord[]): SymbolRecord[] {
  const all: SymbolRecord[] = []
  let from = 0
  for (const record of few) {
    let low = from
    let high = many.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (many[middle].address <= record.address) low = middle + 1
      else high = middle
    }
    for (; from < low; from++) all.push(many[from])
    all.push(record)
  }
  for (; from < many.length; from++) all.push(many[from])
  return all
}
