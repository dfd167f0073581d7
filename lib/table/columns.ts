import { table, type ColumnTable } from 'arquero'
import { hex } from '../util/hex.js'

export type ColumnType = 'address' | 'number' | 'text' | 'boolean' | 'time' | 'list'
export type Unit = 'objects' | 'bytes' | 'bytes/h' | 'pages' | 'slabs' | 'share' | 's' | ''

/** What a column means. One name means one thing in every table of slablab, so displays and plots go by the name alone. */
export interface ColumnDescription {
  readonly type: ColumnType
  readonly unit: Unit
  readonly text: string
  /** A column that helps the library along and is no result: it is not shown, and not written to CSV or JSON. */
  readonly internal?: boolean
}

function column(type: ColumnType, unit: Unit, text: string): ColumnDescription {
  return { type, unit, text }
}

function internal(type: ColumnType, unit: Unit, text: string): ColumnDescription {
  return { type, unit, text, internal: true }
}

/** Every column of every table that slablab returns. */
export const columns: Readonly<Record<string, ColumnDescription>> = {
  activeObjects: column('number', 'objects', 'objects in use, as slabinfo counts: those in per-CPU slabs and array caches are included'),
  address: column('address', '', 'where it lies; of an object, its payload'),
  afterObjects: column('number', 'objects', 'objects in use afterwards'),
  aliases: column('list', '', 'other names of a merged cache'),
  allocated: column('number', 'objects', 'objects in use'),
  allocatedHigh: column('number', 'objects', 'upper bound of the objects in use, of a sample: 95 % interval'),
  allocatedLow: column('number', 'objects', 'lower bound of the objects in use, of a sample: 95 % interval'),
  askedObjects: column('number', 'objects', 'objects of the cache that were asked for'),
  beforeObjects: column('number', 'objects', 'objects in use before'),
  bitOffset: column('number', '', 'first bit of a bit field, from the start of the struct'),
  bits: column('number', '', 'width of a bit field'),
  bytes: column('number', 'bytes', 'memory it takes'),
  bytesHigh: column('number', 'bytes', 'upper bound of the memory, of a sample: 95 % interval'),
  bytesLow: column('number', 'bytes', 'lower bound of the memory, of a sample: 95 % interval'),
  bytesPerHour: column('number', 'bytes/h', 'rate over the stretch of growth, else over the whole series (Theil-Sen)'),
  cache: column('text', '', 'slab cache'),
  cgroup: column('text', '', 'path of the memory cgroup that an object is charged to'),
  removed: column('boolean', '', 'whether the cgroup was one below that path, removed since'),
  changed: column('boolean', '', 'whether a file is no longer the one that was recorded'),
  class: column('text', '', 'what a word looks like: zero, small integer, kernel text, slab pointer, …'),
  confidence: column('text', '', 'how far the evidence carries the verdict: certain, likely or weak'),
  complete: internal('boolean', '', 'whether a cache that the snapshot does not list has no memory'),
  corrupt: column('boolean', '', 'whether its bookkeeping cannot be true; a warning says what was found'),
  deltaBytes: column('number', 'bytes', 'change of the memory in slabs'),
  deltaObjects: column('number', 'objects', 'change of the objects in use'),
  detail: column('text', '', 'what it is, in words'),
  evidence: column('list', '', 'what was seen: text, addresses, and the code that recomputes it'),
  example: column('address', '', 'one typical object'),
  file: column('text', '', 'source file; of evidence, its path'),
  fix: column('text', '', 'what to change, or where to look'),
  free: column('number', 'objects', 'slots that are not in use'),
  freePid: column('number', '', 'process that freed the slot last'),
  freeStack: column('list', '', 'functions by which the slot was freed last, the innermost first'),
  from: column('address', '', 'address of the word that refers to the target'),
  function: column('text', '', 'function that a source line is in'),
  goneObjects: column('number', 'objects', 'objects of before that are no more, or hold something else'),
  growthBytes: internal('number', 'bytes', 'memory gained and not given back'),
  growthShare: internal('number', 'share', "part of the machine's whole growth"),
  high: column('number', 'bytes/h', 'upper bound of the rate (95 %)'),
  hint: column('text', '', 'what makes something readable of it'),
  host: column('text', '', 'machine'),
  hypothesis: column('text', '', 'what happened'),
  kind: column('text', '', 'what it is: a fixed word'),
  line: column('number', '', 'line in the source file'),
  listedBy: internal('text', '', 'what listed the caches: slabinfo, slabtop or oom (which lists unreclaimable ones only)'),
  low: column('number', 'bytes/h', 'lower bound of the rate (95 %)'),
  missing: column('text', '', 'why a word cannot be read: excluded (left out by the dump tool), absent, unmapped or corrupt'),
  member: column('text', '', 'member of the struct'),
  missingPages: column('number', 'pages', 'pages that the dump does not hold'),
  module: column('text', '', 'kernel module; null for the kernel itself'),
  name: column('text', '', 'name of the symbol'),
  neighbours: column('list', '', 'the objects in the slots before and behind: address, state'),
  newObjects: column('number', 'objects', 'objects that were not there before, or held something else'),
  note: column('text', '', 'what weakens the numbers of a row'),
  object: column('address', '', 'payload of the object that an address lies in'),
  objectBytes: column('number', 'bytes', "payload of one object; in snapshots slabinfo's objsize, which is the distance between objects"),
  objects: column('number', 'objects', 'objects; in snapshots those in all slabs, in use or not'),
  objectsHigh: column('number', 'objects', 'upper bound of the objects, of a sample: 95 % interval'),
  objectsLow: column('number', 'objects', 'lower bound of the objects, of a sample: 95 % interval'),
  objectsPerSlab: column('number', 'objects', 'objects that fit into one slab'),
  offset: column('number', 'bytes', 'bytes from the start'),
  pages: column('number', 'pages', 'pages that it takes'),
  pagesPerSlab: column('number', 'pages', 'pages of one slab'),
  pid: column('number', '', 'process that allocated it'),
  queued: column('boolean', '', 'waits in a kfree_rcu queue'),
  rank: internal('number', '', 'position in address order: sort by this, not by the address column'),
  reach: column('number', 'bytes', 'bytes from the start of the object that belong to it; behind lie remains of former users of the slot'),
  reachBasis: column('text', '', 'how the reach is known'),
  reachable: column('boolean', '', "whether references lead to it from the kernel's own memory: true, false or unknown"),
  readable: column('boolean', '', 'whether slablab reads it'),
  readObjects: column('number', 'objects', 'objects of the cache of which the evidence holds contents'),
  reason: column('text', '', 'why the verdict is what it is'),
  reclaimable: column('boolean', '', 'whether the kernel can take the memory back under pressure'),
  recordedBy: column('text', '', 'what recorded the stack: slub_debug of all objects, KFENCE of a few'),
  retainedBytes: column('number', 'bytes', 'memory of the objects and of what they alone keep alive'),
  rivals: column('number', '', 'other structs that explain the objects as well'),
  rule: column('text', '', 'the pattern that was found'),
  scaledBy: column('text', '', "what numbers of a sample are scaled up by: the kernel's counters, or how many stretches there are for each that was read"),
  seenSlabs: column('number', 'slabs', 'slabs of the cache in the sample'),
  sha256: column('text', '', 'SHA-256 of a file, hexadecimal'),
  share: column('number', 'share', 'part of the whole that the row speaks of'),
  shareHigh: column('number', 'share', 'upper bound of the share, of a sample: 95 % interval'),
  shareLow: column('number', 'share', 'lower bound of the share, of a sample: 95 % interval'),
  slab: column('address', '', 'first byte of the slab'),
  slabBytes: column('number', 'bytes', 'size of one slab'),
  slabs: column('number', 'slabs', 'slabs of the cache'),
  slabsHigh: column('number', 'slabs', 'upper bound of the slabs, of a sample: 95 % interval'),
  slabsLow: column('number', 'slabs', 'lower bound of the slabs, of a sample: 95 % interval'),
  slot: column('number', '', 'position in the slab, counted from 0'),
  slotBytes: column('number', 'bytes', 'distance between objects'),
  snapshot: column('number', '', 'number of the snapshot in its series, from 0'),
  stack: column('list', '', 'functions that called each other, the innermost first'),
  state: column('text', '', 'allocated, free, cached, pending or unknown'),
  signature: column('text', '', 'what the objects hold, word by word: symbols by name, pointers by where they lead'),
  status: column('text', '', 'grown, shrunk, same, new or gone'),
  step: column('text', '', 'step of an experiment'),
  stoppedAt: internal('time', '', 'when growth stopped'),
  string: column('text', '', 'text that a char pointer points at'),
  survivingObjects: column('number', 'objects', 'objects that both dumps hold at the same address and with the same contents'),
  symbol: column('text', '', 'symbol that an address lies in, with the offset if it is not 0'),
  symbols: column('list', '', 'code that the objects name'),
  target: column('address', '', 'the address that was asked for'),
  text: column('text', '', 'bytes as ASCII, in memory order'),
  time: column('time', '', 'when the snapshot was taken: milliseconds since 1970, UTC'),
  timeFrom: column('text', '', 'where the time is from: file, name or mtime'),
  total: column('number', 'objects', 'objects in all slabs, in use or not'),
  totalHigh: column('number', 'objects', 'upper bound of the objects in all slabs, of a sample: 95 % interval'),
  totalLow: column('number', 'objects', 'lower bound of the objects in all slabs, of a sample: 95 % interval'),
  type: column('text', '', "of a symbol, nm's letter; of memory, its C type"),
  typeBasis: column('text', '', 'how the type is known'),
  unreachable: column('number', 'objects', 'objects to which nothing leads'),
  uptime: column('number', 's', 'time since the machine booted'),
  value: column('text', '', 'what a word holds'),
  verdict: column('text', '', 'what the evidence says'),
  words: column('list', '', 'words of the objects: offset, class, value, symbol')
}

/** Anything arquero takes as a column: `length` and `at(row)`. */
export interface ColumnValues {
  readonly length: number
  at(row: number): unknown
}

/**
 * An address column over a typed array: it stays 8 bytes a row and is formatted when read. A mask value stands for unknown.
 *
 * @example addressColumn(BigUint64Array.of(0xffff80003a5b0000n)).at(0) // '0xffff80003a5b0000'
 */
export class AddressColumn implements ColumnValues {
  constructor(readonly values: BigUint64Array, readonly unknown?: bigint) {}

  get length(): number {
    return this.values.length
  }

  at(row: number): string | null {
    const value = this.values[row]
    return value === undefined || value === this.unknown ? null : hex(value)
  }

  *[Symbol.iterator](): Iterator<string | null> {
    for (let row = 0; row < this.length; row++) yield this.at(row)
  }
}

/** An address column of few different addresses: a typed array of them and an index into it. An index beyond it stands for unknown. */
export class IndexedAddressColumn implements ColumnValues {
  constructor(readonly values: BigUint64Array, readonly index: Uint32Array) {}

  get length(): number {
    return this.index.length
  }

  at(row: number): string | null {
    const value = this.values[this.index[row]]
    return value === undefined ? null : hex(value)
  }

  *[Symbol.iterator](): Iterator<string | null> {
    for (let row = 0; row < this.length; row++) yield this.at(row)
  }
}

/** A number column over a typed array; `unknown` (NaN for floats) stands for unknown and reads as null. */
export class NumberColumn implements ColumnValues {
  constructor(readonly values: Float64Array | Uint32Array, readonly unknown: number = NaN) {}

  get length(): number {
    return this.values.length
  }

  at(row: number): number | null {
    const value = this.values[row]
    return value === undefined || value === this.unknown || Number.isNaN(value) ? null : value
  }

  *[Symbol.iterator](): Iterator<number | null> {
    for (let row = 0; row < this.length; row++) yield this.at(row)
  }
}

/** A column of few different values: a small index into a list of names. */
export class NamedColumn<T> implements ColumnValues {
  constructor(readonly names: readonly T[], readonly index: Uint8Array | Uint16Array | Uint32Array) {}

  get length(): number {
    return this.index.length
  }

  at(row: number): T | null {
    return this.names[this.index[row]] ?? null
  }

  *[Symbol.iterator](): Iterator<T | null> {
    for (let row = 0; row < this.length; row++) yield this.at(row)
  }
}

/**
 * An arquero table whose columns are all documented in {@link columns}. A column that is not is a mistake in slablab, and throws.
 *
 * @example describedTable({ cache: ['kmalloc-128'], allocated: [71003] })
 */
export function describedTable(data: Record<string, ColumnValues>): ColumnTable {
  for (const name of Object.keys(data)) {
    if (columns[name] === undefined) throw new TypeError(`column without a description: ${name}`)
  }
  return table(data as Record<string, unknown[]>)
}
