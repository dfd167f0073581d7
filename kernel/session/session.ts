import { startConverter } from './converter.js'
import { diagnosticError } from './diagnosticError.js'
import { startEvaluator, type CellEnd } from './evaluator.js'
import { History } from './history.js'
import { interruptName } from './interruptName.js'
import type { CellError, CellResult, ExecuteOptions, Session, SessionOptions } from './model.js'

export type * from './model.js'

/** Starts a session: its compiler and its process come up side by side, and the first cell waits for both. */
export async function startSession(options: SessionOptions): Promise<Session> {
  const converter = startConverter({ folder: options.folder, typeCheck: options.typeCheck ?? true })
  const history = new History(options.historyFile)
  /** Declarations of all that is in scope; null until the prelude is there. */
  let declarations: string | null = null
  const evaluator = startEvaluator({ folder: options.folder, onPrompt: options.onPrompt, onOutput: options.onOutput, onLost: () => { declarations = null } })
  let executionCount = 0
  let queue: Promise<unknown> = Promise.resolve()
  /** Cells of an earlier generation were queued before a restart. */
  let generation = 0
  /** A cell is interrupted also while it is still being converted. */
  let isInterrupted = false
  let isBusy = false

  const inScope = async (): Promise<string> => declarations ??= await converter.ask('prelude')

  const execute = async (code: string, { silent = false, storeHistory = !silent }: ExecuteOptions, queuedIn: number): Promise<CellResult> => {
    if (queuedIn !== generation) return { status: 'aborted' }
    const counts = storeHistory && !silent
    if (counts) history.add(++executionCount, code)
    const number = executionCount
    const started = performance.now()
    const failed = (error: CellError): CellResult => ({ status: 'error', executionCount: number, milliseconds: performance.now() - started, ...error })
    isBusy = true
    isInterrupted = false
    try {
      const file = `Cell[${counts ? number : '*'}].ts`
      const before = await inScope()
      const conversion = await converter.ask('convert', before, code)
      if (isInterrupted) return failed(interruption)
      if (!conversion.ok) return failed(diagnosticError(conversion.diagnostics, code, file))
      const { declarations: after, ...cell } = conversion.cell
      const end: CellEnd = await evaluator.run({ ...cell, file, columns: options.columns?.() ?? 80, colour: options.colour ?? false })
      if (!end.isLost) declarations = after
      if (end.error !== null) return failed(end.error)
      const text = end.value?.data['text/plain']
      if (counts && typeof text === 'string') history.setOutput(number, text)
      return { status: 'ok', executionCount: number, milliseconds: performance.now() - started, value: silent ? null : end.value }
    } catch (error) {
      return failed({ name: 'SessionError', message: (error as Error).message, traceback: [`SessionError: ${(error as Error).message}`] })
    } finally {
      isBusy = false
    }
  }

  return {
    history,
    get executionCount() { return executionCount },
    execute(code, settings = {}) {
      const queuedIn = generation
      const result = queue.then(() => execute(code, settings, queuedIn))
      queue = result
      return result
    },
    complete: async (code, cursor) => converter.ask('complete', await inScope(), code, cursor),
    inspect: async (code, cursor, detail = 0) => converter.ask('inspect', await inScope(), code, cursor, detail),
    isComplete: (code) => converter.ask('isComplete', code),
    async interrupt() {
      isInterrupted = isBusy
      await evaluator.interrupt()
    },
    async restart() {
      generation++
      isInterrupted = isBusy
      await evaluator.restart()
      await queue
      declarations = null
      executionCount = 0
    },
    async close() {
      generation++
      isInterrupted = isBusy
      await Promise.all([evaluator.close(), converter.close()])
    }
  }
}

const interruption: CellError = { name: interruptName, message: 'the cell was interrupted', traceback: [`${interruptName}: the cell was interrupted`] }
