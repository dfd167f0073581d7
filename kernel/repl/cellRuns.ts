import type { CellResult, SessionOutput } from '../session/session.js'
import type { Backend, RunCell } from './model.js'

/** What a silent cell showed. */
export interface Captured { readonly outputs: readonly SessionOutput[], readonly result: CellResult }

/** Between two looks at how long a cell runs, in milliseconds. */
const interval = 400

export interface CellRunsOptions {
  /** Whether the next line may begin: there is a session, and the person sees the prompt. */
  readonly isReady: () => boolean
  readonly runLine: (text: string) => Promise<void>
  /** A line begins. */
  readonly began: (text: string) => void
  /** A line, and all that it showed, is through. */
  readonly settled: () => void
  readonly draw: () => void
}

/** Lines wait here, and run one at a time; cells out of sight run beside them, one at a time too. */
export class CellRuns {
  backend: Backend | undefined
  /** What the running cell says of how far it is. */
  progress: string | null = null
  /** Every cell that was run, in order. */
  readonly cells: RunCell[] = []
  #queue: string[] = []
  #started: number | null = null
  #timer: NodeJS.Timeout | undefined
  #cell: RunCell | undefined
  /** Takes what a silent cell shows, in place of the terminal. */
  #capture: SessionOutput[] | undefined
  #captures: Promise<unknown> = Promise.resolve()

  constructor(readonly options: CellRunsOptions) {}

  get isRunning(): boolean { return this.#started !== null }
  get queued(): number { return this.#queue.length }
  /** For how long the line runs; 0 where none does. */
  get seconds(): number { return this.#started === null ? 0 : (performance.now() - this.#started) / 1000 }

  submit(text: string): void {
    this.#queue.push(text)
    this.next()
  }

  /** Does work that comes before all lines; those wait. */
  async before(work: () => Promise<void>): Promise<void> {
    this.#begin()
    try {
      await work()
    } finally {
      this.#end()
    }
  }

  next(): void {
    if (this.isRunning || this.#queue.length === 0 || !this.options.isReady()) return
    const text = this.#queue.shift()!
    this.progress = null
    this.#begin()
    this.options.began(text)
    void this.options.runLine(text).finally(() => this.#end())
  }

  /** Forgets the lines that wait, and asks the running one to stop. */
  interrupt(): void {
    this.#queue = []
    this.progress = 'stopping'
    void this.backend?.interrupt()
  }

  /** Runs a cell that is remembered; `show` comes while what it shows is still its own. */
  async run(code: string, show: (result: CellResult) => void): Promise<CellResult> {
    const cell: RunCell = { code, number: null, outputs: [], result: null }
    this.cells.push(cell)
    this.#cell = cell
    try {
      const result = await this.backend!.execute(code)
      cell.result = result
      show(result)
      return result
    } finally {
      this.#cell = undefined
    }
  }

  /** Runs a cell out of sight and returns what it showed. */
  capture(code: string): Promise<Captured> {
    // One at a time: what a cell shows is told from what another shows by when it comes.
    const captured = this.#captures.then(() => this.#captureNow(code))
    this.#captures = captured.catch(() => {})
    return captured
  }

  /** Takes an output to whom it belongs; whether the terminal is to show it. */
  take(output: SessionOutput): boolean {
    if (this.#capture !== undefined && output.kind !== 'notice') {
      this.#capture.push(output)
      return false
    }
    if (output.kind === 'progress') this.progress = output.text
    else this.#cell?.outputs.push(output)
    return output.kind !== 'progress'
  }

  /** No more looks at the time: the session is over. */
  close(): void {
    clearInterval(this.#timer)
  }

  async #captureNow(code: string): Promise<Captured> {
    const outputs: SessionOutput[] = []
    this.#capture = outputs
    try {
      return { outputs, result: await this.backend!.execute(code, { silent: true }) }
    } finally {
      this.#capture = undefined
    }
  }

  #begin(): void {
    this.#started = performance.now()
    this.#timer = setInterval(this.options.draw, interval)
  }

  #end(): void {
    clearInterval(this.#timer)
    this.#started = null
    this.progress = null
    this.options.settled()
    this.next()
  }
}
