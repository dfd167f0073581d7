import { library } from './library.js'
import { put, putLater } from './output.js'
import { ask } from './prompts.js'
import { runningSignal, textOptions } from './running.js'

export interface DisplayOptions {
  /** Under which id it can be updated; one is made up where it is not given. */
  readonly id?: string
}

/** Something that was displayed, and can be displayed anew in its place. */
export class Displayed {
  constructor(
    /** What `display(value, {id})` was given, or what was made up. */
    readonly id: string
  ) {}

  /** Shows another value in the same place. */
  update(value: unknown): this {
    show(value, this.id, true)
    return this
  }
}

let made = 0

/**
 * Shows a value while the cell goes on: a table, a plot, a finding, anything. An object whose keys are all MIME types is shown as it is.
 * Returns a handle that shows another value in the same place.
 *
 * @example
 * const progress = display('starting')
 * for (let i = 1; i <= 10; i++) progress.update(`${i} of 10`)
 */
export function display(value: unknown, options: DisplayOptions = {}): Displayed {
  const id = options.id ?? `display-${process.pid}-${++made}`
  show(value, id, false)
  return new Displayed(id)
}

/**
 * Removes what the cell has shown so far; with `wait`, only when it shows something new.
 *
 * @example
 * clearOutput({ wait: true })
 */
export function clearOutput(options: { readonly wait?: boolean } = {}): void {
  put({ kind: 'clear', wait: options.wait ?? false })
}

/** A string is shown as a string, not as its source. */
function show(value: unknown, id: string, update: boolean): void {
  const making = typeof value === 'string' ? Promise.resolve({ data: { 'text/plain': value }, metadata: {} }) : library.mimeBundle(value, textOptions())
  putLater(making.then(({ data, metadata }) => ({ kind: 'display', data, metadata, displayId: id, update })))
}

/**
 * Aborted when the running cell is interrupted: for what has a `signal` option, so that it stops as well.
 *
 * @example
 * const dump = await openDump('vmcore', { signal: cellSignal() })
 */
export function cellSignal(): AbortSignal {
  return runningSignal()
}

/**
 * Asks the person at the notebook or terminal for a line of text.
 *
 * @example
 * const name = await prompt('Which cache? ')
 */
export function prompt(question = '', options: { readonly password?: boolean } = {}): Promise<string> {
  return ask(String(question), options.password ?? false)
}
