import type { CellResult, SessionOutput } from '../session/session.js'
import { CellRuns, type Captured } from './cellRuns.js'
import type { HistoryFile } from './historyFile.js'
import type { Backend, LiveState } from './model.js'
import { OutputWriter } from './outputWriter.js'
import { Pager } from './pager/pager.js'
import type { PagerNames } from './pager/page.js'
import { PromptInput } from './promptInput.js'
import { runLine } from './runLine.js'
import { imageProtocol } from './terminal/images.js'
import { Screen, type Frame } from './terminal/screen.js'
import { Tty } from './terminal/tty.js'
import { echoed } from './views/echo.js'
import { pagerFrame, plainFrame } from './views/plainFrame.js'

/** Work shorter than this is not worth a word, in milliseconds. */
const patience = 400

type Live = typeof import('./views/liveFrame.js')

export interface ReplOptions {
  readonly input: Tty['input']
  readonly output: Tty['output']
  readonly history: HistoryFile
  readonly colour: boolean
  readonly label: string
}

/** The session at the terminal: keys in, cells to the backend, and what they show above the prompt. */
export class Repl {
  readonly tty: Tty
  readonly #screen: Screen
  readonly #writer: OutputWriter
  readonly #pager: Pager
  /** Ink and its views, once they are loaded. */
  #views: Live | undefined
  readonly #runs: CellRuns
  readonly #input: PromptInput
  #live: readonly string[] = []
  #stopLive: (() => void) | undefined
  #isGone = false
  readonly #ended: { promise: Promise<void>, resolve: () => void }
  /** The expression whose value was shown last. */
  lastExpression: string | null = null
  names: PagerNames = { dump: null, snapshots: null }
  /** The files that were given, for a report on them. */
  files: readonly string[] = []
  isTerminalGone = false
  /** How far the tour is. */
  tourStep = 0

  constructor(readonly options: ReplOptions) {
    let resolve!: () => void
    const promise = new Promise<void>((done) => { resolve = done })
    this.#ended = { promise, resolve }
    this.tty = new Tty(options.input, options.output, {
      onKeys: (keys) => this.#input.take(keys),
      onResize: () => this.#resized(),
      onGone: () => {
        this.isTerminalGone = true
        this.leave()
      },
      onTerminate: () => this.leave()
    })
    this.#screen = new Screen(this.tty)
    this.#writer = new OutputWriter((text) => this.print(text), imageProtocol(process.env))
    this.#runs = new CellRuns({
      isReady: () => this.#runs.backend !== undefined && !this.#isGone && !this.#pager.isOpen,
      runLine: (text) => runLine(this, text).catch((error: unknown) => this.printError([(error as Error).message])),
      began: (text) => this.print(echoed(text, options.label, options.colour)),
      settled: () => {
        this.#writer.flush()
        this.draw()
      },
      draw: () => this.draw()
    })
    this.#pager = new Pager({
      tty: this.tty, frame: () => pagerFrame(this.#state()), capture: (code) => this.capture(code), interrupt: () => this.#runs.backend?.interrupt(),
      isBusy: () => this.#runs.isRunning, names: () => this.names, changed: () => this.draw(),
      closed: (code) => this.#pagerClosed(code)
    })
    this.#input = new PromptInput(this)
  }

  get label(): string { return this.options.label }
  get history(): HistoryFile { return this.options.history }
  get isGone(): boolean { return this.#isGone }
  get isRunning(): boolean { return this.#runs.isRunning }
  get openPager(): Pager | undefined { return this.#pager.isOpen ? this.#pager : undefined }

  get colour(): boolean { return this.options.colour }
  get backend(): Backend | undefined { return this.#runs.backend }
  get cells(): CellRuns['cells'] { return this.#runs.cells }

  /** Shows the prompt at once; what is typed from here on is kept. */
  start(): void {
    this.tty.open()
    this.draw()
  }

  /** From here on Ink draws. */
  setViews(views: Live): void {
    this.#views = views
    this.draw()
  }

  setBackend(backend: Backend): void {
    this.#runs.backend = backend
    this.#runs.next()
  }

  /** Takes a backend, and does what comes before the first cell that is typed; those wait in line. */
  async openWith(backend: Backend, work: () => Promise<void>): Promise<void> {
    this.#runs.backend = backend
    await this.#runs.before(work)
  }

  /** Resolves when the person leaves, or the terminal is gone. */
  get ended(): Promise<void> {
    return this.#ended.promise
  }

  leave(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#stopLive?.()
    this.#runs.close()
    this.#pager.close()
    this.#screen.leave()
    this.tty.close()
    this.#input.close()
    this.#ended.resolve()
  }

  /** Finished text, above all that is live. */
  print(text: string): void {
    if (this.#isGone) return
    if (this.#pager.isOpen) this.#pager.hold(text)
    else this.#screen.print(text, this.#frame())
  }

  draw(): void {
    if (this.#isGone) return
    if (this.#pager.isOpen) this.#pager.draw()
    else this.#screen.draw(this.#frame())
  }

  /** What a cell shows; also what comes from timers after it. */
  readonly onOutput = (output: SessionOutput): void => {
    if (this.#runs.take(output)) this.#writer.write(output)
    this.draw()
  }

  /** A question of user code: the prompt takes its answer. */
  readonly onPrompt = (text: string, { password }: { readonly password: boolean }): Promise<string> => {
    this.#writer.flush()
    return this.#input.ask(text, password)
  }

  /** A cell that somebody else ran on the same kernel. */
  readonly onForeignCell = (code: string): void => {
    this.#writer.flush()
    this.print(echoed(code, '(other) ', this.colour))
  }

  /** Puts a cell in line as if it had been typed. */
  submit(code: string): void {
    this.#runs.submit(code)
  }

  /** Runs a cell now, from within a magic: shown, remembered and part of what is saved. */
  async run(code: string, options: { readonly echo: boolean } = { echo: true }): Promise<CellResult> {
    if (options.echo) this.print(echoed(code, this.options.label, this.colour))
    return this.#runs.run(code, (result) => this.#show(result, code))
  }

  /** Runs a cell out of sight and returns what it showed. */
  capture(code: string): Promise<Captured> {
    return this.#runs.capture(code)
  }

  /** Lines that change, above the prompt; Ctrl-C or `stop` takes them away, `onStop` is told. */
  showLive(lines: readonly string[], onStop?: () => void): void {
    this.#live = lines
    if (onStop !== undefined) this.#stopLive = onStop
    this.draw()
  }

  endLive(): void {
    this.#live = []
    this.#stopLive = undefined
    this.draw()
  }

  /** Puts a text at the prompt for the person to change or run. */
  offer(text: string): void {
    this.#input.replace(text)
    this.draw()
  }

  async page(expression: string, title: string): Promise<void> {
    await this.#pager.open(expression, title)
  }

  async closeBackend(): Promise<void> {
    await this.#runs.backend?.close()
  }

  #state(): LiveState {
    const { partial, held } = this.#writer.live
    const { seconds, progress, queued } = this.#runs
    const { shown } = this.#input
    return {
      ...shown, label: this.label,
      running: shown.question !== null || seconds * 1000 < patience ? null : { text: progress ?? `running, ${Math.round(seconds)} s`, seconds },
      queued, partial, live: [...held, ...this.#live], pager: this.#pager.state,
      columns: this.tty.columns, rows: this.tty.rows, colour: this.colour
    }
  }

  #frame(): Frame {
    const state = this.#state()
    return this.#views === undefined ? plainFrame(state) : this.#views.liveFrame(state, this.options.history.cells)
  }

  #resized(): void {
    if (this.#isGone) return
    if (this.#pager.isOpen) this.#pager.resized()
    // xterm itself cuts lines instead of laying them out anew.
    else this.#screen.resized(this.#frame(), process.env.XTERM_VERSION === undefined)
  }

  clearScreen(): void {
    // What is in sight goes up into the scrollback: nothing is lost.
    this.#screen.clear()
    this.tty.write(`${'\n'.repeat(this.tty.rows)}\u001b[H`)
  }

  async suspend(): Promise<void> {
    this.#screen.leave()
    await this.tty.suspend()
  }

  /** Stops what is live, or the cell that runs; false where there is neither. */
  stop(): boolean {
    if (this.#stopLive !== undefined) this.#stopLive()
    else if (this.#runs.isRunning) this.#runs.interrupt()
    else return false
    return true
  }

  #show(result: CellResult, code: string): void {
    this.#writer.flush()
    if (result.status === 'error') {
      this.printError(result.traceback.length > 0 ? result.traceback : [`${result.name}: ${result.message}`])
      // A cell that did not even begin comes back to be mended.
      const isUnrun = result.name === 'SyntaxError' || result.name === 'TypeScriptError'
      if (isUnrun && this.#input.isEmpty && this.#runs.queued === 0) this.offer(code)
    } else if (result.status === 'ok' && result.value !== null) {
      this.#writer.value(result.value.data)
      this.lastExpression = code
    }
  }

  printError(lines: readonly string[]): void {
    const [first = '', ...rest] = lines
    const text = this.colour ? `\u001b[31m${first}\u001b[0m` : first
    this.print(`${[text, ...rest].join('\n')}\n`)
  }

  #pagerClosed(code: string | null): void {
    this.#screen.forget()
    if (code !== null) this.#input.replace(code)
    this.draw()
    this.#runs.next()
  }
}
