import type { ColumnTable } from 'arquero'
import { cachesTable } from '../table/caches.js'
import { describedTable } from '../table/columns.js'
import { sortedOrder } from '../util/sortedOrder.js'
import { cacheChanges, type CompareStatus } from './compare.js'
import { systemOf, type MachineEvidence } from './evidence.js'
import { sameBoot, type SameBoot } from './sameBoot.js'
import { describeSignatures, type DescribedGroup } from './signatures.js'
import { groupTypes } from './typing.js'
import type { System } from '../system/system.js'

/** How finely two dumps are compared: a row a cache, a row a type, or a row a signature. */
export const comparedBy = ['cache', 'type', 'signature'] as const
export type ComparedBy = (typeof comparedBy)[number]

export interface DumpComparison {
  readonly boot: SameBoot
  /**
   * Columns cache (with `type` and `signature` where these are asked for), beforeObjects, afterObjects, deltaObjects, deltaBytes, status,
   * and newObjects, goneObjects and survivingObjects: null for different boots, of which nothing survives.
   */
  readonly table: ColumnTable
}

/** One cache, type or signature in both dumps. */
interface Change {
  readonly cache: string
  readonly type: string | null
  readonly signature: string | null
  beforeObjects: number
  afterObjects: number
  surviving: number
  readonly slotBytes: number
}

/**
 * Two dumps against each other. Of the same boot: which objects are new, gone, and still there, by address and by what they hold. Of
 * different boots: how many of each kind there are, with symbols in the place of addresses.
 *
 * @example compareDumps(await openDump('monday.vmcore'), await openDump('friday.vmcore'), 'type').table
 */
export function compareDumps(before: MachineEvidence, after: MachineEvidence, by: ComparedBy = 'cache'): DumpComparison {
  const [first, second] = [systemOf(before), systemOf(after)]
  const boot = sameBoot(first, second)
  const changes = new Map<string, Change>()
  const [a, b] = [kindsOf(first, by), kindsOf(second, by)]
  const changeOf = ({ key, cache, type, signature, slotBytes }: Kind): Change => {
    const change = changes.get(key) ?? { cache, type, signature, slotBytes, beforeObjects: 0, afterObjects: 0, surviving: 0 }
    changes.set(key, change)
    return change
  }
  for (const kind of a) changeOf(kind).beforeObjects += kind.addresses.length
  for (const kind of b) changeOf(kind).afterObjects += kind.addresses.length
  if (boot.same) for (const key of survivors(a, b)) changes.get(key)!.surviving++
  return { boot, table: by === 'cache' ? cacheTable(first, second, boot, changes) : kindTable(boot, changes, by) }
}

/** Objects of one kind in one dump. */
interface Kind {
  readonly key: string
  readonly cache: string
  readonly type: string | null
  readonly signature: string | null
  /** What of the contents stays while an object lives: the functions and caches it points at, and where. */
  readonly likeness: string
  readonly slotBytes: number
  readonly addresses: BigUint64Array
}

function kindsOf(system: System, by: ComparedBy): Kind[] {
  const typeOf = new Map<DescribedGroup, string | null>()
  for (const { described, objects, type, rivals } of by === 'cache' ? [] : groupTypes(system)) {
    if (objects === described.group.objects) typeOf.set(described, rivals === 0 ? type : null)
  }
  return describeSignatures(system).map((described) => {
    const cache = described.cache?.name ?? ''
    const type = typeOf.get(described) ?? null
    const signature = by === 'signature' ? signatureText(described) : null
    return {
      key: [cache, type ?? '', signature ?? ''].join('\0'), cache, type, signature, likeness: likenessOf(described), slotBytes: described.cache?.slotBytes ?? 0,
      addresses: described.signatures.addressesOf(described.group)
    }
  })
}

/** What the objects of a group hold, without any address: the same in every boot of a kernel. */
function signatureText({ words }: DescribedGroup): string {
  const last = words.findLastIndex((word) => word.class !== 'zero' && word.class !== 'missing')
  return words.slice(0, last + 1).map(({ symbol, class: kind, cache, value, bytes }) =>
    symbol ?? (cache !== null ? `→ ${cache}` : kind === 'other' && value !== null && bytes <= 8 ? `0x${BigInt(value).toString(16)}` : kind)).join(', ')
}

/** Numbers, texts and ends of lists change while an object lives, and with them the class of a group's words. */
function likenessOf({ words }: DescribedGroup): string {
  return words.flatMap(({ offset, symbol, cache }) => (symbol === null && cache === null ? [] : [`${offset} ${symbol ?? cache}`])).join(', ')
}

/** The kinds of the objects that lie at the same address in both dumps and are of one kind there. */
function* survivors(before: readonly Kind[], after: readonly Kind[]): Generator<string> {
  const [a, b] = [before, after].map(allOf)
  for (let i = 0, j = 0; i < a.order.length && j < b.order.length;) {
    const [x, y] = [a.addresses[a.order[i]], b.addresses[b.order[j]]]
    if (x === y) {
      const [was, is] = [before[a.kind[a.order[i]]], after[b.kind[b.order[j]]]]
      if (was.key === is.key && (is.type !== null || was.likeness === is.likeness)) yield is.key
    }
    if (x <= y) i++
    if (y <= x) j++
  }
}

function allOf(kinds: readonly Kind[]): { addresses: BigUint64Array; kind: Uint32Array; order: Uint32Array } {
  const count = kinds.reduce((sum, { addresses }) => sum + addresses.length, 0)
  const addresses = new BigUint64Array(count)
  const kind = new Uint32Array(count)
  let at = 0
  kinds.forEach((one, position) => {
    addresses.set(one.addresses, at)
    kind.fill(position, at, (at += one.addresses.length))
  })
  return { addresses, kind, order: sortedOrder(addresses) }
}

function cacheTable(first: System, second: System, boot: SameBoot, changes: ReadonlyMap<string, Change>): ColumnTable {
  const ofCache = new Map([...changes.values()].map((change) => [change.cache, change]))
  const rows = cacheChanges(cachesTable(first.caches()), cachesTable(second.caches()))
  const own = (name: string): Change => ofCache.get(name) ?? { cache: name, type: null, signature: null, slotBytes: 0, beforeObjects: 0, afterObjects: 0, surviving: 0 }
  return describedTable({
    cache: rows.map(({ cache }) => cache),
    beforeObjects: rows.map(({ beforeObjects }) => beforeObjects),
    afterObjects: rows.map(({ afterObjects }) => afterObjects),
    deltaObjects: rows.map(({ deltaObjects }) => deltaObjects),
    deltaBytes: rows.map(({ deltaBytes }) => deltaBytes),
    status: rows.map(({ status }) => status),
    ...fates(boot, rows.map(({ cache }) => own(cache)))
  })
}

function kindTable(boot: SameBoot, changes: ReadonlyMap<string, Change>, by: ComparedBy): ColumnTable {
  const rows = [...changes.values()].sort((x, y) =>
    (y.afterObjects - y.beforeObjects) * y.slotBytes - (x.afterObjects - x.beforeObjects) * x.slotBytes || (x.cache < y.cache ? -1 : 1))
  return describedTable({
    cache: rows.map(({ cache }) => cache),
    type: rows.map(({ type }) => type),
    ...(by === 'signature' ? { signature: rows.map(({ signature }) => signature) } : {}),
    beforeObjects: rows.map(({ beforeObjects }) => beforeObjects),
    afterObjects: rows.map(({ afterObjects }) => afterObjects),
    deltaObjects: rows.map(({ beforeObjects, afterObjects }) => afterObjects - beforeObjects),
    deltaBytes: rows.map(({ beforeObjects, afterObjects, slotBytes }) => (afterObjects - beforeObjects) * slotBytes),
    status: rows.map(statusOf),
    ...fates(boot, rows)
  })
}

function statusOf({ beforeObjects, afterObjects }: Change): CompareStatus {
  return beforeObjects === 0 ? 'new' : afterObjects === 0 ? 'gone' : afterObjects > beforeObjects ? 'grown' : afterObjects < beforeObjects ? 'shrunk' : 'same'
}

function fates({ same }: SameBoot, rows: readonly Change[]): Record<string, (number | null)[]> {
  return {
    newObjects: rows.map(({ afterObjects, surviving }) => (same ? afterObjects - surviving : null)),
    goneObjects: rows.map(({ beforeObjects, surviving }) => (same ? beforeObjects - surviving : null)),
    survivingObjects: rows.map(({ surviving }) => (same ? surviving : null))
  }
}
