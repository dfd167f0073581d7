import type { TableFormat } from '../../lib/index.js'
import type { History } from './history.js'
import type { Magic } from './magics/magic.js'

/** Content by MIME type, as notebooks take it: text as strings, images as base64, JSON as it is. */
export interface MimeBundle {
  readonly [mimeType: string]: unknown
}

/** What a cell shows besides its value, in the order in which it came about. */
export type SessionOutput =
  | { readonly kind: 'stream', readonly name: 'stdout' | 'stderr', readonly text: string }
  | DisplayOutput
  | { readonly kind: 'clear', readonly wait: boolean }
  /** Our own words: variables were lost, output was left out. */
  | { readonly kind: 'notice', readonly text: string }
  /** How far long work is, where `progress` was asked for: `12 of 40 MiB of references, 3 s left`. */
  | { readonly kind: 'progress', readonly text: string }

export interface DisplayOutput {
  readonly kind: 'display'
  readonly data: MimeBundle
  readonly metadata: Readonly<Record<string, unknown>>
  readonly displayId: string | null
  /** True where it takes the place of what was shown under the same id. */
  readonly update: boolean
}

export interface ShownValue {
  readonly data: MimeBundle
  readonly metadata: Readonly<Record<string, unknown>>
}

export interface CellError {
  readonly name: string
  readonly message: string
  /** Lines as people read them: what was thrown, and where in which cell. */
  readonly traceback: readonly string[]
}

export type CellResult =
  | { readonly status: 'ok', readonly executionCount: number, readonly value: ShownValue | null, readonly milliseconds: number }
  | { readonly status: 'error', readonly executionCount: number, readonly milliseconds: number } & CellError
  /** It never ran: the session was restarted or closed before its turn. */
  | { readonly status: 'aborted' }

export interface SessionOptions {
  /** Where the notebook lies: imports and relative files resolve here. */
  readonly folder: string
  /** Takes outputs of the running cell, and those that come after it (timers). */
  readonly onOutput: (output: SessionOutput) => void
  /** Answers `prompt()` of user code; without it, `prompt()` fails with a clear word. */
  readonly onPrompt?: (question: string, options: PromptOptions) => Promise<string>
  /** Whether type errors stop a cell before it runs. Default true. */
  readonly typeCheck?: boolean
  /** Width for text; default 80. */
  readonly columns?: () => number
  /** Whether texts of values carry ANSI colours. Default false. */
  readonly colour?: boolean
  /** Magics besides those that every session has. */
  readonly magics?: readonly Magic[]
  /** The most rows of a table in text. Default 50. */
  readonly rows?: () => number
  /** Values as text for programs, whole and undecorated, in place of all else. */
  readonly format?: TableFormat
  /** Whether long work of the library tells how far it is. Default false. */
  readonly progress?: boolean
  /** Where cells are remembered across sessions; without it, only this session's are. */
  readonly historyFile?: string
}

export interface PromptOptions {
  /** Whether what is typed must not be shown. */
  readonly password: boolean
}

export interface ExecuteOptions {
  /** Neither counted nor remembered, and without a value. Default false. */
  readonly silent?: boolean
  /** Whether the cell counts and is remembered. Default: unless silent. */
  readonly storeHistory?: boolean
}

export interface Completion {
  /** What takes the place of the text from `start` to `end`. */
  readonly text: string
  /** As TypeScript names it: `function`, `const`, `property`, `keyword`; ours: `magic`, `path`. */
  readonly kind: string
}

export interface Completions {
  readonly matches: readonly Completion[]
  /** Offsets in UTF-16 units. */
  readonly start: number
  readonly end: number
}

export interface Inspection {
  readonly found: boolean
  readonly data: MimeBundle
}

export interface Completeness {
  readonly status: 'complete' | 'incomplete' | 'invalid' | 'unknown'
  /** What the next line starts with, where it is incomplete. */
  readonly indent: string
}

/** One evaluator of TypeScript cells, with the library's public names in scope. */
export interface Session {
  /** Runs a cell after those that wait already. Never rejects for what the cell does. */
  execute(code: string, options?: ExecuteOptions): Promise<CellResult>
  complete(code: string, cursor: number): Promise<Completions>
  inspect(code: string, cursor: number, detail?: 0 | 1): Promise<Inspection>
  isComplete(code: string): Promise<Completeness>
  /** Stops the running cell, keeping variables whenever Node allows; resolves when it has stopped. */
  interrupt(): Promise<void>
  /** Forgets all variables; cells that wait are aborted. */
  restart(): Promise<void>
  close(): Promise<void>
  readonly history: History
  readonly executionCount: number
}
