import type { SessionOutput } from '../session/session.js'
import { displayedText, shownText } from './outputText.js'
import { imageSequence, type ImageProtocol } from './terminal/images.js'

/** A display that may still be shown anew in its place. */
interface Held { readonly id: string | null, text: string }

/** Held displays taller than this are printed at once. */
const mostHeldLines = 3

/**
 * Turns what cells show into finished text and what stays live: a line without its end, and the last display, which an update may still
 * replace. Terminals can't change what has scrolled by.
 */
export class OutputWriter {
  #partial = ''
  #held: Held | undefined

  constructor(readonly print: (text: string) => void, readonly images: ImageProtocol | null) {}

  /** The line that has no end yet, and the display that may change. */
  get live(): { readonly partial: string, readonly held: readonly string[] } {
    return { partial: this.#partial, held: this.#held === undefined ? [] : this.#held.text.split('\n') }
  }

  write(output: SessionOutput): void {
    switch (output.kind) {
      case 'stream':
        this.#release()
        return this.#stream(output.text)
      case 'notice':
        this.flush()
        return this.print(`\u001b[33m${shownText(output.text)}\u001b[0m\n`)
      case 'clear':
        this.#held = undefined
        this.#partial = ''
        return
      case 'display': {
        const text = this.#shown(output.data)
        if (output.update && this.#held !== undefined && this.#held.id === output.displayId) {
          this.#held.text = text
          return
        }
        this.flush()
        if (text.includes('\u001b_G') || text.includes('\u001b]') || text.split('\n').length > mostHeldLines) this.print(`${text}\n`)
        else this.#held = { id: output.displayId, text }
      }
    }
  }

  /** The value of a cell. */
  value(data: Readonly<Record<string, unknown>>): void {
    this.flush()
    this.print(`${this.#shown(data)}\n`)
  }

  /** Nothing more comes in this place. */
  flush(): void {
    this.#release()
    if (this.#partial !== '') this.print(`${this.#partial}\n`)
    this.#partial = ''
  }

  #shown(data: Readonly<Record<string, unknown>>): string {
    const png = data['image/png']
    return this.images !== null && typeof png === 'string' ? imageSequence(this.images, png) : displayedText(data)
  }

  #release(): void {
    if (this.#held !== undefined) this.print(`${this.#held.text}\n`)
    this.#held = undefined
  }

  #stream(text: string): void {
    const lines = `${this.#partial}${shownText(text)}`.split('\n')
    // What follows a carriage return stands in place of what came before it.
    const finished = lines.slice(0, -1).map((line) => line.replace(/\r+$/, '')).map(overwritten)
    this.#partial = overwritten(lines.at(-1)!)
    if (finished.length > 0) this.print(`${finished.join('\n')}\n`)
  }
}

function overwritten(line: string): string {
  return line.slice(line.lastIndexOf('\r', line.length - 2) + 1)
}
