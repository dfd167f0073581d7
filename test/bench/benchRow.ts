/** One line of the bench's table: how fast slablab does a thing, and what others take for the same input. */
export interface BenchRow {
  readonly task: string
  /** In `unit`: more is better, but of seconds and megabytes; null where something that it needs is not to be had, as `note` says. */
  readonly ours: number | null
  readonly unit: string
  /** What it is measured against, and its figure in the same unit; null where nothing else does the task. */
  readonly peer: string
  readonly peers: number | null
  /** The goal, in the same unit. */
  readonly limit?: number
  /** Further facts: peak memory, input size. */
  readonly note: string
}

export interface BenchOptions {
  /** Tiny inputs, to see that every row works. */
  readonly smoke: boolean
  /** Where inputs are made; removed afterwards. */
  readonly folder: string
}

/** What stands in a bench file: makes its input, measures, and gives rows. */
export type Bench = (options: BenchOptions) => Promise<BenchRow[]>
