import type { ColumnTable } from 'arquero'
import type { SampleOptions } from '../slab/sample/sampleSlabs.js'
import type { System } from '../system/system.js'
import { describedTable } from '../table/columns.js'
import { systemOf, type MachineEvidence } from './evidence.js'
import { SampledObjects, type PartEstimate } from './sampledObjects.js'
import type { DescribedGroup } from './signatures.js'
import type { TypedObjects } from './types.js'
import { groupTypes, type GroupType, type TypingOptions } from './typing.js'

/** `sample` bounds both how many stretches of page structures are looked at, and how many objects of each cache are read. */
export type SampledTypesOptions = TypingOptions & SampleOptions

/** One kind of object in one cache. */
interface Kind {
  readonly first: GroupType
  readonly addresses: BigUint64Array[]
}

/** A kind of object as a sample shows it; `objects` is how many there are by the best guess. */
export interface SampledType extends TypedObjects {
  readonly described: DescribedGroup
  readonly evidence: readonly string[]
  readonly bytes: number | null
  readonly part: PartEstimate
}

/**
 * What struct lies in which objects, from a sample drawn as for {@link sampledSignatures}: columns as in {@link types}, with `share` of the cache's
 * objects and bounds of `objects` and `share` (95 % intervals). Pointers from objects outside of the sample are not followed: what only these
 * tell of stays unknown.
 *
 * @throws UsageError where `sample` is no positive integer, or a name is no cache
 * @example sampledTypes(dump, { sample: 10_000 }).objects()[0] // { cache: 'kmalloc-cg-32', type: 'seq_operations', share: 0.98, … }
 */
export function sampledTypes(evidence: MachineEvidence, options: SampledTypesOptions): ColumnTable {
  return sampledTypesTable(sampleTypes(evidence, options))
}

/** The same as {@link sampledTypes}, one entry a cache and type, most memory first. */
export function sampleTypes(evidence: MachineEvidence, { sample, seed, ...options }: SampledTypesOptions): SampledType[] {
  const { cache: names, ...rest } = options
  // Pointers from anywhere tell of any object: those of all caches are looked at, whichever are asked for.
  const drawn = new SampledObjects(systemOf(evidence), { sample, seed }, undefined)
  const wanted = names === undefined ? undefined : new Set(cachesNamed(drawn.system, [names].flat()))
  const groups = groupTypes(drawn.system, drawn.isAll ? undefined : drawn.addresses, rest)
  const kinds = kindsOf(groups.filter(({ described: { cache } }) => wanted?.has(cache?.name ?? '') ?? true))
  const parts = drawn.estimate(kinds.map(({ first, addresses }) => ({ cache: first.described.cache?.name ?? null, addresses: merged(addresses) })))
  return kinds.map(({ first: { described, type, rivals, evidence: told } }, i) => {
    const objects = parts[i].objects.value!
    return { described, type, rivals, evidence: told, objects, bytes: described.cache?.slotBytes == null ? null : objects * described.cache.slotBytes, part: parts[i] }
  }).sort((a, b) => (b.bytes ?? 0) - (a.bytes ?? 0) || b.objects - a.objects)
}

/** Kinds of objects as the table of {@link sampledTypes}. */
export function sampledTypesTable(rows: readonly SampledType[]): ColumnTable {
  return describedTable({
    cache: rows.map(({ described: { cache } }) => cache?.name ?? null),
    objects: rows.map(({ objects }) => objects),
    objectsLow: rows.map(({ part }) => part.objects.low),
    objectsHigh: rows.map(({ part }) => part.objects.high),
    share: rows.map(({ part }) => part.share),
    shareLow: rows.map(({ part }) => part.shareLow),
    shareHigh: rows.map(({ part }) => part.shareHigh),
    bytes: rows.map(({ bytes }) => bytes),
    type: rows.map(({ type }) => type),
    rivals: rows.map(({ rivals }) => rivals),
    evidence: rows.map(({ evidence: told }) => told),
    readObjects: rows.map(({ part }) => part.readObjects),
    askedObjects: rows.map(({ part }) => part.askedObjects)
  })
}

/** Names of the caches that are meant, merged ones among them. @throws UsageError for a name that is no cache */
function cachesNamed(system: System, names: readonly string[]): string[] {
  const { caches, cache } = system.objects(names)
  return [...new Set(cache)].map((row) => caches[row].name)
}

function kindsOf(groups: readonly GroupType[]): Kind[] {
  const kinds = new Map<string, Kind>()
  for (const group of groups) {
    const key = `${group.described.cache?.name ?? ''}\0${group.type ?? ''}\0${group.rivals ?? ''}`
    const kind = kinds.get(key)
    if (kind === undefined) kinds.set(key, { first: group, addresses: [group.addresses()] })
    else kind.addresses.push(group.addresses())
  }
  return [...kinds.values()]
}

function merged(lists: readonly BigUint64Array[]): BigUint64Array {
  const all = new BigUint64Array(lists.reduce((sum, list) => sum + list.length, 0))
  let at = 0
  for (const list of lists) {
    all.set(list, at)
    at += list.length
  }
  return all.sort()
}
