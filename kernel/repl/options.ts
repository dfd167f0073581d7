import type { TableFormat } from '../../lib/index.js'

/** What `slablab repl` was asked for. */
export interface ReplRequest {
  readonly files: readonly string[]
  /** Code to run instead of reading any: each as a cell, then the end. */
  readonly code: readonly string[]
  readonly format: TableFormat
  /** False for batch mode, though there is a terminal. */
  readonly isInteractive: boolean
  readonly attach: { readonly url: string, readonly token: string | null, readonly session: string | null } | null
  readonly isBundled: boolean
  readonly version: string
  readonly colour: boolean
}
