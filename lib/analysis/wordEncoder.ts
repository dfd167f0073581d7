import type { SymbolHit, SymbolTable } from '../symbol/symbolTable.js'
import type { AddressRegion, RegionKind } from './addressRegions.js'
import {
  ASCII, DIRECT, ERROR, KERNEL, KERNEL_DATA, KERNEL_TEXT, LIST_HEAD, MODULE_DATA, MODULE_TEXT, OTHER, PAGE_STRUCT, POISON, SELF, SMALL, SMALL_END,
  USER, VMALLOC, ZERO, isAscii, poisonName
} from './wordClass.js'

/** Codes below this are classes; a code from here on is one value, kept with its class. */
export const FIRST_VALUE_CODE = 32
const lastCode = 0xffff

/** High halves from here on are the kernel's: 52-bit arm64 starts lowest, but for x86-64 with five levels of page tables, where regions tell. */
const kernelHigh = 0xfff00000
const lowestHigh = 0xff000000
/** A user address is at least 2^40: programs and their libraries lie far up, and counters of nanoseconds stay below for 18 minutes. */
const userHigh = 0x100
const userEndHigh = 0x10000
/** MAX_ERRNO of include/linux/err.h. */
const errors = 4095

const classOfRegion: Record<RegionKind, number> = {
  'kernel image': KERNEL_TEXT,
  'module memory': MODULE_TEXT,
  'direct map': DIRECT,
  vmalloc: VMALLOC,
  'page structures': PAGE_STRUCT,
  'unused addresses': OTHER
}

/** What makes two equal 64-bit numbers different values: an offset in the object is not an address. */
const ADDRESS_VALUE = 0
const SELF_VALUE = 1
const LIST_HEAD_VALUE = 2
const CONSTANT_VALUE = 3

const remembered = 1 << 12

/**
 * Turns machine words into 16-bit codes: a class (wordClass.ts), or, for words whose value discriminates (addresses of code and data,
 * pointers to the object itself, poison, and constants named beforehand), a code of that value. Words are pairs of signed 32-bit
 * halves, which the engine keeps out of the heap where unsigned ones would not fit; of a 32-bit machine, sign-extended.
 */
export class WordEncoder {
  readonly #symbols: SymbolTable
  readonly #wordBytes: 4 | 8
  readonly littleEndian: boolean
  // Regions, first match wins: halves of the first and the last address.
  readonly #startHigh: Uint32Array
  readonly #startLow: Uint32Array
  readonly #lastHigh: Uint32Array
  readonly #lastLow: Uint32Array
  readonly #regionClass: Uint8Array
  // The region of recently met pages; a slot holds the page's two halves and its class + 1.
  readonly #pageHigh = new Int32Array(remembered)
  readonly #pageLow = new Int32Array(remembered)
  readonly #pageClass = new Uint8Array(remembered)
  // Open addressing from value to code.
  #slots = new Uint16Array(1 << 10)
  readonly #classes: number[] = []
  readonly #highs: number[] = []
  readonly #lows: number[] = []
  readonly #kinds: number[] = []
  readonly #hits: (SymbolHit | undefined)[] = []
  readonly #kernelHigh: number
  #constants = 0

  constructor(regions: readonly AddressRegion[], symbols: SymbolTable, wordBytes: 4 | 8 = 8, littleEndian = true) {
    this.#symbols = symbols
    this.#wordBytes = wordBytes
    this.littleEndian = littleEndian
    const extended = regions.map(({ kind, start, end }) => ({ kind, start: this.#extend(start), last: this.#extend(end - 1n) }))
    this.#startHigh = Uint32Array.from(extended, ({ start }) => Number(start >> 32n))
    this.#startLow = Uint32Array.from(extended, ({ start }) => Number(start & 0xffffffffn))
    this.#lastHigh = Uint32Array.from(extended, ({ last }) => Number(last >> 32n))
    this.#lastLow = Uint32Array.from(extended, ({ last }) => Number(last & 0xffffffffn))
    this.#regionClass = Uint8Array.from(extended, ({ kind }) => classOfRegion[kind])
    this.#kernelHigh = Math.min(kernelHigh, ...this.#startHigh.filter((high) => high >= lowestHigh))
  }

  /**
   * The code of the word at `offset` of the object that starts at `objectHigh:objectLow` and has `objectBytes`; all halves signed.
   * `nextHigh:nextLow` is the word behind it, or zero where there is none.
   */
  encode(high: number, low: number, objectHigh: number, objectLow: number, objectBytes: number, offset: number, nextHigh: number, nextLow: number): number {
    if (high === 0) {
      if (low === 0) return ZERO
      if (low > 0 && low < SMALL_END) return SMALL
    } else if (high >>> 0 >= this.#kernelHigh) {
      // No slab crosses a multiple of 4 GiB.
      if (high === objectHigh) {
        const inside = (low >>> 0) - (objectLow >>> 0)
        if (inside >= 0 && inside < objectBytes) {
          const isHead = inside === offset && nextHigh === high && nextLow === low
          return this.#code(isHead ? LIST_HEAD_VALUE : SELF_VALUE, 0, inside)
        }
      }
      if (high === -1 && low < 0 && low >= -errors) return ERROR
      const region = this.#region(high, low)
      if (region === KERNEL_TEXT || region === MODULE_TEXT || region === KERNEL || region === VMALLOC) return this.#addressCode(high, low, region)
      if (region !== OTHER) return region
    }
    return this.#plain(high, low)
  }

  /** A word that is no small integer and no address of the kernel. */
  #plain(high: number, low: number): number {
    const ascii = this.littleEndian ? isAscii(low, high) : isAscii(swap(high), swap(low))
    if (ascii) return ASCII
    if (poisonName(high >>> 0, low >>> 0) !== undefined) return this.#code(ADDRESS_VALUE, high, low)
    if (this.#constants > 0) {
      const constant = this.#find(CONSTANT_VALUE, high, low)
      if (constant >= FIRST_VALUE_CODE) return constant
    }
    if (high >>> 0 >= userHigh && high >>> 0 < userEndHigh) return USER
    return OTHER
  }

  /** From now on a word of this value has a code of its own, if nothing else makes it more than `other`. */
  addConstant(high: number, low: number): void {
    this.#constants++
    this.#code(CONSTANT_VALUE, high | 0, low | 0)
  }

  classOf(code: number): number {
    return code < FIRST_VALUE_CODE ? code : this.#classes[code - FIRST_VALUE_CODE]
  }

  /** The value a code stands for: an address or constant; for pointers to the object itself the offset in it. */
  valueOf(code: number): bigint | undefined {
    const i = code - FIRST_VALUE_CODE
    if (i < 0) return code === ZERO ? 0n : undefined
    const value = (BigInt(this.#highs[i] >>> 0) << 32n) | BigInt(this.#lows[i] >>> 0)
    return this.#wordBytes === 4 ? value & 0xffffffffn : value
  }

  /** The symbol an address code lies in; undefined for other codes. */
  symbolOf(code: number): SymbolHit | undefined {
    return this.#hits[code - FIRST_VALUE_CODE]
  }

  #extend(address: bigint): bigint {
    return this.#wordBytes === 4 && address >= 0x80000000n ? address | 0xffffffff00000000n : address
  }

  /** The class that the address's region stands for: KERNEL where it lies in none, yet may have a symbol of its own. */
  #region(high: number, low: number): number {
    const page = low >>> 12
    const slot = (Math.imul(high, 0x9e3779b1) ^ Math.imul(page, 0x85ebca6b)) >>> 20
    if (this.#pageClass[slot] !== 0 && this.#pageHigh[slot] === high && this.#pageLow[slot] === page) return this.#pageClass[slot] - 1
    let found = KERNEL
    for (let i = 0; i < this.#regionClass.length; i++) {
      const h = high >>> 0
      const l = low >>> 0
      if (h < this.#startHigh[i] || (h === this.#startHigh[i] && l < this.#startLow[i])) continue
      if (h > this.#lastHigh[i] || (h === this.#lastHigh[i] && l > this.#lastLow[i])) continue
      found = this.#regionClass[i]
      break
    }
    this.#pageHigh[slot] = high
    this.#pageLow[slot] = page
    this.#pageClass[slot] = found + 1
    return found
  }

  #addressCode(high: number, low: number, region: number): number {
    const known = this.#find(ADDRESS_VALUE, high, low)
    if (known >= FIRST_VALUE_CODE) return known
    // Outside of known images only a symbol makes a value worth a code of its own; arm64 with KASLR has its kernel and modules in vmalloc space.
    if ((region === KERNEL || region === VMALLOC) && this.#hit(high, low) === undefined) return region
    return this.#code(ADDRESS_VALUE, high, low, region)
  }

  #hit(high: number, low: number): SymbolHit | undefined {
    return this.#symbols.at(this.#wordBytes === 4 ? BigInt(low >>> 0) : (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0))
  }

  #find(kind: number, high: number, low: number): number {
    const mask = this.#slots.length - 1
    for (let slot = hash(kind, high, low) & mask; ; slot = (slot + 1) & mask) {
      const code = this.#slots[slot]
      if (code === 0) return 0
      const i = code - FIRST_VALUE_CODE
      if (this.#lows[i] === low && this.#highs[i] === high && this.#kinds[i] === kind) return code
    }
  }

  #code(kind: number, high: number, low: number, region = OTHER): number {
    const known = this.#find(kind, high, low)
    if (known !== 0) return known
    const hit = kind === ADDRESS_VALUE && region !== OTHER ? this.#hit(high, low) : undefined
    const wordClass = kind === SELF_VALUE ? SELF : kind === LIST_HEAD_VALUE ? LIST_HEAD : kind === CONSTANT_VALUE ? OTHER
      : region === OTHER ? POISON : addressClass(region, hit, this.#symbols)
    const i = this.#classes.length
    // So many different values do not discriminate; the class still does.
    if (i + FIRST_VALUE_CODE > lastCode) return wordClass
    this.#classes.push(wordClass)
    this.#highs.push(high)
    this.#lows.push(low)
    this.#kinds.push(kind)
    this.#hits.push(hit)
    if ((i + 1) * 2 > this.#slots.length) this.#grow()
    else this.#insert(i)
    return i + FIRST_VALUE_CODE
  }

  #grow(): void {
    this.#slots = new Uint16Array(this.#slots.length * 2)
    for (let i = 0; i < this.#classes.length; i++) this.#insert(i)
  }

  #insert(i: number): void {
    const mask = this.#slots.length - 1
    let slot = hash(this.#kinds[i], this.#highs[i], this.#lows[i]) & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = i + FIRST_VALUE_CODE
  }
}

/** Text or data, of the kernel or a module: as the symbol says; an address without one counts as text of its region. */
function addressClass(region: number, hit: SymbolHit | undefined, symbols: SymbolTable): number {
  const ofModule = hit === undefined || hit.module === null ? region === MODULE_TEXT : true
  const isData = hit !== undefined && symbols.holds(hit) === 'data'
  if (ofModule) return isData ? MODULE_DATA : MODULE_TEXT
  return isData ? KERNEL_DATA : KERNEL_TEXT
}

function hash(kind: number, high: number, low: number): number {
  let mixed = Math.imul(low ^ (kind << 28), 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b)
  mixed ^= mixed >>> 15
  return mixed
}

/** Reverses the four bytes. */
export function swap(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)
}
