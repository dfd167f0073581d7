import { NO_INDEX, type SlabCache, type SlabObjects } from './model.js'
import type { SlabTable } from './slabTable.js'

/** The objects of the chosen caches (all of them where undefined), in address order, as typed arrays of their own. */
export function gatherObjects(table: SlabTable, caches: readonly SlabCache[], chosen: readonly number[] | undefined): SlabObjects {
  const rows = chosenRows(table, chosen)
  let length = 0
  for (const slab of rows) length += table.objects[slab]
  const address = new BigUint64Array(length)
  const words = new Uint32Array(address.buffer)
  const cache = new Uint32Array(length)
  const slab = new Uint32Array(length)
  const state = new Uint8Array(length)
  const queued = new Uint8Array(length)
  const slabs = new BigUint64Array(rows.length)
  let at = 0
  for (let position = 0; position < rows.length; position++) {
    const row = rows[position]
    const record = table.caches[table.cache[row]]
    const objects = table.objects[row]
    const first = table.first[row]
    slabs[position] = table.address(row)
    cache.fill(table.cache[row], at, at + objects)
    slab.fill(position, at, at + objects)
    state.set(table.state.subarray(first, first + objects), at)
    queued.set(table.queued.subarray(first, first + objects), at)
    fillAddresses(words, at, objects, table.base[2 * row] + record.payloadOffset, table.base[2 * row + 1], record.slotBytes)
    at += objects
  }
  return { length, caches, address, cache, slabs, slab, state, queued }
}

/** Addresses from `low`, `high` on, `step` apart, as pairs of words. */
function fillAddresses(words: Uint32Array, at: number, count: number, low: number, high: number, step: number): void {
  for (let entry = 2 * at; entry < 2 * (at + count); entry += 2, low += step) {
    if (low >= 2 ** 32) {
      low -= 2 ** 32
      high++
    }
    words[entry] = low
    words[entry + 1] = high
  }
}

function chosenRows(table: SlabTable, chosen: readonly number[] | undefined): Uint32Array {
  if (chosen !== undefined && chosen.length === 1) return table.ofCache(chosen[0])
  const wanted = new Uint8Array(table.caches.length).fill(chosen === undefined ? 1 : 0)
  for (const cache of chosen ?? []) wanted[cache] = 1
  const rows = new Uint32Array(table.length)
  let length = 0
  for (let slab = 0; slab < table.length; slab++) if (table.cache[slab] !== NO_INDEX && wanted[table.cache[slab]] === 1) rows[length++] = slab
  return rows.subarray(0, length)
}
