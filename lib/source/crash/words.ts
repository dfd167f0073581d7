/** Bytes of one piece of storage: large enough that few runs are split, small enough that little is left over. */
export const chunkBytes: number = 1 << 22

/** Where a statement stands. */
export interface Place {
  readonly file: string
  /** From 1. */
  readonly line: number
}

/** Memory at one address that a transcript shows twice, differently: a live system moved on, or two machines are mixed. */
export interface WordDisagreement {
  readonly address: bigint
  /** Up to 8 bytes, as they lie in memory. */
  readonly earlier: Uint8Array
  readonly later: Uint8Array
  readonly earlierFile: number
  readonly earlierLine: number
  readonly laterFile: number
  readonly laterLine: number
}

/**
 * Memory that a transcript shows, as stretches in address order that do not overlap (they may touch): stretch i holds `lengths[i]` bytes
 * from `starts[i]`, in `chunks` at `positions[i]` = chunk * chunkBytes + offset. `files` and `lines` say where it was printed.
 */
export interface Words {
  readonly starts: BigUint64Array
  readonly lengths: Uint32Array
  readonly positions: Float64Array
  readonly files: Uint16Array
  readonly lines: Uint32Array
  readonly chunks: readonly Uint32Array[]
  /** Sum of all lengths. */
  readonly heldBytes: number
  /** The first ones met, and how many there are in all. */
  readonly disagreements: readonly WordDisagreement[]
  readonly disagreementCount: number
}
