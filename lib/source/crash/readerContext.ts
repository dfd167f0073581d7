import type { Listing, SlabList } from './crashTranscript.js'
import type { CrashCommand, RowForm } from './readCommand.js'
import { plainRows } from './readCommand.js'
import type { TranscriptBuilder } from './transcriptBuilder.js'
import type { Place } from './words.js'

/** What the lines before say about the next one. A prompt resets it, a heading changes it, and nothing else does. */
export class ReaderContext {
  line = 0
  command: CrashCommand | undefined
  rows: RowForm = plainRows
  mode: 'none' | 'caches' | 'slabs' | 'objects' | 'modules' | 'log' = 'none'
  /** Which column of a cache's row holds the name; undefined before any heading. */
  nameColumn: 'second' | 'last' | undefined
  listsCaches = false
  /** The cache that `kmem -S NAME` asked for. */
  listedName: string | undefined
  /** Index of the cache statement that a listing would belong to. */
  cache: number | undefined
  listing: Listing | undefined
  list: SlabList = 'single'
  /** Index of the slab row that objects belong to. */
  slab: number | undefined
  /** `sym -m` names the module once, before its symbols. */
  symbolModule: string | null = null
  modulesHaveBase = true
  /** What `struct X ADDRESS` asked for, or the bare address that `list -s` printed before each struct. */
  structQuery: { type: string; address: bigint | null } | undefined

  constructor(readonly builder: TranscriptBuilder, readonly file: string) {}

  place(): Place {
    return { file: this.file, line: this.line }
  }

  /** Forgets what the output of the last command taught. */
  reset(): void {
    this.command = undefined
    this.rows = plainRows
    this.mode = 'none'
    this.listsCaches = false
    this.listedName = undefined
    this.cache = undefined
    this.listing = undefined
    this.slab = undefined
    this.symbolModule = null
    this.structQuery = undefined
  }
}
