import { CellFailure, asCellError, interruption } from './cellFailure.js'
import { startConverter } from './converter.js'
import { diagnosticError } from './diagnosticError.js'
import { startEvaluator } from './evaluator.js'
import type { RunRequest } from './evaluator/messages.js'
import { History } from './history.js'
import { cellParts } from './magics/cellParts.js'
import { completeCommand } from './magics/completeCommand.js'
import { magics as ownMagics } from './magics/index.js'
import type { MagicContext, Variable } from './magics/magic.js'
import { runCommand } from './magics/runCommand.js'
import type { CellResult, ExecuteOptions, Session, SessionOptions, ShownValue } from './model.js'

export type * from './model.js'

/** Starts a session: its compiler and its process come up side by side, and the first cell waits for both. */
export async function startSession(options: SessionOptions): Promise<Session> {
  const { folder, onOutput } = options
  const magics = [...ownMagics, ...options.magics ?? []]
  const converter = startConverter({ folder, typeCheck: options.typeCheck ?? true })
  const history = new History(options.historyFile)
  /** Declarations of all that is in scope; null until the prelude is there. */
  let declarations: string | null = null
  const evaluator = startEvaluator({ folder, onOutput, onPrompt: options.onPrompt, onLost: () => { declarations = null } })
  let executionCount = 0
  let queue: Promise<unknown> = Promise.resolve()
  /** Cells of an earlier generation were queued before a restart. */
  let generation = 0
  let isBusy = false
  /** A cell is interrupted also while it is still being converted. */
  let isInterrupted = false

  const inScope = async (): Promise<string> => declarations ??= await converter.ask('prelude')

  /** Runs JavaScript, with the declarations that are in scope where it ends well. */
  const run = async (cell: Pick<RunRequest, 'code' | 'hasAwait' | 'lastValue'> & Partial<RunRequest>, after: string | null): Promise<ShownValue | null> => {
    if (isInterrupted) throw new CellFailure(interruption())
    const end = await evaluator.run({
      file: 'magic.js', maps: [], imports: [], sideModules: [], names: [], ...cell, columns: options.columns?.() ?? 80, colour: options.colour ?? false,
      rows: options.rows?.(), progress: options.progress
    })
    if (after !== null && !end.isLost) declarations = after
    if (end.error !== null) throw new CellFailure(end.error)
    return end.value
  }

  const evaluate = async (code: string, file: string): Promise<ShownValue | null> => {
    const conversion = await converter.ask('convert', await inScope(), code)
    if (!conversion.ok) throw new CellFailure(diagnosticError(conversion.diagnostics, code, file))
    const { declarations: after, ...cell } = conversion.cell
    return run({ ...cell, file, format: options.format }, after)
  }

  const contextOf = (file: string): MagicContext => ({
    folder, magics,
    output: onOutput,
    evaluate: (code) => evaluate(code, file),
    async inspect(name, detail) {
      const { found, data } = await converter.ask('inspect', await inScope(), name, name.length, detail)
      if (!found) throw new Error(`nothing is known of ${name}`)
      return { data, metadata: {} }
    },
    async variables() {
      const shown = await run({ code: "exports.__found = require('slablab/internals').variables()", hasAwait: false, lastValue: '__found' }, null)
      return shown?.data['application/json'] as Variable[]
    },
    async shell(command) {
      await run({ code: `await require('slablab/internals').shell(${JSON.stringify(command)})`, hasAwait: true, lastValue: null }, null)
    },
    async reset() {
      await evaluator.restart()
      declarations = null
    }
  })

  /** A cell with its commands: each in turn, then the code that none of them took. */
  const runParts = async (cell: string, file: string): Promise<ShownValue | null> => {
    const { commands, code } = cellParts(cell)
    let value: ShownValue | null = null
    let isLeft = code.trim() !== '' || commands.length === 0
    for (const command of commands) {
      const ran = await runCommand(command, code, contextOf(file))
      value = ran.value
      if (ran.tookRest) isLeft = false
    }
    return isLeft ? evaluate(code, file) : value
  }

  const execute = async (code: string, { silent = false, storeHistory = !silent }: ExecuteOptions, queuedIn: number): Promise<CellResult> => {
    if (queuedIn !== generation) return { status: 'aborted' }
    const counts = storeHistory && !silent
    if (counts) history.add(++executionCount, code)
    const number = executionCount
    const started = performance.now()
    isBusy = true
    isInterrupted = false
    try {
      const value = await runParts(code, `Cell[${counts ? number : '*'}].ts`)
      const text = value?.data['text/plain']
      if (counts && typeof text === 'string') history.setOutput(number, text)
      return { status: 'ok', executionCount: number, milliseconds: performance.now() - started, value: silent ? null : value }
    } catch (error) {
      return { status: 'error', executionCount: number, milliseconds: performance.now() - started, ...asCellError(error) }
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
    async complete(code, cursor) {
      return completeCommand(code, cursor, { magics, folder }) ?? converter.ask('complete', await inScope(), withoutCommands(code), cursor)
    },
    inspect: async (code, cursor, detail = 0) => converter.ask('inspect', await inScope(), withoutCommands(code), cursor, detail),
    async isComplete(code) {
      const { commands, code: rest } = cellParts(code)
      return commands.length > 0 && rest.trim() === '' ? { status: 'complete', indent: '' } : converter.ask('isComplete', rest)
    },
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

/** The cell with blanks in place of what is not TypeScript; places in it stay the same. */
function withoutCommands(cell: string): string {
  let code = cell
  for (const { kind, argsAt } of cellParts(cell).commands) {
    const lineStart = code.lastIndexOf('\n', argsAt - 1) + 1
    const lineEnd = code.indexOf('\n', argsAt)
    const end = kind === 'shell' ? (lineEnd < 0 ? code.length : lineEnd) : argsAt
    code = code.slice(0, lineStart) + code.slice(lineStart, end).replace(/./g, ' ') + code.slice(end)
  }
  return code
}
