import path from 'node:path'
import vm from 'node:vm'
import type { ShownValue } from '../model.js'
import { cellError, Interruption } from './cellError.js'
import * as globals from './globals.js'
import { library } from './library.js'
import type { CellDone, RunRequest } from './messages.js'
import { addSideModules, moduleScope, preload, scopeParameters } from './modules.js'
import { drained, finishOutput } from './output.js'
import { setProgress } from './progress.js'
import { startRunning, textOptions } from './running.js'
import { scope } from './scope.js'
import { registerMaps } from './stack.js'

const slot = Symbol.for('slablab.cell')
/** SIGINT stops what a script calls; this one calls the cell. */
const starter = new vm.Script("globalThis[Symbol.for('slablab.cell')]()", { filename: 'node:internal/slablab' })
const folder = process.cwd()
const modules = moduleScope(folder, path.join(folder, 'notebook.ts'))

/** The compiler marks imports that other cells may use as properties which can't be defined again; here they can. */
const define = 'Object.defineProperty(exports, '
const redefine = '__define(exports, '

let interruptRunning: (() => void) | undefined

/** Stops to wait for the running cell. A loop that holds the thread is stopped by others: by SIGINT, or by the watchdog. */
export function interruptCell(): void {
  interruptRunning?.()
}

export async function runCell(request: RunRequest): Promise<CellDone> {
  const started = performance.now()
  const before = request.names.map((name): [string, unknown] => [name, scope[name]])
  const abort = new AbortController()
  interruptRunning = () => abort.abort(new Interruption())
  const interrupted = new Promise<never>((_resolve, reject) => { abort.signal.addEventListener('abort', () => reject(abort.signal.reason as Error)) })
  interrupted.catch(() => {})
  startRunning({ width: request.columns, colour: request.colour, ...(request.rows === undefined ? {} : { rows: request.rows }) }, abort.signal)
  setProgress(request.progress === true)
  let value: ShownValue | null = null
  let error: CellDone['error'] = null
  try {
    await Promise.race([evaluate(request), interrupted])
    value = await Promise.race([shownValue(request), interrupted])
    await Promise.race([drained(), interrupted])
  } catch (thrown) {
    error = cellError(thrown)
    // A cell that failed before it gave a name its value leaves that name as it was.
    for (const [name, old] of before) if (scope[name] === undefined && old !== undefined) scope[name] = old
  } finally {
    interruptRunning = undefined
    if (request.lastValue !== null) delete scope[request.lastValue]
  }
  finishOutput(error !== null)
  return {
    kind: 'done', id: request.id, value, error, milliseconds: performance.now() - started,
    assigned: request.names.filter((name) => scope[name] !== undefined)
  }
}

async function evaluate({ file, code, maps, imports, sideModules, hasAwait }: RunRequest): Promise<void> {
  registerMaps(file, maps, 1, file)
  addSideModules(sideModules)
  await preload(imports, folder)
  const wrapped = `(${hasAwait ? 'async ' : ''}function (${scopeParameters}, __define) {\n${code.replaceAll(define, redefine)}\n})`
  const cell = vm.runInThisContext(wrapped, { filename: file, lineOffset: -1 }) as (...args: unknown[]) => unknown
  Object.defineProperty(globalThis, slot, {
    configurable: true, value: () => cell(scope, modules.require, modules.dynamicImport, modules.importMeta, defineInScope)
  })
  await (starter.runInThisContext({ breakOnSigint: true, displayErrors: false }) as unknown)
}

function defineInScope(target: Record<string, unknown>, name: string, { get, value }: PropertyDescriptor): void {
  if (name !== '__esModule') target[name] = get === undefined ? value : get()
}

async function shownValue({ lastValue, format }: RunRequest): Promise<ShownValue | null> {
  const value = lastValue === null ? undefined : scope[lastValue]
  if (value === undefined || value instanceof globals.Displayed) return null
  if (format !== undefined) return { data: { 'text/plain': await library.formatValue(value, format) }, metadata: {} }
  return library.mimeBundle(value, textOptions())
}
