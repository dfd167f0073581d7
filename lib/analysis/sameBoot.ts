import { FaultError } from '../errors.js'
import { readU64 } from '../memory/memory.js'
import type { System } from '../system/system.js'
import { hex } from '../util/hex.js'

/** Whether two dumps are of one boot of one machine: only then does an address mean the same object in both. */
export interface SameBoot {
  readonly same: boolean
  /** What was compared, one sentence each: all agree, or the first that differs. */
  readonly reasons: readonly string[]
  /** Which dump is the later one, by the kernel's tick counter; null where that is not known, or of different boots. */
  readonly order: 'as given' | 'reversed' | null
}

/** Caches whose place in memory is compared; the rest would say the same. */
const MOST_CACHES = 64

/**
 * Tells whether two dumps are of the same boot: the same kernel build, moved to the same place (KASLR), the same direct map, and caches at
 * the same addresses with the same secrets. A reboot changes all of them but the first; where a kernel does none of it, the caches'
 * addresses are what is left.
 */
export function sameBoot(before: System, after: System): SameBoot {
  const checks = [
    { what: 'the kernel', values: [before, after].map((system) => system.buildId ?? system.release) },
    { what: 'the place of the kernel in memory', values: [before, after].map(kernelPlace) },
    { what: 'the direct map', values: [before, after].map(({ kernel }) => (kernel === undefined ? null : hex(kernel.directMap.start))) },
    { what: 'the places and secrets of the caches', values: [before, after].map((system) => cachePlaces(system, before, after)) }
  ]
  const differing = checks.find(({ values: [a, b] }) => a === null || b === null || a !== b)
  if (differing !== undefined) {
    const unknown = differing.values.includes(null)
    return { same: false, order: null, reasons: [`${differing.what} ${unknown ? 'is not known in both' : 'differs'}: they are not taken for the same boot`] }
  }
  const [first, second] = [before, after].map(ticks)
  return {
    same: true, order: first === null || second === null ? null : first <= second ? 'as given' : 'reversed',
    reasons: [`the same boot: ${checks.map(({ what }) => what).join(', ')} are the same`]
  }
}

function kernelPlace({ symbols }: System): string | null {
  const text = symbols.named('_stext')[0] ?? symbols.named('_text')[0]
  return text === undefined ? null : hex(text.address)
}

/** Of caches that both have by name: boot-time ones lie where the first boot's allocations put them. */
function cachePlaces(system: System, before: System, after: System): string | null {
  const common = new Set(before.caches().map(({ name }) => name))
  const names = after.caches().map(({ name }) => name).filter((name) => common.has(name)).slice(0, MOST_CACHES)
  const records = system.slabs?.table.caches
  if (names.length === 0 || records === undefined) return null
  return names.map((name) => {
    const record = records.find((one) => one.name === name)
    return record === undefined ? name : `${hex(record.address)} ${record.random ?? ''}`
  }).join()
}

function ticks({ kernel, memory }: System): bigint | null {
  const address = kernel?.symbol('jiffies_64') ?? kernel?.symbol('jiffies')
  if (address === undefined) return null
  try {
    return readU64(memory, address)
  } catch (error) {
    if (error instanceof FaultError) return null
    throw error
  }
}
