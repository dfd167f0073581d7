import type { AddressSpace } from '../memory/addressSpace.js'
import { directMapAt, findDirectMap } from '../memory/directMap.js'
import type { Memory, PhysicalMemory } from '../memory/memory.js'
import type { LinearWindow, VirtualMemory } from '../memory/virtualMemory.js'
import type { Vmcoreinfo } from '../source/vmcoreinfo.js'
import type { Warnings } from '../warnings.js'
import { wordAt } from './words.js'

export interface DirectMapFacts {
  readonly space: AddressSpace
  readonly physical: PhysicalMemory
  readonly vmcoreinfo: Vmcoreinfo
  readonly symbol: (name: string) => bigint | undefined
  readonly warnings: Warnings
}

/**
 * The direct map of a dump's kernel: verified through its page tables, or, where these are missing from the dump, as the kernel's own
 * variables tell, with a warning. Undefined, with a warning, where neither tells.
 */
export function kernelDirectMap({ space, physical, vmcoreinfo, symbol, warnings }: DirectMapFacts): LinearWindow | undefined {
  const { walk, image, architecture, memory } = space
  const found = findDirectMap(physical, walk, candidates(architecture, vmcoreinfo, memory), image?.start)
  if (found !== undefined) return found
  const base = architecture === 'arm64' ? arm64DirectMaps(vmcoreinfo)[0] : pageOffset(memory, symbol)
  if (base === undefined) {
    warnings.add('the direct map was not found: addresses are translated through page tables only')
    return undefined
  }
  warnings.add('the direct map could not be verified through page tables: taken as the kernel\'s own variables tell')
  return directMapAt(physical, base)
}

/** Where physical 0 may lie in the direct map, the likeliest first. */
function* candidates(architecture: 'x86_64' | 'arm64', vmcoreinfo: Vmcoreinfo, memory: VirtualMemory): Iterable<bigint> {
  if (architecture === 'arm64') yield* arm64DirectMaps(vmcoreinfo)
  // Since 4.15 the section table is allocated, so it lies in the direct map.
  const table = vmcoreinfo.symbol('mem_section')
  const place = table === undefined ? 'unmapped' : memory.translate(table)
  if (table !== undefined && typeof place === 'number') yield table - BigInt(place)
  // Without KASLR (Linux Documentation/arch/x86/x86_64/mm.rst): since 4.20, before it, with five levels.
  if (architecture === 'x86_64') yield* [0xffff888000000000n, 0xffff880000000000n, 0xff11000000000000n]
}

/** The linear map starts at the bottom of the kernel's half since 5.4, at its middle before (Linux commit 14c127c957c1). */
function arm64DirectMaps(vmcoreinfo: Vmcoreinfo): bigint[] {
  const bits = vmcoreinfo.number('VA_BITS')
  const offset = vmcoreinfo.number('PHYS_OFFSET')
  if (bits === undefined || offset === undefined || bits < 32n || bits > 63n) return []
  return [bits, bits - 1n].map((width) => BigInt.asUintN(64, -(1n << width) - offset))
}

function pageOffset(memory: Memory, symbol: (name: string) => bigint | undefined): bigint | undefined {
  const at = symbol('page_offset_base')
  return at === undefined ? undefined : wordAt(memory, at)
}
