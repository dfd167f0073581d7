import type { Memory } from '../memory/memory.js'
import { readBtf, type Btf } from '../source/btf.js'
import { typesOf, type BtfTypes } from '../type/btfTypes.js'
import type { Warnings } from '../warnings.js'
import type { KernelModule } from './kernelModules.js'
import { ModuleBtf } from './moduleBtf.js'

/** Larger than any kernel's: a damaged size is not followed. */
const mostBtfBytes = 1 << 28

export interface TypeFacts {
  readonly memory: Memory
  readonly symbol: (name: string) => bigint | undefined
  readonly warnings: Warnings
}

/** The kernel's own BTF, between two symbols of its linker script; undefined where the kernel has none or its pages are missing. */
export function readKernelBtf({ memory, symbol, warnings }: TypeFacts): Btf | undefined {
  const start = symbol('__start_BTF')
  const stop = symbol('__stop_BTF')
  if (start === undefined || stop === undefined || stop <= start) return undefined
  const bytes = stop - start
  if (bytes > BigInt(mostBtfBytes)) {
    warnings.add(`no types: an impossible size of BTF, ${bytes} bytes`)
    return undefined
  }
  const found = memory.tryRead(start, Number(bytes))
  if (typeof found === 'string') {
    warnings.add(`no types: BTF of the kernel is ${found} in part`)
    return undefined
  }
  try {
    return readBtf(found, { name: 'BTF of the kernel', warnings })
  } catch (error) {
    warnings.add(`no types: ${(error as Error).message}`)
    return undefined
  }
}

/** All types: the kernel's and those of its modules, whose BTF was split from it. A module whose BTF cannot be read is left out. */
export function typesWithModules(kernel: Btf, kernelTypes: BtfTypes, modules: readonly KernelModule[], facts: TypeFacts): BtfTypes {
  const held = new ModuleBtf(kernelTypes, facts)
  const split: [string, Btf][] = []
  for (const module of modules) {
    const bytes = held.of(module)
    if (bytes === undefined) continue
    try {
      split.push([module.name, readBtf(bytes, { name: `BTF of module ${module.name}`, base: kernel, warnings: facts.warnings })])
    } catch (error) {
      facts.warnings.add(`types of module ${module.name} left out: ${(error as Error).message}`)
    }
  }
  return split.length === 0 ? kernelTypes : typesOf(kernel, split)
}
