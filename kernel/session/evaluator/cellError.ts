import { inspect } from 'node:util'
import { interruptName } from '../interruptName.js'
import type { CellError } from '../model.js'

export class Interruption extends Error {
  override readonly name = interruptName
  constructor() {
    super('the cell was interrupted')
  }
}

/** Whatever a cell threw, as its result tells it. */
export function cellError(thrown: unknown): CellError {
  if (isInterrupt(thrown)) return { name: interruptName, message: 'the cell was interrupted', traceback: [`${interruptName}: the cell was interrupted`] }
  try {
    if (thrown instanceof Error || isErrorLike(thrown)) {
      return { name: String(thrown.name), message: String(thrown.message), traceback: inspect(thrown, { depth: 3 }).split('\n') }
    }
    const text = inspect(thrown, { depth: 3 })
    return { name: 'Thrown', message: text, traceback: [`Thrown: ${text}`] }
  } catch {
    return { name: 'Thrown', message: 'a value that can not be shown', traceback: ['Thrown: a value that can not be shown'] }
  }
}

function isErrorLike(thrown: unknown): thrown is Error {
  return typeof thrown === 'object' && thrown !== null && 'stack' in thrown && 'message' in thrown
}

/** Ours, or Node's own of a script that SIGINT stopped. */
function isInterrupt(thrown: unknown): boolean {
  return thrown instanceof Interruption || (thrown instanceof Error && 'code' in thrown && thrown.code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED')
}
