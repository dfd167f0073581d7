import type { SessionOutput, ShownValue } from '../model.js'

export interface Variable { readonly name: string, readonly type: string, readonly value: string }

/** What a magic may do in the session whose cell it stands in. */
export interface MagicContext {
  readonly folder: string
  /** All that there are, for help. */
  readonly magics: readonly Magic[]
  /** Runs TypeScript as part of the cell and gives the value of its last expression. */
  evaluate(code: string): Promise<ShownValue | null>
  /** What is known of a name. */
  inspect(name: string, detail: 0 | 1): Promise<ShownValue | null>
  variables(): Promise<readonly Variable[]>
  /** Runs a command in the shell, its output that of the cell. */
  shell(command: string): Promise<void>
  /** Forgets all variables. */
  reset(): Promise<void>
  output(output: SessionOutput): void
}

/** A command within a cell: `%name arguments` on a line of its own, before any code. */
export interface Magic {
  readonly name: string
  /** What stands behind the name: `FILE…`. */
  readonly usage: string
  readonly summary: string
  readonly example: string
  /** Whether the rest of the cell is its argument where its line has none. */
  readonly takesCell?: boolean
  /** The TypeScript that does the same, for `--code`; null where none does. Files are relative to `folder`, by default where the process is. */
  code(args: string, folder?: string): string | null
  /** A value that it returns is the value of the cell, where nothing follows. */
  run(args: string, context: MagicContext): Promise<ShownValue | null | void>
}
