import { MissingSymbolError } from '../errors.js'
import type { KernelView } from '../slab/kernelView.js'
import type { Slabs } from '../slab/slabs.js'
import type { System } from '../system/system.js'
import { noSuchCache } from '../slab/noSuchCache.js'

/** A dump's kernel and allocator, and the rows of the wanted caches. */
export interface ChosenCaches {
  readonly kernel: KernelView
  readonly slabs: Slabs
  /** Rows of `slabs.caches()`. */
  readonly rows: readonly number[]
}

/** The caches that a question is about: those named, or all. @throws MissingSymbolError for a session, UsageError for a name that is no cache */
export function chosenCaches(system: System, names: string | readonly string[] | undefined, needed: string): ChosenCaches {
  const { kernel, slabs } = system
  if (kernel === undefined || slabs === undefined) throw new MissingSymbolError('the slab allocator', needed)
  const caches = slabs.caches()
  if (names === undefined) return { kernel, slabs, rows: caches.map((_, row) => row) }
  const rows = [names].flat().flatMap((name) => {
    const found = caches.flatMap((cache, row) => (cache.name === name || cache.aliases.includes(name) ? [row] : []))
    if (found.length === 0) throw noSuchCache(name, caches)
    return found
  })
  return { kernel, slabs, rows: [...new Set(rows)] }
}
