import type { CellResult, SessionOutput } from '../../session/session.js'
import type { Key } from '../terminal/key.js'
import { Screen, type Frame } from '../terminal/screen.js'
import type { Tty } from '../terminal/tty.js'
import type { Drill, Page, PagerNames, PagerState } from './page.js'
import { forgetPagesCode, openPageCode, pageIn, windowCode } from './pageCode.js'
import { openedPage, pagerKey, resizedPager, tablePage, windowWanted, withWindow } from './pagerKey.js'

export interface PagerOptions {
  readonly tty: Pick<Tty, 'columns' | 'rows' | 'write' | 'setAlternate'>
  readonly frame: () => Frame
  readonly capture: (code: string) => Promise<{ readonly outputs: readonly SessionOutput[], readonly result: CellResult }>
  readonly interrupt: () => Promise<void> | undefined
  /** Whether a cell of the person runs: it is not stopped because a page is no longer wanted. */
  readonly isBusy: () => boolean
  readonly names: () => PagerNames
  readonly changed: () => void
  readonly closed: (code: string | null) => void
}

/** Rows that are fetched with a table, before anybody has moved. */
const firstRows = 300

/**
 * The pager at the terminal: a key changes what is shown at once, and rows that are not here yet follow. The table stays in the session;
 * only the rows around those in sight come over, so its size does not matter.
 */
export class Pager {
  #state: PagerState | null = null
  #screen: Screen
  #made = 0
  #isFetching = false
  #held = ''

  constructor(readonly options: PagerOptions) {
    this.#screen = new Screen(options.tty)
  }

  get state(): PagerState | null { return this.#state }
  get isOpen(): boolean { return this.#state !== null }

  /** Opens the value of an expression. */
  async open(expression: string, title: string): Promise<void> {
    const { tty, names } = this.options
    if (this.#state === null) {
      tty.setAlternate(true)
      this.#screen = new Screen(tty)
      tty.write('\u001b[H')
    }
    this.#state = { pages: [], opening: title, note: null, width: tty.columns, height: tty.rows, names: names() }
    this.draw()
    await this.#load({ key: '', label: '', title, code: expression, type: null })
  }

  draw(): void {
    if (this.#state !== null) this.#screen.draw(this.options.frame())
  }

  resized(): void {
    if (this.#state === null) return
    const { tty } = this.options
    this.#state = resizedPager(this.#state, tty.columns, tty.rows)
    this.#screen.forget()
    tty.write('\u001b[H\u001b[J')
    this.draw()
    void this.#fetch()
  }

  /** Output that comes meanwhile is shown when the pager is closed. */
  hold(text: string): void {
    this.#held += text.endsWith('\n') ? text : `${text}\n`
  }

  key(key: Key): void {
    if (this.#state === null) return
    const { state, effect } = pagerKey(this.#state, key)
    this.#state = state
    switch (effect?.kind) {
      case 'close': return this.close()
      case 'code': return this.close(effect.code)
      case 'cancel': return this.#cancel()
      case 'open':
        this.draw()
        void this.#load(effect.drill)
        return
      default:
        this.draw()
        void this.#fetch()
    }
  }

  close(code: string | null = null): void {
    if (this.#state === null) return
    this.#state = null
    this.options.tty.setAlternate(false)
    this.options.tty.write(this.#held)
    this.#held = ''
    void this.options.capture(forgetPagesCode).catch(() => {})
    this.options.closed(code)
  }

  #cancel(): void {
    if (this.#state === null) return
    this.#state = { ...this.#state, opening: null, note: 'stopped' }
    if (!this.options.isBusy()) void this.options.interrupt()
    if (this.#state.pages.length === 0) this.close()
    else this.draw()
  }

  async #load(drill: Drill): Promise<void> {
    const id = ++this.#made
    const { tty, capture } = this.options
    const { outputs, result } = await capture(openPageCode(id, drill.code, tty.columns, firstRows))
    const state = this.#state
    // It was given up meanwhile.
    if (state === null || state.opening === null) return
    const answer = pageIn(outputs)
    if (answer === undefined) {
      const why = result.status === 'error' ? `${result.name}: ${result.message}` : 'nothing came of it'
      this.#state = { ...state, opening: null, note: why.replace(/^Cell\[[^ ]* /, '').split('\n')[0] }
      // There is no page to show it on.
      if (state.pages.length === 0) {
        this.hold(why)
        this.close()
      } else this.draw()
      return
    }
    const head = { id, title: drill.title, code: drill.code, type: drill.type }
    const page: Page = answer.kind === 'table' ? tablePage(head, answer.window) : { kind: 'text', ...head, lines: answer.text.split('\n'), top: 0 }
    this.#state = openedPage(state, page)
    this.draw()
    void this.#fetch()
  }

  /** Fetches what is in sight and not here, one part at a time, until all of it is. */
  async #fetch(): Promise<void> {
    if (this.#isFetching) return
    this.#isFetching = true
    try {
      for (let wanted = this.#wanted(); wanted !== undefined; wanted = this.#wanted()) {
        const { outputs, result } = await this.options.capture(windowCode(wanted.id, wanted.options))
        if (this.#state === null) return
        const answer = pageIn(outputs)
        if (answer?.kind === 'table') this.#state = withWindow(this.#state, wanted.id, wanted.options, answer.window)
        else {
          this.#fail(result.status === 'error' ? result.message : 'no rows came')
          return
        }
        this.draw()
      }
    } finally {
      this.#isFetching = false
    }
  }

  #wanted(): ReturnType<typeof windowWanted> {
    return this.#state === null || this.#state.opening !== null ? undefined : windowWanted(this.#state)
  }

  /** What can't be shown so, such as a filter that is wrong, leaves what is shown as it is. */
  #fail(note: string): void {
    const state = this.#state
    const page = state?.pages.at(-1)
    if (state === null || page?.kind !== 'table') return
    const { filter, sort, descending } = page
    this.#state = { ...state, note, pages: [...state.pages.slice(0, -1), { ...page, shown: { filter, sort, descending } }] }
    this.draw()
  }
}
