import type { System } from '../system/system.js'
import { systemOf, type MachineEvidence } from './evidence.js'
import type { ObjectList } from './objectAddresses.js'
import { describeSignatures, type DescribedGroup, type SignaturesOptions } from './signatures.js'
import { TypeGroups } from './typing/typeGroups.js'

/** How a type is known, strongest first. */
export const typeSources = ['cache', 'session', 'words', 'pointers', 'contents'] as const
export type TypeSource = (typeof typeSources)[number]

/** What struct lies in the objects of a group, or of a part of it. */
export interface GroupType {
  readonly described: DescribedGroup
  /** How many of the group's objects this is said of. */
  readonly objects: number
  /** `seq_operations`, `char[]`; null where nothing tells, or what tells is too little. */
  readonly type: string | null
  /** BTF id of the struct; null where the type is not in BTF. */
  readonly id: number | null
  readonly source: TypeSource | null
  /** How many other structs explain the evidence as well: 0 for a type that is known. Null where no struct does. */
  readonly rivals: number | null
  /** One sentence each. */
  readonly evidence: readonly string[]
  /** Addresses of the objects that this is said of, ascending. */
  addresses(): BigUint64Array
}

export type TypingOptions = SignaturesOptions

const kept = new WeakMap<System, readonly GroupType[]>()

/**
 * What struct each group of objects holds, by the cache they are in, by the prototypes of the functions they point at, by what else they
 * point at, and by the declared types of pointers that lead to them from objects already known. Without BTF, what the session
 * printed. A group that holds several structs is listed once for each.
 *
 * @example groupTypes(dump).find(({ type }) => type === 'seq_operations')?.evidence
 */
export function groupTypes(evidence: MachineEvidence, objects?: ObjectList, options: TypingOptions = {}): readonly GroupType[] {
  const system = systemOf(evidence)
  const btf = system.types?.btf
  if (btf === undefined) return describeSignatures(system, objects, options).map(withoutBtf)
  if (objects !== undefined || options.bytes !== undefined) return new TypeGroups(system, btf, describeSignatures(system, objects, options)).run()
  // Pointers from anywhere tell of any object: all are looked at, whichever are asked for.
  let found = kept.get(system)
  if (found === undefined) {
    const { cache: _, ...rest } = options
    kept.set(system, (found = new TypeGroups(system, btf, describeSignatures(system, undefined, rest)).run()))
  }
  if (options.cache === undefined) return found
  const { caches, cache } = system.objects([options.cache].flat())
  const names = new Set(Array.from(new Set(cache), (index) => caches[index].name))
  return found.filter(({ described }) => names.has(described.cache?.name ?? ''))
}

/**
 * The struct of one group: of most of its objects where they differ, or of most of those at some addresses, ascending.
 *
 * @example groupType(system, described).type // 'TestModSession'
 */
export function groupType(system: System, described: DescribedGroup, addresses?: BigUint64Array): GroupType {
  const btf = system.types?.btf
  if (btf === undefined) return withoutBtf(described)
  const all = groupTypes(system)
  let parts = partsOfGroups.get(all)
  if (parts === undefined) partsOfGroups.set(all, (parts = partsByGroup(all)))
  const own = parts.get(groupKey(described)) ?? []
  const weight = (part: GroupType): number => (addresses === undefined || own.length === 1 ? part.objects : countOf(addresses, part.addresses()))
  let most: GroupType | undefined
  let objects = -1
  for (const part of own) {
    const size = weight(part)
    if (size > objects) [most, objects] = [part, size]
  }
  return most ?? { ...withoutBtf(described), type: null, source: null, rivals: null, evidence: [] }
}

const addressesOfParts = new WeakMap<GroupType, BigUint64Array>()

/** What is known of the object of a cache that starts at an address; undefined where that is nothing. */
export function typeOfObject(system: System, cache: string, address: bigint): GroupType | undefined {
  return groupTypes(system).find((part) => {
    if (part.type === null || part.described.cache?.name !== cache) return false
    let addresses = addressesOfParts.get(part)
    if (addresses === undefined) addressesOfParts.set(part, (addresses = part.addresses()))
    return holds(addresses, address)
  })
}

/** Whether an address is in a list, which is ascending. */
function holds(addresses: BigUint64Array, address: bigint): boolean {
  let low = 0
  for (let high = addresses.length; low < high;) {
    const middle = (low + high) >>> 1
    if (addresses[middle] < address) low = middle + 1
    else high = middle
  }
  return addresses[low] === address
}

const partsOfGroups = new WeakMap<readonly GroupType[], ReadonlyMap<string, readonly GroupType[]>>()

function partsByGroup(types: readonly GroupType[]): Map<string, GroupType[]> {
  const found = new Map<string, GroupType[]>()
  for (const type of types) {
    const key = groupKey(type.described)
    const parts = found.get(key)
    if (parts === undefined) found.set(key, [type])
    else parts.push(type)
  }
  return found
}

/** How many addresses are in both lists, which are ascending. */
function countOf(some: BigUint64Array, all: BigUint64Array): number {
  let count = 0
  for (let i = 0, at = 0; i < some.length; i++) {
    while (at < all.length && all[at] < some[i]) at++
    if (all[at] === some[i]) count++
  }
  return count
}

function groupKey({ cache, group }: DescribedGroup): string {
  return `${cache?.name} ${group.example}`
}

function withoutBtf(described: DescribedGroup): GroupType {
  const { type } = described
  return {
    described, objects: described.group.objects, type: type?.type ?? null, id: null, source: type === null ? null : 'session',
    rivals: type === null ? null : 0, evidence: type === null ? [] : [type.basis], addresses: () => described.signatures.addressesOf(described.group)
  }
}
