import { hex } from '../../util/hex.js'
import { ALLOCATED } from '../model.js'
import type { SlabTable } from '../slabTable.js'
import { SlabWindow } from '../slabWindow.js'
import { FreePointer, gridSlot, type FreePointerCoding } from './freePointer.js'

/** How far a walk came. */
export interface FreeListWalk {
  /** Free objects found. */
  readonly found: number
  /** Whether the list was followed to its end; where not, further objects may be free. */
  readonly whole: boolean
}

/** Walks SLUB's free lists: chains through the free objects of one slab. */
export class FreeLists {
  readonly #window: SlabWindow
  readonly #pointers: FreePointer[]
  #walked = new Uint32Array(512)

  constructor(readonly table: SlabTable, coding: FreePointerCoding) {
    const tagged = table.view.architecture === 'arm64'
    this.#window = new SlabWindow(table.view.physical)
    this.#pointers = table.caches.map((cache) => new FreePointer(cache, coding, tagged))
    this.tagged = tagged
  }

  readonly tagged: boolean

  /**
   * Marks every object of the chain that starts at `low`, `high` as `state`. A pointer off the slab's grid, a cycle or an object that
   * another list holds already marks the slab corrupt; a missing page does not. What was found until there stays.
   */
  walk(slab: number, low: number, high: number, state: number, list: string): FreeListWalk {
    const { table } = this
    const cache = table.caches[table.cache[slab]]
    const pointer = this.#pointers[table.cache[slab]]
    const first = table.first[slab]
    const baseLow = table.base[2 * slab]
    const baseHigh = table.base[2 * slab + 1]
    const behind = cache.payloadOffset + cache.freePointerOffset
    let found = 0
    if (this.tagged && (low !== 0 || high !== 0)) high = (high | 0xff000000) >>> 0
    this.#window.open(table.frame[slab], table.pages[slab])
    while (low !== 0 || high !== 0) {
      const slot = gridSlot(table, slab, cache, low, high)
      if (slot < 0) {
        table.damage(slab, `${list} leads to ${joined(low, high)}, which is none of its objects`)
        return { found, whole: false }
      }
      if (table.state[first + slot] !== ALLOCATED) {
        const cycle = this.#walked.subarray(0, found).includes(slot)
        table.damage(slab, cycle ? `${list} comes back to ${joined(low, high)}` : `${list} holds ${joined(low, high)}, which is free on another list too`)
        return { found, whole: false }
      }
      table.state[first + slot] = state
      this.#remember(found++, slot)
      const offset = slot * cache.slotBytes + behind
      if (!this.#window.has(offset, 8)) return { found, whole: false }
      const placeLow = baseLow + offset
      const word = offset >>> 2
      const { words } = this.#window
      pointer.decode(words[word], words[word + 1], placeLow >>> 0, placeLow >= 2 ** 32 ? baseHigh + 1 : baseHigh)
      low = pointer.low
      high = pointer.high
    }
    return { found, whole: true }
  }

  #remember(position: number, slot: number): void {
    if (position === this.#walked.length) {
      const larger = new Uint32Array(2 * position)
      larger.set(this.#walked)
      this.#walked = larger
    }
    this.#walked[position] = slot
  }
}

function joined(low: number, high: number): string {
  return hex((BigInt(high) << 32n) | BigInt(low))
}
