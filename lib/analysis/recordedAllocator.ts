import { ALLOCATED } from '../slab/model.js'
import { Owners, type AllocationSite, type OwnerEntries } from '../slab/owners.js'
import { Tracks, type TrackGroup } from '../slab/tracks.js'
import type { System } from '../system/system.js'
import { hex } from '../util/hex.js'
import { formatCount } from '../util/units.js'
import { allocatorCaller } from './allocatorCaller.js'
import { openCell } from './cell.js'
import type { EvidenceItem } from './finding.js'
import type { GroupFacts, MachineFacts } from './leakEvidence.js'
import { frameText } from './whatis.js'

/** Who allocated the objects of a group, as the kernel itself recorded it. */
export interface RecordedAllocator {
  /** The function to look at: the innermost of a module, else the allocator's caller. Null where no symbol names it. */
  readonly function: string | null
  readonly module: string | null
  readonly item: EvidenceItem
}

/** Frames above the allocator's caller that a sentence names. */
const SHOWN_CALLERS = 2

/** By slub_debug's stacks, by the source lines of memory allocation profiling, or by those objects that KFENCE has sampled; undefined where the machine recorded neither. */
export function recordedAllocator(machine: MachineFacts, facts: GroupFacts): RecordedAllocator | undefined {
  const { kernel, slabs } = machine.system
  const row = slabs?.caches().findIndex(({ name }) => name === facts.cache?.name) ?? -1
  if (kernel === undefined || slabs === undefined || row < 0) return undefined
  slabs.settle(row)
  const tracks = new Tracks(kernel, slabs.table)
  const groups = tracks.records(row) ? tracks.groups(row, 'alloc', new Set([ALLOCATED]), new Set(facts.signatures.addressesOf(facts.group))) : []
  return tracks.has(slabs.table.caches[row]) && groups.length > 0 ? byStack(machine, facts, groups)
    : bySite(machine, facts) ?? (groups.length > 0 ? byStack(machine, facts, groups) : undefined)
}

function byStack(machine: MachineFacts, facts: GroupFacts, groups: readonly TrackGroup[]): RecordedAllocator {
  const { system } = machine
  // Several ways lead to one caller: it counts with all of them, and the most frequent is shown.
  const counts = new Map<bigint, number>()
  for (const group of groups) counts.set(allocatorCaller(system, group), (counts.get(allocatorCaller(system, group)) ?? 0) + group.objects)
  const [[caller, objects]] = [...counts].sort((a, b) => b[1] - a[1])
  const most = groups.find((group) => allocatorCaller(system, group) === caller)!
  const stack = most.stack?.slice(Math.max(0, most.stack.indexOf(caller))) ?? [caller]
  const ofModule = stack.map((frame) => system.symbols.at(frame)).find((hit) => hit?.module != null)
  const callers = stack.slice(1, 1 + SHOWN_CALLERS).map((frame) => frameText(system, frame))
  return {
    function: ofModule?.name ?? system.symbols.at(caller)?.name ?? null,
    module: ofModule?.module ?? null,
    item: {
      text: `${share(facts, objects)} allocated by ${[frameText(system, caller), ...callers].join(', called by ')}: ${most.sampled ? 'KFENCE, which samples a few, ' : 'slub_debug '}recorded it.`,
      addresses: [hex(most.example)],
      code: codeOf(machine, facts, 'allocationStacks')
    }
  }
}

function bySite(machine: MachineFacts, facts: GroupFacts): RecordedAllocator | undefined {
  const sites = sitesOf(machine.system, facts)
  const most = [...sites].sort((a, b) => b[1].objects - a[1].objects)[0]
  if (most === undefined) return undefined
  const [site, { objects, example }] = most
  return {
    function: site.function,
    module: site.module,
    item: {
      text: `${share(facts, objects)} allocated at ${site.file}:${site.line}, in ${site.function}${site.module === null ? '' : ` [${site.module}]`}: memory allocation profiling recorded it.`,
      addresses: [hex(example)],
      code: codeOf(machine, facts, 'owners')
    }
  }
}

function sitesOf(system: System, { signatures, group }: GroupFacts): Map<AllocationSite, { objects: number; readonly example: bigint }> {
  const { table } = system.slabs!
  const owners = new Owners(system.kernel!, table)
  const sites = new Map<AllocationSite, { objects: number; readonly example: bigint }>()
  if (!owners.recordSites) return sites
  // Addresses ascend: the objects of one slab follow each other.
  let slab = -1
  let entries: OwnerEntries | null = null
  for (const example of signatures.addressesOf(group)) {
    const place = table.objectAt(example)
    if (place === undefined) continue
    if (place.slab !== slab) entries = owners.entries(slab = place.slab)
    const site = owners.siteOf(entries?.sites[place.slot] ?? 0n)
    if (site === null) continue
    const known = sites.get(site)
    if (known === undefined) sites.set(site, { objects: 1, example })
    else known.objects++
  }
  return sites
}

function share({ group }: GroupFacts, objects: number): string {
  return objects === group.objects ? `All ${formatCount(objects)} of them were` : `${formatCount(objects)} of ${formatCount(group.objects)} of them were`
}

function codeOf(machine: MachineFacts, { cache }: GroupFacts, question: 'allocationStacks' | 'owners'): string {
  return openCell(machine.files, (dump) => `await ${question}(${dump}, { cache: '${cache!.name}' })`)
}
