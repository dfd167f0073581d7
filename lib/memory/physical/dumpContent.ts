import type { ElfNote } from '../../source/notes.js'
import type { BlockStore } from './blockStore.js'

/** What the readers of all dump formats find in the headers. Null is unknown: the format or the writer did not say. */
export interface DumpContent {
  readonly format: 'kdump-compressed' | 'diskdump' | 'elf'
  readonly compression: 'zlib' | 'lzo' | 'snappy' | 'zstd' | 'none'
  /** Files it was put together from. */
  readonly parts: number
  readonly littleEndian: boolean
  readonly pointerBytes: 4 | 8
  readonly machine: string | null
  readonly release: string | null
  readonly nodename: string | null
  /** Seconds since 1970. */
  readonly time: number | null
  readonly dumpLevel: number | null
  /** Marked so by the tool that wrote it. */
  readonly incomplete: boolean
  readonly notes: readonly ElfNote[]
  readonly vmcoreinfoText: string | undefined
  /** makedumpfile's list of what it erased. */
  readonly erased: string | null
  /** The file's own unit; null where it has none, and any page size will do. */
  readonly blockBytes: number | null
  store(pageBytes: number): BlockStore
}
