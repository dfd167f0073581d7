import { send } from './channel.js'
import { library } from './library.js'
import { put, putLater } from './output.js'
import { textOptions } from './textOptions.js'

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

const questions = new Map<number, { resolve: (text: string) => void, reject: (error: Error) => void }>()
let asked = 0

/**
 * Asks the person at the notebook or terminal for a line of text.
 *
 * @example
 * const name = await prompt('Which cache? ')
 */
export function prompt(question = '', options: { readonly password?: boolean } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    questions.set(++asked, { resolve, reject })
    put({ kind: 'stream', name: 'stdout', text: '' })
    send({ kind: 'prompt', id: asked, question: String(question), password: options.password ?? false })
  })
}

/** Gives the answer to a prompt, or says why there is none. */
export function answerPrompt(id: number, text: string | null, error: string): void {
  const question = questions.get(id)
  questions.delete(id)
  if (text === null) question?.reject(new Error(error))
  else question?.resolve(text)
}
