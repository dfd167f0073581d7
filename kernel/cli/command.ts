import type { Warnings } from '../../lib/index.js'

/** Where a command reads and writes; tests give their own. */
export interface Terminal {
  /** Results. */
  out(text: string | Uint8Array): void
  /** Everything else: progress, warnings, what was written where. */
  err(text: string): void
  readonly outIsTerminal: boolean
  readonly errIsTerminal: boolean
  /** Columns of the terminal; 80 where there is none. */
  readonly width: number
  readonly colour: boolean
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
}

export interface OptionDescription {
  readonly type: 'string' | 'boolean'
  readonly multiple?: boolean
  readonly short?: string
  /** Name of the value in the help: `--cache NAME`. */
  readonly value?: string
  readonly text: string
}

export interface Arguments {
  /** Trouble met on the way: a command shows it at its end, and where it fails it is shown as well, for it often tells why. */
  readonly warnings: Warnings
  readonly positionals: string[]
  readonly options: Readonly<Record<string, string | boolean | string[] | undefined>>
}

/** One command of `slablab`. */
export interface Command {
  readonly name: string
  /** What stands behind the name: `FILE… [--cache NAME]`. */
  readonly usage: string
  /** One line for the list of commands. */
  readonly summary: string
  /** Further lines of its `--help`. */
  readonly text?: string
  /** A command line that works, with what it shows. */
  readonly example: string
  readonly options?: Readonly<Record<string, OptionDescription>>
  /** Returns the exit code where it is not 0. Wrong usage throws UsageError; other errors exit with 1. */
  run(args: Arguments, terminal: Terminal): Promise<number | void>
}
