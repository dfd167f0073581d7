import { completenessOf, indentAfter, signatureAt } from './assist.js'
import { openMenu } from './editor/completionMenu.js'
import { emptyEditor, replaced } from './editor/editorState.js'
import { graphemesOf } from './editor/graphemes.js'
import { cleared, continued, emptyPrompt, promptKey, type PromptEffect, type PromptState } from './editor/promptState.js'
import { tokensOf } from './editor/tokens.js'
import type { HistoryFile } from './historyFile.js'
import { isOpen } from './magicLine.js'
import type { Backend, LiveState } from './model.js'
import type { Key } from './terminal/key.js'
import { echoed } from './views/echo.js'

/** What the prompt asks of the session that it belongs to. */
export interface PromptHost {
  readonly label: string
  readonly history: HistoryFile
  readonly backend: Backend | undefined
  readonly isGone: boolean
  readonly isRunning: boolean
  /** The expression whose value was shown last. */
  readonly lastExpression: string | null
  /** While it is open, keys are its own. */
  readonly openPager: { key(key: Key): void } | undefined
  draw(): void
  print(text: string): void
  submit(code: string): void
  leave(): void
  clearScreen(): void
  suspend(): Promise<void>
  page(expression: string, title: string): Promise<void>
  /** Stops what runs or changes above the prompt; false where nothing does. */
  stop(): boolean
}

interface Question {
  readonly text: string
  readonly isPassword: boolean
  answer(text: string): void
  fail(error: Error): void
}

/** What a person types: a cell, or the answer to a question of user code. */
export class PromptInput {
  readonly #host: PromptHost
  #keys: Key[] = []
  #isTakingKeys = false
  #prompt: PromptState = emptyPrompt
  #hint: string | null = null
  #question: Question | undefined

  constructor(host: PromptHost) {
    this.#host = host
  }

  get isEmpty(): boolean {
    return this.#prompt.editor.text === ''
  }

  get shown(): Pick<LiveState, 'prompt' | 'question' | 'hint'> {
    const { text, isPassword } = this.#question ?? { text: '', isPassword: false }
    return { prompt: this.#prompt, question: this.#question === undefined ? null : { text, isPassword }, hint: this.#hint }
  }

  take(keys: readonly Key[]): void {
    this.#keys.push(...keys)
    void this.#takeKeys()
  }

  /** Puts a text in place of what was typed. */
  replace(text: string): void {
    this.#prompt = { ...this.#prompt, editor: replaced(this.#prompt.editor, text), menu: null, walk: null }
  }

  /** Takes an answer in place of a cell, which comes back behind it. */
  ask(text: string, isPassword: boolean): Promise<string> {
    return new Promise((resolve, reject) => {
      const before = this.#prompt
      const done = (settle: () => void): void => {
        this.#question = undefined
        this.#prompt = before
        settle()
        this.#host.draw()
      }
      this.#question = {
        text: text === '' ? '? ' : text, isPassword,
        answer: (answer) => done(() => {
          this.#host.print(`${text}${isPassword ? '•'.repeat(answer.length) : answer}`)
          resolve(answer)
        }),
        fail: (error) => done(() => reject(error))
      }
      this.#prompt = emptyPrompt
      this.#host.draw()
    })
  }

  /** Gives up a question that is open. */
  close(): void {
    this.#question?.fail(new Error('the session is over'))
  }

  /** Keys go in one by one; one that needs an answer holds back those behind it. */
  async #takeKeys(): Promise<void> {
    if (this.#isTakingKeys) return
    this.#isTakingKeys = true
    try {
      for (let key = this.#keys.shift(); key !== undefined && !this.#host.isGone; key = this.#keys.shift()) {
        const pager = this.#host.openPager
        if (pager !== undefined) {
          // In the pager every character is a key of its own, and one of them may close it: the rest is the prompt's.
          const [first, ...rest] = key.id === 'text' ? graphemesOf(key.text).map((text) => ({ id: 'text', text })) : [key]
          this.#keys.unshift(...rest)
          pager.key(first)
          continue
        }
        const { prompt, effect } = promptKey(this.#prompt, key, this.#question === undefined ? this.#host.history.cells : [])
        if (prompt.editor.text !== this.#prompt.editor.text) this.#hint = null
        this.#prompt = prompt
        if (effect !== undefined) await this.#act(effect)
      }
      this.#host.draw()
    } finally {
      this.#isTakingKeys = false
    }
  }

  async #act(effect: PromptEffect): Promise<void> {
    switch (effect) {
      case 'submit': return this.#enter()
      case 'complete': return this.#complete()
      case 'interrupt': return this.#interrupt()
      case 'leave': return this.#question === undefined ? this.#host.leave() : this.#question.fail(new Error('no answer was given'))
      case 'clearScreen': return this.#host.clearScreen()
      case 'suspend': return this.#host.suspend()
      case 'page': return this.#page()
    }
  }

  #page(): void {
    const { isRunning, lastExpression, backend } = this.#host
    const typed = this.#prompt.editor.text.trim()
    const expression = typed === '' ? lastExpression : typed
    if (isRunning) this.#hint = 'a cell runs: the pager opens when it has ended'
    else if (expression === null) this.#hint = 'nothing to page: show a table first, or type the expression of one'
    else if (backend !== undefined) void this.#host.page(expression, expression.split('\n')[0])
  }

  async #enter(): Promise<void> {
    const { text } = this.#prompt.editor
    if (this.#question !== undefined) {
      this.#question.answer(text)
      return
    }
    if (text.trim() === '') {
      this.#host.print(this.#host.label)
      return
    }
    const isCode = !/^\s*[%!]/.test(text)
    if (isCode && isOpen(tokensOf(text))) {
      this.#prompt = continued(this.#prompt, indentAfter(text))
      return
    }
    const { backend } = this.#host
    if (isCode && backend !== undefined) {
      this.#host.draw()
      const { status, indent } = await completenessOf(backend, text)
      if (status === 'incomplete' && !/\?{1,2}\s*$|!\|/.test(text)) {
        this.#prompt = continued(this.#prompt, indent)
        return
      }
    }
    this.#host.history.add(text)
    this.#prompt = cleared(this.#prompt)
    this.#hint = null
    this.#host.submit(text.trimEnd())
  }

  #complete(): void {
    const { editor: asked } = this.#prompt
    const { backend } = this.#host
    if (backend === undefined) {
      this.#hint = 'completion comes as soon as the compiler has started'
      return
    }
    // Typing goes on while the compiler thinks; what comes too late for another text is dropped.
    void backend.complete(asked.text, asked.cursor).then(({ matches, start }) => {
      const now = this.#prompt.editor
      if (!now.text.startsWith(asked.text.slice(0, asked.cursor)) || now.cursor < asked.cursor) return
      if (matches.length === 0) return this.#showSignature(backend)
      const opened = openMenu(matches.map(({ text, kind }) => ({ text, kind })), start, now)
      this.#prompt = { ...this.#prompt, editor: opened.editor, menu: opened.menu }
      this.#host.draw()
    }, () => {})
  }

  async #showSignature(backend: Backend): Promise<void> {
    const { text, cursor } = this.#prompt.editor
    const signature = await signatureAt(backend, text, cursor)
    if (signature === null) return
    this.#hint = signature
    this.#host.draw()
  }

  #interrupt(): void {
    if (this.#question !== undefined) this.#question.fail(new Error('interrupted'))
    else if (this.#host.stop()) return
    else if (this.#prompt.editor.text !== '') {
      // What was typed stays in sight, and Ctrl-Y or going up can have it back.
      this.#host.print(`${echoed(this.#prompt.editor.text, this.#host.label, false)}^C`)
      const { kills, text } = this.#prompt.editor
      this.#prompt = { ...emptyPrompt, editor: { ...emptyEditor, kills: [...kills, text] } }
    } else this.#hint = 'Ctrl-D leaves'
  }
}
