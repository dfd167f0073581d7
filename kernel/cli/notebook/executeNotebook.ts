import { parameterNames, tagsOf, markdownCell, type Cell, type CodeCell, type Notebook } from '../../../lib/index.js'
import type { CellResult, SessionOptions, startSession } from '../../session/session.js'
import { CellOutputs } from './cellOutputs.js'

export interface ExecuteNotebookOptions {
  /** Where the notebook lies: its relative paths start there. */
  readonly folder: string
  /** As papermill notes them: what was run, where the result goes, and with which parameters. */
  readonly input: string
  readonly output: string | null
  readonly parameters: Readonly<Record<string, unknown>>
  readonly start: typeof startSession
  readonly signal: AbortSignal
  /** Told before each code cell. */
  readonly onCell?: (cell: CodeCell, number: number, of: number) => void
}

export interface ExecutedNotebook {
  /** With its outputs; where a cell failed, those up to there. */
  readonly notebook: Notebook
  /** The cell that failed, with its place from 1; null where all ran. */
  readonly failed: { readonly cell: number; readonly id: string; readonly name: string; readonly message: string } | null
}

/** Papermill's tag for the cell on top that tells of an error. */
const errorTag = 'papermill-error-cell-tag'

/**
 * Runs the code cells of a notebook in order, in a session of its own, up to the first that fails. Cells tagged `raises-exception` may.
 * When and how each ran stands in the metadata, as papermill writes it.
 */
export async function executeNotebook(given: Notebook, options: ExecuteNotebookOptions): Promise<ExecutedNotebook> {
  const { folder, input, output, parameters, signal, onCell } = options
  // A former run may have failed.
  const notebook = { ...given, cells: given.cells.filter((cell) => !tagsOf(cell).includes(errorTag)) }
  const outputs = new CellOutputs()
  const session = await options.start({ folder, onOutput: (one) => { outputs.add(one) } } satisfies SessionOptions)
  const stop = (): void => { void session.close() }
  signal.addEventListener('abort', stop, { once: true })
  const started = new Date()
  const codeCells = notebook.cells.filter((cell) => cell.cell_type === 'code').length
  const ran = new Map<string, CodeCell>()
  let failed: ExecutedNotebook['failed'] = null
  try {
    for (const [i, cell] of notebook.cells.entries()) {
      if (cell.cell_type !== 'code') continue
      if (failed !== null || signal.aborted) break
      onCell?.(cell, ran.size + 1, codeCells)
      outputs.startCell(cell.id)
      const from = new Date()
      const result = cell.source.trim() === '' ? null : await session.execute(cell.source)
      if (result !== null) outputs.finishCell(result)
      const isError = result?.status !== 'ok' && result !== null
      ran.set(cell.id, { ...cell, execution_count: countOf(result), metadata: { ...cell.metadata, papermill: times(from, new Date(), isError) } })
      if (isError && !tagsOf(cell).includes('raises-exception')) failed = { cell: i + 1, id: cell.id, ...errorOf(result) }
    }
  } finally {
    signal.removeEventListener('abort', stop)
    await session.close()
  }
  signal.throwIfAborted()
  const cells = notebook.cells.map((cell): Cell => {
    if (cell.cell_type !== 'code') return cell
    const own = ran.get(cell.id)
    if (own !== undefined) return { ...own, outputs: outputs.of(cell.id) }
    return { ...cell, execution_count: null, outputs: [], metadata: { ...cell.metadata, papermill: pending } }
  })
  const { exception, ...when } = times(started, new Date(), failed !== null)
  const run = {
    ...when, exception: exception ? true : null, default_parameters: {}, environment_variables: {}, input_path: input, output_path: output, parameters,
    parameter_names: parameterNames(notebook)
  }
  return { notebook: { metadata: { ...notebook.metadata, papermill: run }, cells: failed === null ? cells : [errorCell(failed), ...cells] }, failed }
}

function countOf(result: CellResult | null): number | null {
  return result === null || result.status === 'aborted' ? null : result.executionCount
}

function errorOf(result: CellResult): { name: string, message: string } {
  return result.status === 'error' ? { name: result.name, message: result.message } : { name: 'Aborted', message: 'the cell did not run to its end' }
}

const pending = { duration: null, end_time: null, exception: null, start_time: null, status: 'pending' }

function times(start: Date, end: Date, isError: boolean): { duration: number, end_time: string, exception: boolean, start_time: string, status: 'failed' | 'completed' } {
  return {
    duration: (end.getTime() - start.getTime()) / 1000, end_time: end.toISOString(), exception: isError, start_time: start.toISOString(),
    status: isError ? 'failed' : 'completed'
  }
}

function errorCell({ id, cell }: NonNullable<ExecutedNotebook['failed']>): Cell {
  return markdownCell('papermill-error-cell', `**This run stopped at an error in cell ${cell}, \`${id}\`.** The cells after it did not run.`, [errorTag])
}
