import type { Place, Words } from './words.js'

/** One run of crash, by what its banner or `sys` shows. Several may stand in one transcript, of one machine or of several. */
export interface CrashSession {
  readonly place: Place
  /** Version of crash itself. */
  crash: string | null
  /** Rows of `sys`, by their labels: KERNEL, DUMPFILE, RELEASE, MACHINE, NODENAME, DATE, PANIC … */
  readonly rows: Map<string, string>
}

/** A row of `kmem -s`, or the row that heads a `kmem -S`. Null is what crash showed as `?`, or did not show. */
export interface CacheStatement {
  readonly place: Place
  readonly session: number
  readonly address: bigint | null
  readonly name: string
  /** OBJSIZE: SLUB's payload, SLAB's buffer. */
  readonly objectBytes: number | null
  readonly allocated: number | null
  readonly total: number | null
  readonly slabs: number | null
  /** Of one slab. */
  readonly slabBytes: number | null
  /** Left out by `kmem -I`. */
  readonly ignored: boolean
}

/** Where crash found a slab. `single`: in the output of a `kmem -S ADDRESS`, and in SLAB's lists. */
export const slabLists = ['single', 'cpu slab', 'cpu partial', 'node partial', 'node full'] as const
export type SlabList = (typeof slabLists)[number]

/** One `kmem -S` of one cache. Its slabs and objects stand in {@link SlabRows} and {@link ObjectRows}. */
export interface Listing {
  readonly place: Place
  readonly session: number
  /** Index into the cache statements; null where the transcript begins within the listing. */
  readonly cache: number | null
  /** SLUB's rows show a node, SLAB's do not; null before the first row. */
  allocator: 'slub' | 'slab' | null
  /** crash does not list full slabs, as SLUB keeps no list of them without slub_debug. */
  fullSlabs: 'not tracked' | 'listed' | null
}

/** Slabs as columns, in the order of the transcript. */
export interface SlabRows {
  /** Its page structure. */
  readonly page: BigUint64Array
  /** MEMORY: SLUB's first byte, SLAB's first object. */
  readonly memory: BigUint64Array
  readonly total: Uint32Array
  readonly allocated: Uint32Array
  /** Index into the listings. */
  readonly listing: Uint32Array
  /** Index into {@link slabLists}. */
  readonly list: Uint8Array
  readonly line: Uint32Array
}

/** What crash prints beside an object. */
export const shownStates = ['allocated', 'free', 'cpu cache', 'shared cache'] as const

/** Listed objects as columns, in the order of the transcript. */
export interface ObjectRows {
  /** As printed: the start of the slot, or its payload where red zones are hidden. */
  readonly address: BigUint64Array
  /** Index into {@link shownStates}. */
  readonly state: Uint8Array
  /** Index into the slab rows; 0xffffffff where the transcript begins within the slab. */
  readonly slab: Uint32Array
}

/** A symbol as the session shows it: by `sym`, `struct`, `dis`, a back trace or the kernel's log. */
export interface SymbolStatement {
  readonly place: Place
  /** The symbol's own start. */
  readonly address: bigint
  readonly name: string
  /** nm's letter; null where only the name is shown. */
  readonly type: string | null
  readonly module: string | null
  readonly file: string | null
  readonly line: number | null
  /** How far in an address lay that the session put into this symbol. */
  readonly offset: number
}

/** A struct or union printed with its values. */
export interface StructStatement {
  readonly place: Place
  readonly type: string
  /** From the command; null where only the output is at hand. */
  readonly address: bigint | null
  readonly members: readonly { readonly name: string; readonly value: string }[]
}

/** A declaration that `struct X` printed; offsets are shown by `struct -o` only. */
export interface LayoutStatement {
  readonly place: Place
  readonly type: string
  readonly bytes: number | null
  readonly members: readonly { readonly offset: number | null; readonly declaration: string }[]
}

export interface ModuleStatement {
  readonly place: Place
  /** Of its `struct module`. */
  readonly address: bigint
  readonly name: string
  /** Start of its text; crash before 7.3 does not show it. */
  readonly base: bigint | null
  readonly bytes: number
  /** Where its object file was loaded from; null where it was not. */
  readonly objectFile: string | null
}

/** A word that `search` found. */
export interface SearchHit {
  readonly place: Place
  readonly address: bigint
  readonly value: bigint
}

/** A word of `rd -s` whose value is not shown, only the symbol it lies in. */
export interface SymbolicWords {
  readonly address: BigUint64Array
  /** Index into `names`. */
  readonly name: Uint32Array
  readonly offset: Float64Array
  readonly names: readonly string[]
}

/** Memory that crash could not read, and why. */
export interface UnreadableStatement {
  readonly place: Place
  readonly address: bigint
  readonly reason: 'excluded' | 'absent' | 'unmapped'
}

/** A complaint of crash's: `kmem: kmalloc-64: slab: … invalid freepointer: …`. */
export interface CrashMessage {
  readonly place: Place
  readonly text: string
}

/** Everything that a transcript says, in its own terms: nothing merged, nothing decided. */
export interface CrashTranscript {
  readonly files: readonly { readonly file: string; readonly bytes: number; readonly lines: number }[]
  readonly sessions: readonly CrashSession[]
  readonly caches: readonly CacheStatement[]
  readonly listings: readonly Listing[]
  readonly slabs: SlabRows
  readonly objects: ObjectRows
  readonly words: Words
  readonly symbolicWords: SymbolicWords
  readonly symbols: readonly SymbolStatement[]
  readonly structs: readonly StructStatement[]
  readonly layouts: readonly LayoutStatement[]
  readonly modules: readonly ModuleStatement[]
  readonly hits: readonly SearchHit[]
  readonly unreadable: readonly UnreadableStatement[]
  readonly messages: readonly CrashMessage[]
  /** The kernel's log, where `log` printed it. */
  readonly log: readonly string[]
  readonly pointerBytes: 4 | 8
  readonly bigEndian: boolean
  /** Rows of `rd` that are no kernel memory: physical addresses, user memory, file offsets. */
  readonly foreignRows: number
  /** Lines that are none of crash's known output, among those that are: for telling a transcript from something else. */
  readonly unknownLines: number
  /** Files that end within a line. */
  readonly cutFiles: readonly Place[]
  /** Files that could not be read to their end, up to which line, and why. */
  readonly damages: readonly CrashMessage[]
}
