import type { ColumnTable } from 'arquero'
import { describedTable } from '../table/columns.js'
import type { MachineEvidence } from './evidence.js'
import { kmallocSize } from './kmallocFamily.js'
import type { ObjectList } from './objectAddresses.js'
import { groupTypes, type GroupType, type TypingOptions } from './typing.js'

/** One kind of object in one cache. */
interface TypeRow {
  readonly cache: string | null
  objects: number
  bytes: number | null
  readonly type: string | null
  readonly rivals: number | null
  readonly evidence: readonly string[]
}

/** Objects of which a type is said, or none. */
export interface TypedObjects {
  readonly described: { readonly cache: { readonly name: string; readonly slotBytes: number | null } | null }
  readonly objects: number
  readonly type: string | null
  readonly rivals: number | null
}

/** Objects and bytes of a share of the machine's allocated objects. */
export interface IdentifiedShare {
  /** Caches of one kind need little finding out: they count apart from the general ones (kmalloc). */
  readonly of: 'dedicated caches' | 'general caches'
  readonly what: 'one type' | 'candidates' | 'unknown'
  readonly objects: number
  readonly bytes: number
  /** Part of the bytes of such caches; null where there are none. */
  readonly share: number | null
}

/**
 * What struct lies in which objects: columns cache, objects, bytes, type, rivals (how many other structs explain them as well; null for
 * unknown), evidence. One row a cache and type, most memory first.
 *
 * @example types(dump).objects()[0] // { cache: 'kmalloc-cg-32', objects: 100006, type: 'seq_operations', rivals: 0, … }
 */
export function types(evidence: MachineEvidence, objects?: ObjectList, options: TypingOptions = {}): ColumnTable {
  return typesTable(groupTypes(evidence, objects, options))
}

/** Groups of known and unknown type as the table of {@link types}. */
export function typesTable(groups: readonly GroupType[]): ColumnTable {
  const rows = new Map<string, TypeRow>()
  for (const group of groups) {
    const { objects, described: { cache } } = group
    const bytes = cache?.slotBytes == null ? null : objects * cache.slotBytes
    const key = `${cache?.name ?? ''}\0${group.type ?? ''}\0${group.rivals ?? ''}`
    const row = rows.get(key)
    if (row === undefined) rows.set(key, { cache: cache?.name ?? null, objects, bytes, type: group.type, rivals: group.rivals, evidence: group.evidence })
    else {
      row.objects += objects
      row.bytes = row.bytes === null || bytes === null ? null : row.bytes + bytes
    }
  }
  const sorted = [...rows.values()].sort((a, b) => (b.bytes ?? 0) - (a.bytes ?? 0) || b.objects - a.objects)
  const keys = ['cache', 'objects', 'bytes', 'type', 'rivals', 'evidence'] as const
  return describedTable(Object.fromEntries(keys.map((key) => [key, sorted.map((row) => row[key])])))
}

/** How much of the allocated memory is identified: measured over the groups given, dedicated and general caches apart. */
export function identifiedShares(groups: readonly TypedObjects[]): IdentifiedShare[] {
  return (['dedicated caches', 'general caches'] as const).flatMap((of) => {
    const own = groups.filter(({ described: { cache } }) => (kmallocSize(cache?.name ?? '') === undefined) === (of === 'dedicated caches'))
    const bytesOf = (list: readonly TypedObjects[]): number => list.reduce((sum, { objects, described: { cache } }) => sum + objects * (cache?.slotBytes ?? 0), 0)
    const all = bytesOf(own)
    return (['one type', 'candidates', 'unknown'] as const).map((what) => {
      const list = own.filter(({ type, rivals }) => what === (type === null ? 'unknown' : rivals === 0 ? 'one type' : 'candidates'))
      const bytes = bytesOf(list)
      return { of, what, objects: list.reduce((sum, { objects }) => sum + objects, 0), bytes, share: all === 0 ? null : bytes / all }
    })
  })
}
