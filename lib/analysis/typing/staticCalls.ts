import { readPointer } from '../../memory/memory.js'
import { FaultError } from '../../errors.js'
import type { KernelView } from '../../slab/kernelView.js'

/** A call that modules make through a variable: what the variable knows of them. */
export interface StaticCallUsers {
  /** Of the first `struct static_call_mod`. */
  readonly address: bigint
  /** `__SCK__might_resched`: of the variable. */
  readonly name: string
}

/** How `DEFINE_STATIC_CALL` names its variables (include/linux/static_call_types.h of Linux). */
const KEY = '__SCK__'

/** The modules' parts of all static calls: a key's pointer to them is a union, and not one if its lowest bit is set. */
export function staticCallUsers({ memory, symbols, types }: KernelView): StaticCallUsers[] {
  const mods = types.member('static_call_key', 'mods')
  if (mods === undefined) return []
  const found: StaticCallUsers[] = []
  for (const { address, name } of symbols.all()) {
    if (!name.startsWith(KEY)) continue
    try {
      const first = readPointer(memory, address + BigInt(mods.offset))
      if (first !== 0n && (first & 1n) === 0n) found.push({ address: first, name })
    } catch (error) {
      // What the dump lacks tells nothing.
      if (!(error instanceof FaultError)) throw error
    }
  }
  return found
}
