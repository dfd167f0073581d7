import { interruptName } from './interruptName.js'
import type { CellError } from './model.js'

/** Ends a cell that failed, from wherever in the session that is seen. */
export class CellFailure extends Error {
  constructor(readonly cell: CellError) {
    super(cell.message)
  }
}

/** What any failure means for the cell; those of ours in plain words. */
export function asCellError(error: unknown): CellError {
  if (error instanceof CellFailure) return error.cell
  const message = (error as Error).message
  return { name: 'Error', message, traceback: [`Error: ${message}`] }
}

/** A cell that ended because somebody wanted it to. */
export function interruption(message = 'the cell was interrupted'): CellError {
  return { name: interruptName, message, traceback: [`${interruptName}: ${message}`] }
}
