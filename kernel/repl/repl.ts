import type { CellResult, SessionOutput } from '../session/session.js'
import { completenessOf, indentAfter, signatureAt } from './assist.js'
import { CellRuns, type Captured } from './cellRuns.js'
import { graphemesOf } from './editor/graphemes.js'
import { emptyEditor, replaced } from './editor/editorState.js'
import { openMenu } from './editor/completionMenu.js'
import { cleared, continued, emptyPrompt, promptKey, type PromptEffect, type PromptState } from './editor/promptState.js'
import { tokensOf } from './editor/tokens.js'
import type { HistoryFile } from './historyFile.js'
import { isOpen } from './magicLine.js'
import type { Backend, LiveState } from './model.js'
import { OutputWriter } from './outputWriter.js'
import { Pager } from './pager/pager.js'
import type { PagerNames } from './pager/page.js'
import { runLine } from './runLine.js'
import type { Key } from './terminal/key.js'
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
  #keys: Key[] = []
  #isTakingKeys = false
  #prompt: PromptState = emptyPrompt
  #hint: string | null = null
  #live: readonly string[] = []
  #stopLive: (() => void) | undefined
  #question: { text: string, isPassword: boolean, answer: (text: string) => void, fail: (error: Error) => void } | null = null
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
      onKeys: (keys) => this.#take(keys),
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
  }

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
    this.#question?.fail(new Error('the session is over'))
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
  readonly onPrompt = (text: string, { password }: { readonly password: boolean }): Promise<string> => new Promise((resolve, reject) => {
    this.#writer.flush()
    const before = this.#prompt
    const done = (settle: () => void): void => {
      this.#question = null
      this.#prompt = before
      settle()
      this.draw()
    }
    this.#question = {
      text: text === '' ? '? ' : text, isPassword: password,
      answer: (answer) => done(() => {
        this.print(`${text}${password ? '•'.repeat(answer.length) : answer}`)
        resolve(answer)
      }),
      fail: (error) => done(() => reject(error))
    }
    this.#prompt = emptyPrompt
    this.draw()
  })

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
    this.#prompt = { ...this.#prompt, editor: replaced(this.#prompt.editor, text), menu: null, walk: null }
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
    return {
      prompt: this.#prompt, label: this.options.label,
      question: this.#question === null ? null : { text: this.#question.text, isPassword: this.#question.isPassword },
      running: this.#question !== null || seconds * 1000 < patience ? null : { text: progress ?? `running, ${Math.round(seconds)} s`, seconds },
      queued, partial, live: [...held, ...this.#live], hint: this.#hint, pager: this.#pager.state,
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

  #take(keys: readonly Key[]): void {
    this.#keys.push(...keys)
    void this.#takeKeys()
  }

  /** Keys go in one by one; one that needs an answer holds back those behind it. */
  async #takeKeys(): Promise<void> {
    if (this.#isTakingKeys) return
    this.#isTakingKeys = true
    try {
      for (let key = this.#keys.shift(); key !== undefined && !this.#isGone; key = this.#keys.shift()) {
        if (this.#pager.isOpen) {
          // In the pager every character is a key of its own, and one of them may close it: the rest is the prompt's.
          const [first, ...rest] = key.id === 'text' ? graphemesOf(key.text).map((text) => ({ id: 'text', text })) : [key]
          this.#keys.unshift(...rest)
          this.#pager.key(first)
          continue
        }
        const { prompt, effect } = promptKey(this.#prompt, key, this.#question === null ? this.options.history.cells : [])
        if (prompt.editor.text !== this.#prompt.editor.text) this.#hint = null
        this.#prompt = prompt
        if (effect !== undefined) await this.#act(effect)
      }
      this.draw()
    } finally {
      this.#isTakingKeys = false
    }
  }

  async #act(effect: PromptEffect): Promise<void> {
    switch (effect) {
      case 'submit': return this.#enter()
      case 'complete': return this.#complete()
      case 'interrupt': return this.#interrupt()
      case 'leave': return this.#question === null ? this.leave() : this.#question.fail(new Error('no answer was given'))
      case 'clearScreen':
        // What is in sight goes up into the scrollback: nothing is lost.
        this.#screen.clear()
        this.tty.write(`${'\n'.repeat(this.tty.rows)}\u001b[H`)
        return
      case 'suspend':
        this.#screen.leave()
        await this.tty.suspend()
        return
      case 'page': {
        const typed = this.#prompt.editor.text.trim()
        const expression = typed === '' ? this.lastExpression : typed
        if (this.#runs.isRunning) this.#hint = 'a cell runs: the pager opens when it has ended'
        else if (expression === null) this.#hint = 'nothing to page: show a table first, or type the expression of one'
        else if (this.backend !== undefined) void this.page(expression, expression.split('\n')[0])
      }
    }
  }

  async #enter(): Promise<void> {
    const { text } = this.#prompt.editor
    if (this.#question !== null) {
      this.#question.answer(text)
      return
    }
    if (text.trim() === '') {
      this.print(this.options.label)
      return
    }
    const isCode = !/^\s*[%!]/.test(text)
    if (isCode && isOpen(tokensOf(text))) {
      this.#prompt = continued(this.#prompt, indentAfter(text))
      return
    }
    if (isCode && this.backend !== undefined) {
      this.draw()
      const { status, indent } = await completenessOf(this.backend, text)
      if (status === 'incomplete' && !/\?{1,2}\s*$|!\|/.test(text)) {
        this.#prompt = continued(this.#prompt, indent)
        return
      }
    }
    this.options.history.add(text)
    this.#prompt = cleared(this.#prompt)
    this.#hint = null
    this.submit(text.trimEnd())
  }

  async #complete(): Promise<void> {
    const { editor } = this.#prompt
    const { backend } = this
    if (backend === undefined) {
      this.#hint = 'completion comes as soon as the compiler has started'
      return
    }
    const asked = editor
    // Typing goes on while the compiler thinks; what comes too late for another text is dropped.
    void backend.complete(asked.text, asked.cursor).then(({ matches, start }) => {
      const now = this.#prompt.editor
      if (!now.text.startsWith(asked.text.slice(0, asked.cursor)) || now.cursor < asked.cursor) return
      if (matches.length === 0) return this.#showSignature(backend)
      const opened = openMenu(matches.map(({ text, kind }) => ({ text, kind })), start, now)
      this.#prompt = { ...this.#prompt, editor: opened.editor, menu: opened.menu }
      this.draw()
    }, () => {})
  }

  async #showSignature(backend: Backend): Promise<void> {
    const { text, cursor } = this.#prompt.editor
    const signature = await signatureAt(backend, text, cursor)
    if (signature === null) return
    this.#hint = signature
    this.draw()
  }

  async #interrupt(): Promise<void> {
    if (this.#question !== null) this.#question.fail(new Error('interrupted'))
    else if (this.#stopLive !== undefined) this.#stopLive()
    else if (this.#runs.isRunning) this.#runs.interrupt()
    else if (this.#prompt.editor.text !== '') {
      // What was typed stays in sight, and Ctrl-Y or going up can have it back.
      this.print(`${echoed(this.#prompt.editor.text, this.options.label, false)}^C`)
      const { kills, text } = this.#prompt.editor
      this.#prompt = { ...emptyPrompt, editor: { ...emptyEditor, kills: [...kills, text] } }
    } else this.#hint = 'Ctrl-D leaves'
  }

  #show(result: CellResult, code: string): void {
    this.#writer.flush()
    if (result.status === 'error') {
      this.printError(result.traceback.length > 0 ? result.traceback : [`${result.name}: ${result.message}`])
      // A cell that did not even begin comes back to be mended.
      const isUnrun = result.name === 'SyntaxError' || result.name === 'TypeScriptError'
      if (isUnrun && this.#prompt.editor.text === '' && this.#runs.queued === 0) this.offer(code)
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
    if (code !== null) this.#prompt = { ...this.#prompt, editor: replaced(this.#prompt.editor, code) }
    this.draw()
    this.#runs.next()
  }
}
