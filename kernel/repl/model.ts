import type { CellResult, Session, SessionOutput } from '../session/session.js'
import type { PagerState } from './pager/page.js'
import type { PromptState } from './editor/promptState.js'

/** What runs the cells: a session of this process, or a kernel behind a Jupyter server. */
export interface Backend extends Pick<Session, 'execute' | 'complete' | 'inspect' | 'isComplete' | 'interrupt' | 'restart' | 'close'> {
  /** How it is called where a person has to tell it from others. */
  readonly name: string
}

/** What a backend tells by itself. */
export interface BackendEvents {
  readonly onOutput: (output: SessionOutput) => void
  readonly onPrompt: (question: string, options: { readonly password: boolean }) => Promise<string>
  /** A cell that another client of the same kernel runs. */
  readonly onForeignCell?: (code: string) => void
}

/** One cell that was run, with all that it showed: what %save and %notebook write. */
export interface RunCell {
  readonly code: string
  readonly number: number | null
  readonly outputs: SessionOutput[]
  result: CellResult | null
}

/** What the terminal shows below the finished output. Plain data; views make lines of it. */
export interface LiveState {
  readonly prompt: PromptState
  /** The label before the text. */
  readonly label: string
  /** What is asked by user code, in place of the prompt. */
  readonly question: { readonly text: string, readonly isPassword: boolean } | null
  /** What the running cell does, and for how long. */
  readonly running: { readonly text: string, readonly seconds: number } | null
  readonly queued: number
  /** Output that has no line end yet. */
  readonly partial: string
  /** Lines of a live view such as %watch. */
  readonly live: readonly string[]
  /** Signature or documentation at the cursor. */
  readonly hint: string | null
  readonly pager: PagerState | null
  readonly columns: number
  readonly rows: number
  readonly colour: boolean
}
