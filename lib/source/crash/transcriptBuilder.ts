import { Growing, GrowingAddresses } from '../../util/growing.js'
import type {
  CacheStatement, CrashMessage, CrashSession, CrashTranscript, LayoutStatement, Listing, ModuleStatement, SearchHit, SlabList,
  StructStatement, SymbolStatement, UnreadableStatement
} from './crashTranscript.js'
import { slabLists } from './crashTranscript.js'
import type { RowValue } from './readRow.js'
import type { Place } from './words.js'
import { WordStore } from './wordStore.js'

export const noSlab = 0xffffffff
/** Complaints, log lines and unreadable addresses are kept up to here: a wrecked slab prints one a line. */
const keptMessages = 10_000
const keptLogLines = 500_000

/** Where a transcript's statements are gathered while it is read. */
export class TranscriptBuilder {
  readonly words = new WordStore()
  readonly sessions: CrashSession[] = []
  readonly caches: CacheStatement[] = []
  readonly listings: Listing[] = []
  readonly symbols: SymbolStatement[] = []
  readonly structs: StructStatement[] = []
  readonly layouts: LayoutStatement[] = []
  readonly modules: ModuleStatement[] = []
  readonly hits: SearchHit[] = []
  readonly unreadable: UnreadableStatement[] = []
  readonly messages: CrashMessage[] = []
  readonly log: string[] = []
  readonly cutFiles: Place[] = []
  readonly damages: CrashMessage[] = []
  readonly files: { file: string; bytes: number; lines: number }[] = []
  foreignRows = 0
  knownLines = 0
  unknownLines = 0
  /** A kernel's log may come from anywhere: it makes no transcript of a text. */
  logLines = 0
  /** Rows by the width of their addresses: 8 columns on a 32-bit machine. */
  readonly addressWidths = { narrow: 0, wide: 0 }

  readonly #slabPage = new GrowingAddresses()
  readonly #slabMemory = new GrowingAddresses()
  readonly #slabTotal = new Growing(Uint32Array)
  readonly #slabAllocated = new Growing(Uint32Array)
  readonly #slabListing = new Growing(Uint32Array)
  readonly #slabList = new Growing(Uint8Array)
  readonly #slabLine = new Growing(Uint32Array)
  readonly #object = new GrowingAddresses()
  readonly #objectState = new Growing(Uint8Array)
  readonly #objectSlab = new Growing(Uint32Array)
  readonly #symbolicAddress = new GrowingAddresses()
  readonly #symbolicName = new Growing(Uint32Array)
  readonly #symbolicOffset = new Growing(Float64Array)
  readonly #names = new Map<string, number>()

  /** The crash session that statements now belong to. */
  session(place: Place): CrashSession {
    if (this.sessions.length === 0) this.startSession(place)
    return this.sessions[this.sessions.length - 1]
  }

  startSession(place: Place): CrashSession {
    const session: CrashSession = { place, crash: null, rows: new Map() }
    this.sessions.push(session)
    return session
  }

  sessionIndex(place: Place): number {
    this.session(place)
    return this.sessions.length - 1
  }

  addSlab(page: bigint, memory: bigint, total: number, allocated: number, listing: number, list: SlabList, line: number): void {
    this.#slabPage.push(Number(page >> 32n), Number(page & 0xffffffffn))
    this.#slabMemory.push(Number(memory >> 32n), Number(memory & 0xffffffffn))
    this.#slabTotal.push(total)
    this.#slabAllocated.push(allocated)
    this.#slabListing.push(listing)
    this.#slabList.push(slabLists.indexOf(list))
    this.#slabLine.push(line)
  }

  get slabCount(): number {
    return this.#slabPage.length
  }

  /** MEMORY of the last slab row. */
  lastSlabMemory(): bigint | undefined {
    return this.slabCount === 0 ? undefined : this.#slabMemory.taken()[this.slabCount - 1]
  }

  addObject(high: number, low: number, state: number, slab: number): void {
    this.#object.push(high, low)
    this.#objectState.push(state)
    this.#objectSlab.push(slab)
  }

  /** A word of which only the symbol is shown. */
  addSymbolic(address: bigint, value: RowValue & { kind: 'symbol' }): void {
    let index = this.#names.get(value.name)
    if (index === undefined) this.#names.set(value.name, index = this.#names.size)
    this.#symbolicAddress.push(Number(address >> 32n), Number(address & 0xffffffffn))
    this.#symbolicName.push(index)
    this.#symbolicOffset.push(value.offset)
  }

  addMessage(place: Place, text: string): void {
    if (this.messages.length < keptMessages) this.messages.push({ place, text })
  }

  addLogLine(text: string): void {
    this.logLines++
    if (this.log.length < keptLogLines) this.log.push(text)
  }

  finish(): CrashTranscript {
    const { words, addressWidths, ...statements } = this
    return {
      files: statements.files, sessions: statements.sessions, caches: statements.caches, listings: statements.listings,
      symbols: statements.symbols, structs: statements.structs, layouts: statements.layouts, modules: statements.modules,
      hits: statements.hits, unreadable: statements.unreadable, messages: statements.messages, log: statements.log,
      cutFiles: statements.cutFiles, damages: statements.damages, foreignRows: statements.foreignRows, unknownLines: statements.unknownLines,
      slabs: {
        page: this.#slabPage.taken(), memory: this.#slabMemory.taken(), total: this.#slabTotal.taken(),
        allocated: this.#slabAllocated.taken(), listing: this.#slabListing.taken(), list: this.#slabList.taken(), line: this.#slabLine.taken()
      },
      objects: { address: this.#object.taken(), state: this.#objectState.taken(), slab: this.#objectSlab.taken() },
      symbolicWords: {
        address: this.#symbolicAddress.taken(), name: this.#symbolicName.taken(), offset: this.#symbolicOffset.taken(),
        names: [...this.#names.keys()]
      },
      words: words.finish(),
      bigEndian: words.bigEndian,
      pointerBytes: addressWidths.narrow > addressWidths.wide ? 4 : 8
    }
  }
}
