import type { ColumnTable } from 'arquero'
import { ALLOCATED } from '../slab/model.js'
import { Owners, type AllocationSite } from '../slab/owners.js'
import { describedTable } from '../table/columns.js'
import { hex } from '../util/hex.js'
import { Turn } from '../util/turn.js'
import { chosenCaches } from './chosenCaches.js'
import { systemOf, type MachineEvidence } from './evidence.js'

export interface OwnersOptions {
  /** Only this cache, or these. */
  readonly cache?: string | readonly string[]
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number, caches: number) => void
}

interface OwnedGroup {
  readonly cache: string
  readonly cgroup: string | null
  readonly removed: boolean
  readonly site: AllocationSite | null
  readonly slotBytes: number
  readonly example: bigint
  objects: number
}

/**
 * Whom allocated objects are charged to and where they were allocated, as far as this kernel keeps either: cgroups from v5.9, source lines
 * with memory allocation profiling from v6.10. Columns: cache, cgroup, removed (a child of it, removed since: its charges
 * went to its parent), file, line, function, module, objects, bytes (of their slots), example;
 * the largest first. Objects of which neither is known are one row a cache, with nulls.
 *
 * @throws MissingSymbolError for a session, UsageError for a name that is no cache
 *
 * @example (await owners(dump, { cache: 'kmalloc-cg-32' })).objects() // [{ cgroup: '/system.slice/leaky.service', objects: 100001, … }]
 */
export async function owners(evidence: MachineEvidence, options: OwnersOptions = {}): Promise<ColumnTable> {
  const { kernel, slabs, rows } = chosenCaches(systemOf(evidence), options.cache, 'only a dump holds owners')
  const { table } = slabs
  const reader = new Owners(kernel, table)
  const turn = new Turn(options.signal)
  const found: OwnedGroup[] = []
  for (const [done, row] of rows.entries()) {
    options.signal?.throwIfAborted()
    options.onProgress?.(done, rows.length)
    slabs.settle(row)
    const { name, slotBytes } = table.caches[row]
    // Several charges lead to one cgroup: groups go by what they mean.
    const groups = new Map<string | null, Map<AllocationSite | null, OwnedGroup>>()
    const count = (cgroup: string | null, removed: boolean, site: AllocationSite | null, slab: number, slot: number): void => {
      // No path ends with a slash but the root's.
      const key = removed ? `${cgroup}//` : cgroup
      let ofCgroup = groups.get(key)
      if (ofCgroup === undefined) groups.set(key, (ofCgroup = new Map<AllocationSite | null, OwnedGroup>()))
      const group = ofCgroup.get(site)
      if (group !== undefined) group.objects++
      else ofCgroup.set(site, { cache: name, cgroup, removed, site, slotBytes, example: table.objectAddress(slab, slot), objects: 1 })
    }
    for (const slab of table.ofCache(row)) {
      if (turn.over) await turn.yield()
      const entries = reader.exist ? reader.entries(slab) : null
      for (let slot = 0; slot < table.objects[slab]; slot++) {
        if (table.state[table.first[slab] + slot] !== ALLOCATED) continue
        const charged = entries?.charged[slot] ?? 0n
        count(reader.cgroupOf(charged), reader.isRemoved(charged), reader.siteOf(entries?.sites[slot] ?? 0n), slab, slot)
      }
    }
    found.push(...[...groups.values()].flatMap((ofCgroup) => [...ofCgroup.values()]))
  }
  found.sort((a, b) => b.objects * b.slotBytes - a.objects * a.slotBytes)
  return describedTable({
    cache: found.map(({ cache }) => cache),
    cgroup: found.map(({ cgroup }) => cgroup),
    removed: found.map(({ cgroup, removed }) => (cgroup === null ? null : removed)),
    file: found.map(({ site }) => site?.file ?? null),
    line: found.map(({ site }) => site?.line ?? null),
    function: found.map(({ site }) => site?.function ?? null),
    module: found.map(({ site }) => site?.module ?? null),
    objects: found.map(({ objects }) => objects),
    bytes: found.map(({ objects, slotBytes }) => objects * slotBytes),
    example: found.map(({ example }) => hex(example))
  })
}
