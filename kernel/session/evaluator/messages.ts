import type { TableFormat } from '../../../lib/index.js'
import type { MapStep, SideModule } from '../converter/messages.js'
import type { CellError, SessionOutput, ShownValue } from '../model.js'

/** A converted cell, to be run. */
export interface RunRequest {
  readonly kind: 'run'
  readonly id: number
  /** What stack traces call it: `Cell[3].ts`. */
  readonly file: string
  readonly code: string
  readonly maps: readonly MapStep[]
  readonly imports: readonly string[]
  readonly sideModules: readonly SideModule[]
  readonly hasAwait: boolean
  readonly lastValue: string | null
  readonly names: readonly string[]
  readonly columns: number
  readonly colour: boolean
  readonly rows?: number
  readonly format?: TableFormat
  readonly progress?: boolean
}

export type EvaluatorRequest =
  | RunRequest
  | { readonly kind: 'interrupt' }
  /** Answered when nothing holds the thread. */
  | { readonly kind: 'ping' }
  | { readonly kind: 'answer', readonly id: number, readonly text: string | null, readonly error: string }

export interface CellDone {
  readonly kind: 'done'
  readonly id: number
  readonly value: ShownValue | null
  readonly error: CellError | null
  /** Those of the cell's names that have a value now. */
  readonly assigned: readonly string[]
  readonly milliseconds: number
}

export type EvaluatorMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'pong' }
  | CellDone
  | SessionOutput
  | { readonly kind: 'prompt', readonly id: number, readonly question: string, readonly password: boolean }

/** File descriptors of the evaluator besides the three standard ones: IPC is how it is asked. */
export const descriptors = {
  /** Messages out, one JSON line each. Written synchronously, so that a loop that never yields is heard, and waits for its reader. */
  messages: 3,
  /** Each byte asks the watchdog to stop what runs; its end tells that the session is gone. */
  watchdog: 4,
  ipc: 5
} as const
