import type { FaultReason } from '../../errors.js'

/** Consecutive blocks or frames: `start` is the first, `end` one past the last. */
export interface Run {
  readonly start: number
  readonly end: number
}

/** What a dump file holds of physical memory, in the file's own blocks; nothing is cached here. */
export interface BlockStore {
  readonly blockBytes: number
  /** One past the highest block that the file knows of. */
  readonly blocks: number
  /** Whether the file holds the block, without reading it. */
  has(block: number): boolean
  /** Fills `target` (of blockBytes) with the block, or returns why it can't; then `target` holds rubbish. */
  read(block: number, target: Uint8Array): FaultReason | undefined
  /** Runs of blocks that the file holds, in order. */
  presentRuns(): Iterable<Run>
}
