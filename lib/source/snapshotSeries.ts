import type { MemoryReading } from './meminfo.js'
import { pageBytesFor, type SlabRow } from './slabinfo.js'

/** Stands for unknown in {@link SnapshotRows}' 32-bit columns. */
export const UNKNOWN_COUNT = 0xffffffff

/** One moment's list of caches. */
export interface SnapshotHead {
  readonly from: 'slabinfo' | 'slabtop' | 'oom'
  /** Line it starts at, from 1. */
  readonly line: number
  /** Milliseconds since 1970; null where the text does not say. */
  time: number | null
  /** Seconds since boot. */
  uptime: number | null
  host: string | null
  readonly firstRow: number
  rows: number
  /** Whether a cache that is not listed is known to have no memory: slabtop may list the largest only. */
  complete: boolean
}

/** Rows of many snapshots, column by column: typed arrays, because a month at one a minute is nine million rows. NaN is unknown. */
export interface SnapshotRows {
  readonly length: number
  /** Index into `caches`. */
  readonly cache: Uint32Array
  readonly activeObjects: Float64Array
  readonly objects: Float64Array
  readonly objectBytes: Uint32Array
  readonly objectsPerSlab: Uint32Array
  readonly pagesPerSlab: Uint32Array
  readonly slabs: Uint32Array
  readonly bytes: Float64Array
}

/** All that one text told of caches and memory over time. */
export interface SnapshotSeries {
  /** What the text is called in messages. */
  readonly source: string
  readonly heads: readonly SnapshotHead[]
  readonly caches: readonly string[]
  readonly rows: SnapshotRows
  /** Bytes of a page, found from what the slabs hold. */
  readonly pageBytes: number
  readonly memory: readonly MemoryReading[]
  /** Why parts could not be read, each with its line. */
  readonly problems: readonly string[]
  /** The first line that says anything, for messages about texts without a snapshot. */
  readonly firstLine: string
}

/** Grows the columns of a series row by row. */
export class SnapshotRowsBuilder {
  #capacity = 256
  #length = 0
  #mostBytesPerPage = 0
  #cache = new Uint32Array(this.#capacity)
  #activeObjects = new Float64Array(this.#capacity)
  #objects = new Float64Array(this.#capacity)
  #objectBytes = new Uint32Array(this.#capacity)
  #objectsPerSlab = new Uint32Array(this.#capacity)
  #pagesPerSlab = new Uint32Array(this.#capacity)
  #slabs = new Uint32Array(this.#capacity)
  #bytes = new Float64Array(this.#capacity)

  get length(): number {
    return this.#length
  }

  cacheAt(row: number): number {
    return this.#cache[row]
  }

  add(cache: number, row: SlabRow): void {
    if (this.#length === this.#capacity) this.#grow()
    const at = this.#length++
    this.#cache[at] = cache
    this.#activeObjects[at] = row.activeObjects
    this.#objects[at] = row.objects
    this.#objectBytes[at] = count(row.objectBytes)
    this.#objectsPerSlab[at] = count(row.objectsPerSlab)
    this.#pagesPerSlab[at] = count(row.pagesPerSlab)
    this.#slabs[at] = count(row.slabs)
    this.#bytes[at] = row.bytes
    const perPage = (row.objectBytes * row.objectsPerSlab) / row.pagesPerSlab
    if (perPage > this.#mostBytesPerPage && perPage < Infinity) this.#mostBytesPerPage = perPage
  }

  /** Forgets the rows from `length` on. */
  cutTo(length: number): void {
    this.#length = length
  }

  /** The rows, with the bytes of each cache: slabs × pages per slab × page size where the text does not say it. */
  finish(): { rows: SnapshotRows; pageBytes: number } {
    const pageBytes = pageBytesFor(this.#mostBytesPerPage)
    const length = this.#length
    const rows = {
      length,
      cache: this.#cache.subarray(0, length),
      activeObjects: this.#activeObjects.subarray(0, length),
      objects: this.#objects.subarray(0, length),
      objectBytes: this.#objectBytes.subarray(0, length),
      objectsPerSlab: this.#objectsPerSlab.subarray(0, length),
      pagesPerSlab: this.#pagesPerSlab.subarray(0, length),
      slabs: this.#slabs.subarray(0, length),
      bytes: this.#bytes.subarray(0, length)
    }
    for (let row = 0; row < length; row++) {
      if (!Number.isNaN(rows.bytes[row]) || rows.slabs[row] === UNKNOWN_COUNT || rows.pagesPerSlab[row] === UNKNOWN_COUNT) continue
      rows.bytes[row] = rows.slabs[row] * rows.pagesPerSlab[row] * pageBytes
    }
    return { rows, pageBytes }
  }

  #grow(): void {
    this.#capacity *= 2
    this.#cache = widened(this.#cache, this.#capacity)
    this.#activeObjects = widened(this.#activeObjects, this.#capacity)
    this.#objects = widened(this.#objects, this.#capacity)
    this.#objectBytes = widened(this.#objectBytes, this.#capacity)
    this.#objectsPerSlab = widened(this.#objectsPerSlab, this.#capacity)
    this.#pagesPerSlab = widened(this.#pagesPerSlab, this.#capacity)
    this.#slabs = widened(this.#slabs, this.#capacity)
    this.#bytes = widened(this.#bytes, this.#capacity)
  }
}

/** A count that 32 bits hold; anything else no kernel prints is unknown. */
function count(value: number): number {
  return value >= 0 && value < UNKNOWN_COUNT ? value : UNKNOWN_COUNT
}

function widened<T extends Uint32Array | Float64Array>(values: T, capacity: number): T {
  const wider = values instanceof Uint32Array ? new Uint32Array(capacity) : new Float64Array(capacity)
  wider.set(values)
  return wider as T
}
