import type { Memory } from '../memory/memory.js'
import { readBtf, type Btf } from '../source/btf.js'
import { typesOf, type BtfTypes } from '../type/btfTypes.js'
import { relocateBtf } from '../type/relocateBtf.js'
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
  const { found, missing, readableBytes } = readWithHoles(memory, start, Number(bytes))
  if (missing === Number(bytes)) {
    warnings.add('no types: BTF of the kernel is missing from the dump')
    return undefined
  }
  if (missing > 0) warnings.add(`types are known in part: ${missing} of the ${bytes} bytes of the kernel's BTF are missing from the dump`)
  try {
    return readBtf(found, { name: 'BTF of the kernel', readableBytes, warnings })
  } catch (error) {
    warnings.add(`no types: ${(error as Error).message}`)
    return undefined
  }
}

/** The smallest page of a machine: what is missing is missing in these. */
const pageBytes = 4096

/** All of a range. Missing pages read as zeros: the types before the first of them are good. */
function readWithHoles(memory: Memory, start: bigint, bytes: number): { found: Uint8Array; missing: number; readableBytes: number } {
  const whole = memory.tryRead(start, bytes)
  if (typeof whole !== 'string') return { found: whole, missing: 0, readableBytes: bytes }
  const found = new Uint8Array(bytes)
  let missing = 0
  let readableBytes = bytes
  for (let at = 0; at < bytes;) {
    const address = start + BigInt(at)
    const part = Math.min(bytes - at, pageBytes - Number(address & BigInt(pageBytes - 1)))
    const page = memory.tryRead(address, part)
    if (typeof page === 'string') {
      missing += part
      readableBytes = Math.min(readableBytes, at)
    } else {
      found.set(page, at)
    }
    at += part
  }
  return { found, missing, readableBytes }
}

/** All types: the kernel's and those of its modules, whose BTF was split from it. A module whose BTF cannot be read is left out. */
export function typesWithModules(kernel: Btf, kernelTypes: BtfTypes, modules: readonly KernelModule[], facts: TypeFacts): BtfTypes {
  const held = new ModuleBtf(kernelTypes, facts)
  const split: [string, Btf][] = []
  for (const module of modules) {
    const found = held.of(module)
    if (found === undefined) continue
    const options = { name: `BTF of module ${module.name}`, warnings: facts.warnings }
    try {
      const base = found.base === undefined ? kernel : readBtf(found.base, options)
      const own = readBtf(found.bytes, { ...options, base })
      split.push([module.name, base === kernel ? own : relocateBtf(own, kernel)])
    } catch (error) {
      facts.warnings.add(`types of module ${module.name} left out: ${(error as Error).message}`)
    }
  }
  return split.length === 0 ? kernelTypes : typesOf(kernel, split)
}
