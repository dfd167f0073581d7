import type { SymbolTable } from '../symbol/symbolTable.js'
import type { Warnings } from '../warnings.js'
import type { DumpKernel } from './kernelView.js'

/** Symbols compared before given ones are trusted. */
const compared = 1000
/** Share of them that must agree: linkers may place a few differently, another build moves nearly all. */
const leastShare = 0.9
/** Symbols that every kernel has, for the distance that KASLR moved it. */
const anchors = ['_stext', '_text', 'init_uts_ns', 'swapper_pg_dir']

/**
 * Symbols from elsewhere at the addresses where this kernel runs, or undefined, with a warning, where they are another kernel's. They are
 * moved by the distance between an anchor here and there, which is 0 for what was taken from the running kernel.
 */
export function fitGivenSymbols(given: SymbolTable, kernel: DumpKernel, warnings: Warnings): SymbolTable | undefined {
  const moved = given.shifted(distance(given, kernel))
  const own = kernel.kallsyms
  if (own === undefined) return moved
  let asked = 0
  let right = 0
  const step = Math.max(1, Math.floor(own.length / compared))
  for (let index = 0; index < own.length; index += step) {
    const name = own.name(index)
    const named = moved.named(name)
    if (named.length !== 1 || own.find(name) !== index) continue
    asked++
    if (named[0].address === own.addresses[index]) right++
  }
  if (asked > 0 && right >= asked * leastShare) return moved
  warnings.add(`the given symbols are another kernel's and not used: ${right} of ${asked} compared lie where the dump has them`)
  return undefined
}

function distance(given: SymbolTable, kernel: DumpKernel): bigint {
  for (const name of anchors) {
    const there = given.named(name).find(({ module }) => module === null)?.address
    const here = kernel.symbol(name)
    if (there !== undefined && here !== undefined) return BigInt.asIntN(64, here - there)
  }
  const offset = kernel.vmcoreinfo.value('KERNELOFFSET')
  return offset !== undefined && /^[0-9a-f]+$/i.test(offset) ? BigInt(`0x${offset}`) : 0n
}
