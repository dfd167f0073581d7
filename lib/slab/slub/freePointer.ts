import type { KmemCache } from '../kmemCache.js'
import { NO_INDEX } from '../model.js'
import type { SlabPages } from '../pageScan.js'
import type { SlabTable } from '../slabTable.js'
import { SlabWindow } from '../slabWindow.js'

/**
 * How a free object keeps the address of the next one (mm/slub.c, freelist_ptr): as it is; XORed with the cache's secret and the
 * place it lies at (SLAB_FREELIST_HARDENED, v4.14); or with the place's bytes swapped
 * (Linux commit 1ad53d9fa3f6 ("slub: improve bit diffusion for freelist ptr obfuscation") in v5.7, and many backports).
 * Nothing but the memory itself tells the last two apart.
 */
export const freePointerCodings = ['swapped', 'hidden', 'plain'] as const
export type FreePointerCoding = (typeof freePointerCodings)[number]

/** Byte order reversed. */
export function swap32(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0
}

/** Decodes free pointers of one cache; `low` and `high` hold the result of the last call. */
export class FreePointer {
  low = 0
  high = 0
  readonly #randomLow: number
  readonly #randomHigh: number

  constructor(cache: KmemCache, readonly coding: FreePointerCoding, readonly taggedPointers: boolean) {
    this.#randomLow = Number((cache.random ?? 0n) & 0xffffffffn)
    this.#randomHigh = Number((cache.random ?? 0n) >> 32n)
  }

  /** Decodes the word `low`, `high` that lies at the address `placeLow`, `placeHigh`. */
  decode(low: number, high: number, placeLow: number, placeHigh: number): void {
    if (this.coding === 'plain') {
      this.low = low
      this.high = high
    } else if (this.coding === 'hidden') {
      this.low = (low ^ this.#randomLow ^ placeLow) >>> 0
      this.high = (high ^ this.#randomHigh ^ placeHigh) >>> 0
    } else {
      this.low = (low ^ this.#randomLow ^ swap32(placeHigh)) >>> 0
      this.high = (high ^ this.#randomHigh ^ swap32(placeLow)) >>> 0
    }
    // arm64 with KASAN or MTE keeps a tag in the top byte, also of free pointers (mm/kasan).
    if (this.taggedPointers && (this.low !== 0 || this.high !== 0)) this.high = (this.high | 0xff000000) >>> 0
  }
}

/** Slabs whose first free object is tried; a clear answer takes a handful. */
const SAMPLE = 128

/**
 * Which coding this kernel uses, by majority: under the right one the word of the first free object of a slab decodes to 0 or
 * to another object of the same slab. One decision for the whole dump.
 */
export function freePointerCoding(table: SlabTable, pages: SlabPages): FreePointerCoding {
  if (table.caches.every(({ random }) => random === null)) return 'plain'
  const taggedPointers = table.view.architecture === 'arm64'
  const votes = new Map<FreePointerCoding, number>(freePointerCodings.map((coding) => [coding, 0]))
  const window = new SlabWindow(table.view.physical)
  let tried = 0
  for (let slab = 0; slab < table.length && tried < SAMPLE; slab++) {
    const cache = table.caches[table.cache[slab]]
    const low = pages.freelist[2 * slab]
    const high = pages.freelist[2 * slab + 1]
    if (cache === undefined || table.cache[slab] === NO_INDEX || (low === 0 && high === 0)) continue
    const slot = gridSlot(table, slab, cache, low, taggedPointers ? (high | 0xff000000) >>> 0 : high)
    if (slot < 0) continue
    const offset = slot * cache.slotBytes + cache.payloadOffset + cache.freePointerOffset
    window.open(table.frame[slab], table.pages[slab])
    if ((offset & 3) !== 0 || !window.has(offset, 8)) continue
    tried++
    const place = table.baseAddress(slab) + BigInt(offset)
    for (const coding of freePointerCodings) {
      const pointer = new FreePointer(cache, coding, taggedPointers)
      pointer.decode(window.words[offset >>> 2], window.words[(offset >>> 2) + 1], Number(place & 0xffffffffn), Number(place >> 32n))
      const fits = (pointer.low === 0 && pointer.high === 0) || gridSlot(table, slab, cache, pointer.low, pointer.high) >= 0
      if (fits) votes.set(coding, votes.get(coding)! + 1)
    }
  }
  return freePointerCodings.reduce((best, coding) => (votes.get(coding)! > votes.get(best)! ? coding : best))
}

/** The slot whose payload starts at an address, -1 where none does. */
export function gridSlot(table: SlabTable, slab: number, cache: KmemCache, low: number, high: number): number {
  const baseLow = table.base[2 * slab]
  const borrow = low < baseLow ? 1 : 0
  if (high - table.base[2 * slab + 1] - borrow !== 0) return -1
  const offset = low - baseLow + borrow * 2 ** 32 - cache.payloadOffset
  if (offset < 0 || offset % cache.slotBytes !== 0) return -1
  const slot = offset / cache.slotBytes
  return slot < table.objects[slab] ? slot : -1
}
