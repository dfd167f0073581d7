import type { Repl } from '../repl.js'

/** What a magic acts on. */
export interface MagicContext {
  readonly repl: Repl
  /** Writes text where the person wants it: on the terminal, in a file, into a command. */
  readonly print: (text: string) => void
  /** Runs code in sight, as if it had been typed. */
  readonly run: (code: string) => Promise<void>
}

/** A command of the terminal: `%name args`. The session has others, which every front end has. */
export interface ReplMagic {
  readonly name: string
  /** What stands behind the name. */
  readonly usage: string
  readonly summary: string
  readonly example: string
  /** The TypeScript that does the same; null where none does. */
  code(args: string): string | null
  run(args: string, context: MagicContext): Promise<void>
}
