import { wasmObjectSearch, wasmRangeSearch } from './wasmSearch.js'
import type { ObjectIndex } from './objectIndex.js'
import type { TargetRange } from './targetRanges.js'

/** The largest pages have 64 KiB. */
const MOST_WORDS = (1 << 16) / 8

/** Finds the words of a page that point somewhere. */
export interface PageSearch {
  /** How many there are. The page starts at a multiple of 8 bytes of its buffer. */
  find(page: Uint8Array): number
  /** Of the last page: the positions of these words, in 32-bit halves. */
  readonly words: Uint32Array
}

/** Finds pointers into the payloads of allocated objects, but for those in which they lie themselves. */
export interface ObjectSearch {
  /** `start` is the page's physical address. */
  find(page: Uint8Array, start: number): number
  readonly words: Uint32Array
  /** The objects that the words point into. */
  readonly objects: Uint32Array
}

/** Looks for pointers to objects: by WebAssembly where the build made it. */
export function objectSearch(index: ObjectIndex): ObjectSearch {
  return wasmObjectSearch(index) ?? plainObjectSearch(index)
}

/** Looks for pointers into a range, or nearly: what is found must be looked at exactly. */
export function rangeSearch(range: TargetRange, tagged: boolean): PageSearch {
  return wasmRangeSearch(range, tagged) ?? plainRangeSearch(range, tagged)
}

/** The same without WebAssembly. */
export function plainObjectSearch(index: ObjectIndex): ObjectSearch {
  const words = new Uint32Array(MOST_WORDS)
  const objects = new Uint32Array(MOST_WORDS)
  const { startHigh, spanHigh, tagged } = index
  const find = (page: Uint8Array, start: number): number => {
    const halves = halvesOf(page)
    let found = 0
    for (let i = 0; i < halves.length; i += 2) {
      let high = halves[i + 1]
      if (tagged && (high & 0x00800000) !== 0) high |= 0xff000000
      if (((high - startHigh) >>> 0) > spanHigh) continue
      const object = index.targetOf(halves[i], high >>> 0)
      if (object < 0 || object === index.objectAt(start + i * 4)) continue
      words[found] = i
      objects[found++] = object
    }
    return found
  }
  return { find, words, objects }
}

/** The same without WebAssembly. */
export function plainRangeSearch({ start, end }: TargetRange, tagged: boolean): PageSearch {
  const words = new Uint32Array(MOST_WORDS)
  const lowest = Number(start >> 32n)
  const span = Number((end - 1n) >> 32n) - lowest
  const find = (page: Uint8Array): number => {
    const halves = halvesOf(page)
    let found = 0
    for (let i = 0; i < halves.length; i += 2) {
      let high = halves[i + 1]
      if (tagged && (high & 0x00800000) !== 0) high |= 0xff000000
      if (((high - lowest) >>> 0) <= span) words[found++] = i
    }
    return found
  }
  return { find, words }
}

function halvesOf(page: Uint8Array): Uint32Array {
  return new Uint32Array(page.buffer, page.byteOffset, page.byteLength >>> 2)
}
