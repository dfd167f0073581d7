import type { ColumnTable } from 'arquero'
import { ALLOCATED, FREE } from '../slab/model.js'
import { Tracks, type TrackGroup, type TrackKind } from '../slab/tracks.js'
import { describedTable } from '../table/columns.js'
import { hex } from '../util/hex.js'
import { Turn } from '../util/turn.js'
import { allocatorCaller } from './allocatorCaller.js'
import { chosenCaches } from './chosenCaches.js'
import { systemOf, type MachineEvidence } from './evidence.js'
import { symbolText } from './signatures.js'
import { frameText } from './whatis.js'

export interface AllocationStacksOptions {
  /** Only this cache, or these. */
  readonly cache?: string | readonly string[]
  /** `alloc` (default): where allocated objects were allocated. `free`: who freed those that lie free now. */
  readonly kind?: TrackKind
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number, caches: number) => void
}

/**
 * Allocation stacks by the memory that they hold, the largest first: of all objects as slub_debug=U recorded them, of a few in any cache as
 * KFENCE sampled them. Columns: cache, objects, bytes (of their slots), share (of the cache's objects that have a track), symbol (the
 * allocator's caller), module, stack, recordedBy, example. No rows where the machine recorded none: boot with slub_debug=U, or
 * slub_debug=U,kmalloc-128 for one cache.
 *
 * @throws MissingSymbolError for a session, UsageError for a name that is no cache
 *
 * @example (await allocationStacks(dump)).object(0) // { cache: 'kmalloc-cg-32', objects: 100006, symbol: 'single_open+0x2a', … }
 */
export async function allocationStacks(evidence: MachineEvidence, options: AllocationStacksOptions = {}): Promise<ColumnTable> {
  const system = systemOf(evidence)
  const { kernel, slabs, rows: chosen } = chosenCaches(system, options.cache, 'only a dump holds tracks')
  const tracks = new Tracks(kernel, slabs.table)
  const kind = options.kind ?? 'alloc'
  const rows = chosen.filter((row) => tracks.records(row))
  const states = new Set([kind === 'alloc' ? ALLOCATED : FREE])
  const turn = new Turn(options.signal)
  const found: (TrackGroup & { readonly bytes: number; readonly share: number })[] = []
  for (const [done, row] of rows.entries()) {
    options.signal?.throwIfAborted()
    options.onProgress?.(done, rows.length)
    if (turn.over) await turn.yield()
    slabs.settle(row)
    const groups = tracks.groups(row, kind, states)
    const objects = groups.reduce((sum, group) => sum + group.objects, 0)
    for (const group of groups) found.push({ ...group, bytes: group.objects * slabs.table.caches[row].slotBytes, share: group.objects / objects })
  }
  found.sort((a, b) => b.bytes - a.bytes)
  const callers = found.map((group) => system.symbols.at(allocatorCaller(system, group)))
  return describedTable({
    cache: found.map(({ cache }) => slabs.table.caches[cache].name),
    objects: found.map(({ objects }) => objects),
    bytes: found.map(({ bytes }) => bytes),
    share: found.map(({ share }) => share),
    symbol: callers.map((hit) => (hit === undefined ? null : symbolText(hit))),
    module: callers.map((hit) => hit?.module ?? null),
    stack: found.map(({ stack, caller }) => (stack ?? [caller]).map((frame) => frameText(system, frame))),
    recordedBy: found.map(({ sampled }) => (sampled ? 'KFENCE' : 'slub_debug')),
    example: found.map(({ example }) => hex(example))
  })
}
