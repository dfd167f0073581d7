import { Owners, type OwnerEntries } from '../slab/owners.js'
import type { System } from '../system/system.js'
import { hex } from '../util/hex.js'
import { formatCount } from '../util/units.js'
import { openCell } from './cell.js'
import type { EvidenceItem } from './finding.js'
import type { MachineFacts } from './leakEvidence.js'

/** To whom some objects are charged. */
export interface CgroupCharges {
  readonly objects: number
  /** Objects by cgroup, the most first. */
  readonly cgroups: readonly { readonly path: string; readonly objects: number }[]
  /** Objects charged to a cgroup that was removed since, with the cgroups that were its parents. */
  readonly removed: { readonly objects: number; readonly parents: readonly string[]; readonly examples: readonly bigint[] }
}

const EXAMPLES = 3
const SHOWN_CGROUPS = 3

/** Whom objects are charged to: addresses in ascending order. Undefined where the kernel keeps no charges. */
export function cgroupCharges({ kernel, slabs }: System, addresses: BigUint64Array): CgroupCharges | undefined {
  if (kernel === undefined || slabs === undefined) return undefined
  const owners = new Owners(kernel, slabs.table)
  if (!owners.exist) return undefined
  const charges = new Map<bigint, { objects: number; examples: bigint[] }>()
  let last = { objects: 0, examples: [] as bigint[] }
  let lastCharged: bigint | undefined
  let slab = -1
  let behind = 0n
  let entries: OwnerEntries | null = null
  for (const address of addresses) {
    if (address >= behind) {
      const place = slabs.table.objectAt(address)
      if (place === undefined) continue
      slab = place.slab
      behind = slabs.table.address(slab) + BigInt(slabs.table.bytes(slab))
      entries = owners.entries(slab)
    }
    const slot = entries === null ? undefined : slabs.table.slotOf(slab, address)
    if (slot === undefined) continue
    const charged = entries!.charged[slot]
    // Neighbours are mostly charged to one.
    if (charged !== lastCharged) {
      last = charges.get(charged) ?? { objects: 0, examples: [] }
      charges.set(lastCharged = charged, last)
    }
    if (last.objects++ < EXAMPLES) last.examples.push(address)
  }
  return { objects: addresses.length, ...byCgroup(owners, charges) }
}

function byCgroup(owners: Owners, charges: ReadonlyMap<bigint, { objects: number; examples: readonly bigint[] }>): Omit<CgroupCharges, 'objects'> {
  const paths = new Map<string, number>()
  const parents = new Set<string>()
  const examples: bigint[] = []
  let removed = 0
  for (const [charged, found] of charges) {
    const path = owners.cgroupOf(charged)
    if (path === null) continue
    if (owners.isRemoved(charged)) {
      removed += found.objects
      examples.push(...found.examples)
      parents.add(path)
    } else {
      paths.set(path, (paths.get(path) ?? 0) + found.objects)
    }
  }
  const cgroups = [...paths].map(([path, objects]) => ({ path, objects })).sort((a, b) => b.objects - a.objects)
  return { cgroups, removed: { objects: removed, parents: [...parents].sort(), examples: [...BigUint64Array.from(examples).sort().subarray(0, EXAMPLES)] } }
}

/** What charges say of objects, as evidence: nothing where only a few are charged. */
export function chargesItem({ files }: MachineFacts, cache: string, { objects, cgroups, removed }: CgroupCharges): EvidenceItem[] {
  const [first] = cgroups
  const of = (part: number): string => (part === objects ? `All ${formatCount(part)} of them are` : `${formatCount(part)} of ${formatCount(objects)} of them are`)
  if (removed.objects * 2 > objects) {
    const shown = removed.parents.slice(0, SHOWN_CGROUPS).join(', ')
    return [{
      text: `${of(removed.objects)} charged to cgroups that were removed (below ${shown}${removed.parents.length > SHOWN_CGROUPS ? ' and others' : ''}): whoever allocated them is gone.`,
      addresses: removed.examples.map(hex), code: openCell(files, (dump) => `await owners(${dump}, { cache: '${cache}' })`)
    }]
  }
  if (first === undefined || first.objects * 2 <= objects || first.path === '/') return []
  return [{
    text: `${of(first.objects)} charged to the cgroup ${first.path}.`, addresses: [],
    code: openCell(files, (dump) => `await owners(${dump}, { cache: '${cache}' })`)
  }]
}
