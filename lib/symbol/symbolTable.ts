import { sortedOrder } from '../util/sortedOrder.js'
import { bothKnow } from './bothKnow.js'
import { NameIndex, nameKeyOf } from './nameIndex.js'

/** A symbol as it enters the table. */
export interface SymbolRecord {
  readonly address: bigint
  readonly name: string
  /** The letter of nm and kallsyms; `?` where the source shows a name and an address only. */
  readonly type: string
  readonly module: string | null
  /** Bytes; null where the source does not say and the next symbol's address must do. */
  readonly bytes?: number | null
  /**
   * For a source that shows single symbols and not their neighbours (a crash session): how many bytes from the start the source itself
   * put inside the symbol. Addresses further in are not attributed to it, for another symbol may lie between.
   */
  readonly shownBytes?: number
  /**
   * The evidence shows what lies in the symbol, and not where it is: its address, and words that hold it, stand in for the true ones. They
   * tell symbols apart, and nothing else.
   */
  readonly standIn?: true
  readonly file?: string | null
  readonly line?: number | null
  /** Of records that make their name a string only when asked: its key (`nameIndex.ts`), and whether it is a given one. */
  readonly nameKey?: number
  isNamed?(name: string): boolean
}

/** A symbol that holds an address, and how far in the address lies. */
export interface SymbolHit extends SymbolRecord {
  /** Bytes from the symbol's start. */
  readonly offset: number
}

/** How far behind the last symbol of a stretch an address may lie and still be called that symbol + offset. */
const farthest = 0x100000
/** The same where the next symbol belongs to another module or to none: what lies between may be anything. */
const farthestAtModuleEnd = 0x10000
/** Marks the end of the kernel image in every architecture's linker script: nothing behind it belongs to it. */
const imageEnd = '_end'
const upperHalf = 0x80000000
/** Sections follow one another within an image; a symbol that starts nearer to the one before it is not behind the image's end. */
const nearestBehindImage = 0x1000
/** A look-up starts within 64 KiB, which hold some hundred symbols, instead of a whole kernel's hundred thousand. */
const bucketBits = 16

/** The distinct addresses that share a high half. */
interface Stretch {
  /** One past the last of them. */
  readonly end: number
  /** For each 64 KiB: the first address in it or behind it. */
  readonly buckets: Uint32Array
}

/**
 * Address ↔ name over one machine's symbols: the kernel's and the modules', from whatever sources showed them.
 * Several names may share an address; the first added wins a look-up by address unless a later one is global (upper-case type)
 * and it is not. Where kernel symbols lie in the upper half of the address space, those in the lower half are offsets into per-CPU
 * areas: they are found by name and never by address.
 *
 * @example
 * const symbols = new SymbolTable([{ address: 0xffff00000824edd8n, name: 'single_start', type: 't', module: null }])
 * symbols.at(0xffff00000824eddcn)?.offset // 4
 */
export class SymbolTable {
  readonly #records: SymbolRecord[]
  /** The distinct addresses as two halves, in order, and for each the position of the record that speaks for it. */
  readonly #high: Uint32Array
  readonly #low: Uint32Array
  readonly #speaker: Uint32Array
  /** How many bytes from each distinct address on belong to its symbol, the next one's start not regarded. */
  readonly #reach: Float64Array
  /** One for each high half: kernels use one to three of them. */
  readonly #stretches = new Map<number, Stretch>()
  readonly #hasUpperHalf: boolean
  readonly #word = new BigUint64Array(1)
  readonly #halves = new Uint32Array(this.#word.buffer)
  #byName: NameIndex | undefined
  #data: readonly [start: bigint, end: bigint] | undefined

  constructor(records: Iterable<SymbolRecord>) {
    const list = Array.from(records)
    const addresses = new BigUint64Array(list.length)
    for (let position = 0; position < list.length; position++) addresses[position] = list[position].address
    // Halves are compared as numbers; a bigint is made for each address once, and no more.
    const halves = new Uint32Array(addresses.buffer)
    const order = isAscending(halves) ? undefined : sortedOrder(addresses)
    this.#records = order === undefined ? list : Array.from(order, (position) => list[position])
    const count = list.length
    this.#high = new Uint32Array(count)
    this.#low = new Uint32Array(count)
    this.#speaker = new Uint32Array(count)
    let length = 0
    for (let position = 0; position < count; position++) {
      const from = order === undefined ? position : order[position]
      const low = halves[from * 2]
      const high = halves[from * 2 + 1]
      if (length > 0 && this.#low[length - 1] === low && this.#high[length - 1] === high) {
        const speaker = this.#records[this.#speaker[length - 1]]
        if (weight(this.#records[position]) > weight(speaker)) this.#speaker[length - 1] = position
        continue
      }
      this.#low[length] = low
      this.#high[length] = high
      this.#speaker[length++] = position
    }
    this.#reach = new Float64Array(length)
    for (let i = 0; i < length; i++) {
      const next = i + 1 < length ? this.#records[this.#speaker[i + 1]] : undefined
      const gap = next === undefined ? Infinity : (this.#high[i + 1] - this.#high[i]) * 2 ** 32 + this.#low[i + 1] - this.#low[i]
      this.#reach[i] = reachOf(this.#records[this.#speaker[i]], next, gap)
    }
    for (let start = 0, end = 0; start < length; start = end) {
      while (end < length && this.#high[end] === this.#high[start]) end++
      this.#stretches.set(this.#high[start], { end, buckets: bucketsOf(this.#low, start, end) })
    }
    this.#hasUpperHalf = length > 0 && this.#high[length - 1] >= upperHalf
  }

  get length(): number {
    return this.#records.length
  }

  /** All symbols, in address order. */
  all(): readonly SymbolRecord[] {
    return this.#records
  }

  /** The symbol that holds `address`, or undefined: before the first one, behind a symbol's known end, or too far from any. */
  at(address: bigint): SymbolHit | undefined {
    this.#word[0] = address
    const low = this.#halves[0]
    const high = this.#halves[1]
    const index = this.#indexAt(high, low)
    if (index < 0) return undefined
    return hitAt(this.#records[this.#speaker[index]], this.#offset(index, high, low))
  }

  /**
   * For loops over many words: the position in {@link SymbolTable.all} of the symbol that holds the address whose halves are
   * `high` and `low` (unsigned 32-bit), or -1.
   */
  positionAt(high: number, low: number): number {
    const index = this.#indexAt(high, low)
    return index < 0 ? -1 : this.#speaker[index]
  }

  /**
   * The nearest symbol at or before `address`, whether or not it reaches that far: for telling a person where an address lies that no
   * symbol holds. Undefined before the first one.
   */
  nearest(address: bigint): SymbolHit | undefined {
    this.#word[0] = address
    const low = this.#halves[0]
    const high = this.#halves[1]
    const index = this.#indexBefore(high, low)
    return index < 0 ? undefined : hitAt(this.#records[this.#speaker[index]], this.#offset(index, high, low))
  }

  /** Bytes of the symbol that starts at `address`: as its source says, else up to the next symbol. Undefined where none starts there. */
  bytesAt(address: bigint): number | undefined {
    const hit = this.nearest(address)
    if (hit === undefined || hit.offset !== 0) return undefined
    if (hit.bytes != null && hit.bytes > 0) return hit.bytes
    const own = this.#indexBefore(Number(address >> 32n), Number(address & 0xffffffffn))
    return own + 1 < this.#reach.length ? this.#offset(own, this.#high[own + 1], this.#low[own + 1]) : undefined
  }

  /**
   * What lies at a symbol, by its letter; undefined where there is none. A section of data that holds some code has the letters of text
   * throughout (.data of x86-64 since 6.15): what lies between `_sdata` and `_edata` is data all the same.
   */
  holds({ address, type, module }: SymbolRecord): 'code' | 'data' | undefined {
    if (/^[abdgrsv]$/i.test(type)) return 'data'
    if (!/^[tw]$/i.test(type)) return undefined
    const [start, end] = (this.#data ??= [this.named('_sdata')[0]?.address ?? 0n, this.named('_edata')[0]?.address ?? 0n])
    return module === null && address >= start && address < end ? 'data' : 'code'
  }

  #indexAt(high: number, low: number): number {
    const index = this.#indexBefore(high, low)
    return index >= 0 && this.#offset(index, high, low) < this.#reach[index] ? index : -1
  }

  #indexBefore(high: number, low: number): number {
    if (high < upperHalf && this.#hasUpperHalf) return -1
    const stretch = this.#stretches.get(high)
    let index: number
    if (stretch === undefined) {
      // A symbol below a 4 GiB line may reach over it.
      const below = this.#stretches.get(high - 1)
      if (below === undefined) return -1
      index = below.end - 1
    } else {
      const bucket = low >>> bucketBits
      let from = stretch.buckets[bucket]
      let to = stretch.buckets[bucket + 1]
      const lows = this.#low
      while (from < to) {
        const middle = (from + to) >>> 1
        if (lows[middle] <= low) from = middle + 1
        else to = middle
      }
      index = from - 1
    }
    return index
  }

  #offset(index: number, high: number, low: number): number {
    return (high - this.#high[index]) * 0x100000000 + (low - this.#low[index])
  }

  /** All symbols of that name, in address order: static functions share names. */
  named(name: string): readonly SymbolRecord[] {
    this.#byName ??= new NameIndex(Uint16Array.from(this.#records, (record) => record.nameKey ?? nameKeyOf(record.name)))
    return Array.from(this.#byName.placesOf(name), (place) => this.#records[place]).filter((record) => record.isNamed?.(name) ?? record.name === name)
  }

  /**
   * A table of this one's symbols and the other's. A symbol of both (same name, same address) stands once, with what either knows of
   * it; where both know something, this table's word holds.
   *
   * @example new SymbolTable(fromKallsyms).merge(new SymbolTable(fromSession)) // file and line from the session's `sym` output
   */
  merge(other: SymbolTable): SymbolTable {
    if (other.length === 0) return this
    if (this.length === 0) return other
    const theirs = new Map<string, SymbolRecord>()
    for (const record of other.all()) theirs.set(keyOf(record), record)
    const ours = this.#records.map((record) => {
      const key = keyOf(record)
      const same = theirs.get(key)
      if (same === undefined) return record
      theirs.delete(key)
      return bothKnow(record, same)
    })
    return new SymbolTable(ours.concat([...theirs.values()]))
  }

  /** The same symbols, each `offset` bytes further (KASLR); those in the lower half under an upper-half kernel stay: they are per-CPU. */
  shifted(offset: bigint): SymbolTable {
    if (offset === 0n) return this
    const perCpu = this.#hasUpperHalf
    return new SymbolTable(this.#records.map((record) => perCpu && record.address < 1n << 63n
      ? record
      : { ...hitAt(record, 0), address: BigInt.asUintN(64, record.address + offset) }))
  }
}

/** A record as a hit. Records may make their properties only when asked, so that a spread would copy none. */
export function hitAt({ address, name, type, module, bytes, shownBytes, standIn, file, line }: SymbolRecord, offset: number): SymbolHit {
  return { address, name, type, module, bytes, shownBytes, ...(standIn ? { standIn } : {}), file, line, offset }
}

function bucketsOf(lows: Uint32Array, start: number, end: number): Uint32Array {
  const buckets = new Uint32Array((1 << (32 - bucketBits)) + 1)
  let index = start
  for (let bucket = 0; bucket < buckets.length; bucket++) {
    while (index < end && lows[index] >>> bucketBits < bucket) index++
    buckets[bucket] = index
  }
  return buckets
}

/** Which of several names of an address speaks for it: a global one first; last arm64's marks of code and data (`$x`, `$d`), which are no names. */
function weight({ type, name }: SymbolRecord): number {
  return name.startsWith('$') ? 0 : type >= 'A' && type <= 'Z' ? 2 : 1
}

function reachOf(record: SymbolRecord, next: SymbolRecord | undefined, gap: number): number {
  if (record.bytes != null && record.bytes > 0) return record.bytes
  if (record.shownBytes !== undefined) return record.shownBytes
  if (gap >= nearestBehindImage && record.name === imageEnd) return 1
  return next === undefined || next.module !== record.module ? farthestAtModuleEnd : farthest
}

function keyOf(record: SymbolRecord): string {
  return `${record.address} ${record.name}`
}

/** Whether 64-bit values, given in halves, the lower one first, are in order. */
function isAscending(halves: Uint32Array): boolean {
  for (let i = 2; i < halves.length; i += 2) {
    if (halves[i + 1] < halves[i - 1] || (halves[i + 1] === halves[i - 1] && halves[i] < halves[i - 2])) return false
  }
  return true
}
