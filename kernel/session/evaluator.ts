import { spawn, type ChildProcess } from 'node:child_process'
import type { Duplex, Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { descriptors, type CellDone, type EvaluatorMessage, type EvaluatorRequest, type RunRequest } from './evaluator/messages.js'
import { interruption } from './cellFailure.js'
import { interruptName } from './interruptName.js'
import { built } from './installed.js'
import { lessOptimized } from './optimizeLess.js'
import type { CellError, SessionOptions, SessionOutput } from './model.js'

/** What a cell is given until it is stopped by the next, harder means. */
const patience = { signal: 600, termination: 1400 }

export interface EvaluatorOptions extends Pick<SessionOptions, 'folder' | 'onPrompt'> {
  readonly onOutput: (output: SessionOutput) => void
  /** The process is gone, and all variables with it; another one runs already. */
  readonly onLost: () => void
}

/** How a cell ended, its process included. */
export type CellEnd = Omit<CellDone, 'kind' | 'id'> & { readonly isLost: boolean }

/** The process that runs cells; a new one takes its place when it ends. */
export interface Evaluator {
  run(request: Omit<RunRequest, 'kind' | 'id'>): Promise<CellEnd>
  interrupt(): Promise<void>
  restart(): Promise<void>
  close(): Promise<void>
}

interface Running { readonly id: number, readonly started: number, readonly ended: Promise<CellEnd>, end(end: CellEnd): void }

export function startEvaluator(options: EvaluatorOptions): Evaluator {
  let child = spawnEvaluator(options.folder)
  let running: Running | undefined
  let ran = 0
  let closing = false
  let onPong: (() => void) | undefined
  /** Why we ended the process ourselves; it is told in place of its exit code. */
  let ending: CellError | undefined

  const take = (message: EvaluatorMessage, from: ChildProcess): void => {
    if (message.kind === 'done') {
      if (running?.id === message.id) running.end({ ...message, isLost: false })
    } else if (message.kind === 'prompt') {
      const answer = (text: string | null, error: string): void => post(from, { kind: 'answer', id: message.id, text, error })
      if (options.onPrompt === undefined) answer(null, 'prompt() has nobody to ask: this front end takes no input')
      else options.onPrompt(message.question, { password: message.password }).then((text) => answer(text, ''), (error: unknown) => answer(null, (error as Error).message))
    } else if (message.kind === 'pong') onPong?.()
    else if (message.kind !== 'ready') options.onOutput(message)
  }

  const watch = (watched: ChildProcess): void => {
    readLines(watched.stdio[descriptors.messages] as Readable, (line) => take(JSON.parse(line) as EvaluatorMessage, watched))
    for (const name of ['stdout', 'stderr'] as const) {
      const decoder = new StringDecoder('utf8')
      watched[name]!.on('data', (bytes: Buffer) => options.onOutput({ kind: 'stream', name, text: decoder.write(bytes) }))
    }
    watched.on('error', () => {})
    // After 'close' all that it wrote has been read.
    watched.on('close', (code, signal) => {
      if (closing || watched !== child) return
      const error = ending ?? endedError(code, signal)
      const wasRunning = running
      ending = undefined
      child = spawnEvaluator(options.folder)
      watch(child)
      options.onLost()
      options.onOutput({ kind: 'notice', text: `${wasRunning === undefined || error.name === interruptName ? `${error.message}: ` : ''}all variables are lost; the next cell starts anew` })
      wasRunning?.end({ value: null, error, assigned: [], milliseconds: performance.now() - wasRunning.started, isLost: true })
    })
  }
  watch(child)

  return {
    run(request) {
      const id = ++ran
      let end!: (end: CellEnd) => void
      const ended = new Promise<CellEnd>((resolve) => { end = resolve })
      running = {
        id, started: performance.now(), ended,
        end(result) { running = undefined; end(result) }
      }
      post(child, { kind: 'run', id, ...request })
      return ended
    },
    async interrupt() {
      const interrupted = child
      // What a cell has left behind, a timer for one, can hold the thread when no cell runs.
      const stopped = running?.ended ?? new Promise<void>((resolve) => { onPong = resolve })
      child.kill('SIGINT')
      post(child, { kind: running === undefined ? 'ping' : 'interrupt' })
      if (await settlesWithin(stopped, patience.signal)) return
      // Node survives this in what a cell awaits, but not in what a timer calls.
      ending = interruption('the cell could only be stopped by ending its process')
      ;(interrupted.stdio[descriptors.watchdog] as Duplex).write('x')
      const isStopped = await settlesWithin(stopped, patience.termination)
      if (interrupted !== child) return
      if (isStopped) {
        ending = undefined
        return
      }
      const gone = new Promise((resolve) => { interrupted.once('close', resolve) })
      interrupted.kill('SIGKILL')
      await gone
    },
    async restart() {
      const old = child
      child = spawnEvaluator(options.folder)
      watch(child)
      running?.end(stopped('the session was restarted'))
      await end(old)
    },
    async close() {
      closing = true
      running?.end(stopped('the session was closed'))
      await end(child)
    }
  }
}

function stopped(message: string): CellEnd {
  return { value: null, error: interruption(message), assigned: [], milliseconds: 0, isLost: true }
}

function spawnEvaluator(folder: string): ChildProcess {
  const stdio: ('ignore' | 'pipe' | 'ipc')[] = ['ignore', 'pipe', 'pipe']
  stdio[descriptors.messages] = 'pipe'
  stdio[descriptors.watchdog] = 'pipe'
  stdio[descriptors.ipc] = 'ipc'
  // A group of its own: Ctrl-C in a terminal is for the front end, which decides what it stops.
  const child = spawn(process.execPath, [...lessOptimized, '--disable-warning=ExperimentalWarning', built.evaluator], { cwd: folder, stdio, detached: true })
  // A pipe whose other end is gone: the process's own end tells more.
  for (const stream of child.stdio) stream?.on('error', () => {})
  return child
}

function post(child: ChildProcess, request: EvaluatorRequest): void {
  if (child.connected) child.send(request, () => {})
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => { child.once('exit', resolve) })
  child.kill('SIGKILL')
  await gone
}

function settlesWithin(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer!: NodeJS.Timeout
  const late = new Promise<boolean>((resolve) => { timer = setTimeout(resolve, milliseconds, false) })
  return Promise.race([promise.then(() => true), late]).finally(() => clearTimeout(timer))
}

function endedError(code: number | null, signal: NodeJS.Signals | null): CellError {
  const message = signal !== null ? `the process that runs the cells was ended by ${signal}` : `the process that runs the cells ended with exit code ${code}`
  return { name: 'ProcessEnded', message, traceback: [`ProcessEnded: ${message}`] }
}

/** Calls for each line; a line may come in many pieces, which are joined once. */
function readLines(stream: Readable, onLine: (line: string) => void): void {
  let pieces: Buffer[] = []
  stream.on('data', (chunk: Buffer) => {
    let from = 0
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      pieces.push(chunk.subarray(from, at))
      const line = (pieces.length === 1 ? pieces[0] : Buffer.concat(pieces)).toString('utf8')
      pieces = []
      from = at + 1
      onLine(line)
    }
    if (from < chunk.length) pieces.push(chunk.subarray(from))
  })
}
