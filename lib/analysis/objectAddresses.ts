import type { ColumnTable } from 'arquero'
import { UsageError } from '../errors.js'
import type { SlabCache } from '../slab/model.js'
import type { System } from '../system/system.js'
import { AddressColumn, NamedColumn, type ColumnValues } from '../table/columns.js'
import { parseAddress } from '../util/hex.js'

/** Objects as analyses take them: a table with an `address` column, an array of addresses as text or bigint, or nothing for all. */
export type ObjectList = ColumnTable | readonly (string | bigint)[] | BigUint64Array

/** The addresses of one cache's objects. */
export interface CacheObjects {
  /** Null where the evidence does not say which cache they belong to. */
  readonly cache: SlabCache | null
  readonly addresses: BigUint64Array
  /** Bytes of each, where something else than the cache tells. */
  readonly objectBytes?: number
}

/** The addresses in a list of objects, in its order. @throws UsageError for a table without addresses or a value that is none */
export function addressesOf(objects: ObjectList): BigUint64Array {
  if (objects instanceof BigUint64Array) return objects
  if (Array.isArray(objects)) return BigUint64Array.from(objects as readonly (string | bigint)[], toAddress)
  const table = objects as ColumnTable
  const column = columnOf(table, 'address')
  if (column === undefined) throw new UsageError(`expected a table with an address column, got columns ${table.columnNames().join(', ') || '(none)'}`)
  if (column instanceof AddressColumn && !table.isFiltered()) return column.values
  const rows = table.indices(false)
  const addresses = new BigUint64Array(rows.length)
  if (column instanceof AddressColumn) {
    for (let i = 0; i < rows.length; i++) addresses[i] = column.values[rows[i]]
  } else {
    for (let i = 0; i < rows.length; i++) addresses[i] = toAddress(column.at(rows[i]))
  }
  return addresses
}

/**
 * The objects of a list by cache: as its `cache` column says, or where it has none, as the evidence knows them.
 */
export function objectsByCache(system: System, objects: ObjectList): CacheObjects[] {
  const addresses = addressesOf(objects)
  const table = Array.isArray(objects) || objects instanceof BigUint64Array ? undefined : (objects as ColumnTable)
  const column = table === undefined ? undefined : columnOf(table, 'cache')
  const byName = new Map(system.caches().map((cache) => [cache.name, cache]))
  if (table !== undefined && column !== undefined) return byColumn(addresses, table, column, byName)
  return byLookup(system, addresses)
}

function byColumn(addresses: BigUint64Array, table: ColumnTable, column: ColumnValues, caches: ReadonlyMap<string, SlabCache>): CacheObjects[] {
  const rows = table.isFiltered() ? table.indices(false) : undefined
  const names = new Map<string | null, number>()
  const which = new Uint32Array(addresses.length)
  if (column instanceof NamedColumn) {
    const positions = column.names.map((name) => number(names, name as string | null))
    for (let i = 0; i < which.length; i++) which[i] = positions[column.index[rows === undefined ? i : rows[i]]] ?? number(names, null)
  } else {
    for (let i = 0; i < which.length; i++) which[i] = number(names, (column.at(rows === undefined ? i : rows[i]) as string | null) ?? null)
  }
  const list = [...names.keys()].map((name) => (name === null ? null : (caches.get(name) ?? unknownCache(name))))
  return divide(addresses, which, list)
}

function byLookup(system: System, addresses: BigUint64Array): CacheObjects[] {
  const caches = new Map<SlabCache | null, number>()
  const which = new Uint32Array(addresses.length)
  const find = cacheFinder(system)
  for (let i = 0; i < which.length; i++) which[i] = number(caches, find(addresses[i]))
  return divide(addresses, which, [...caches.keys()])
}

/** Which cache an object of that address belongs to: a dump's slabs say it, a session's lists do. */
function cacheFinder(system: System): (address: bigint) => SlabCache | null {
  const { slabs } = system
  if (slabs !== undefined) return (address) => slabs.find(address)?.cache ?? null
  const listed = system.objects()
  return (address) => {
    let low = 0
    let high = listed.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (listed.address[middle] < address) low = middle + 1
      else high = middle
    }
    return low < listed.length && listed.address[low] === address ? (listed.caches[listed.cache[low]] ?? null) : null
  }
}

function divide(addresses: BigUint64Array, which: Uint32Array, caches: readonly (SlabCache | null)[]): CacheObjects[] {
  if (caches.length === 1) return [{ cache: caches[0], addresses }]
  const counts = new Uint32Array(caches.length)
  for (const number of which) counts[number]++
  const parts = Array.from(counts, (count) => new BigUint64Array(count))
  const filled = new Uint32Array(caches.length)
  for (let i = 0; i < which.length; i++) parts[which[i]][filled[which[i]]++] = addresses[i]
  return caches.map((cache, i) => ({ cache, addresses: parts[i] })).filter(({ addresses: own }) => own.length > 0)
}

function number<K>(numbers: Map<K, number>, key: K): number {
  let found = numbers.get(key)
  if (found === undefined) {
    found = numbers.size
    numbers.set(key, found)
  }
  return found
}

function unknownCache(name: string): SlabCache {
  return {
    name, address: null, objectBytes: null, slotBytes: null, allocated: null, total: null, slabs: null, slabBytes: null, bytes: null, aliases: [], reclaimable: null
  }
}

function columnOf(table: ColumnTable, name: string): ColumnValues | undefined {
  return (table.data() as Record<string, ColumnValues | undefined>)[name]
}

function toAddress(value: unknown): bigint {
  if (typeof value === 'bigint') return BigInt.asUintN(64, value)
  const address = typeof value === 'string' ? parseAddress(value) : undefined
  if (address === undefined) throw new UsageError(`expected an address, got ${String(value)}`)
  return address
}
