/** Characters of text that one cell may print, and how many of the last ones are shown when there were more. */
const limits = { head: 1 << 20, tail: 2000 }

const count = (value: number): string => value.toLocaleString('en-US')

/** Lets the first megabyte of a cell's text through, counts the rest, and keeps its end. */
export class OutputCap {
  #left = limits.head
  #omitted = 0
  #omittedLines = 0
  #tail = ''

  /** What of a text is to be shown now. */
  take(text: string): string {
    if (text.length <= this.#left) {
      this.#left -= text.length
      return text
    }
    const shown = text.slice(0, this.#left)
    const rest = text.slice(this.#left)
    this.#left = 0
    this.#omitted += rest.length
    for (let at = rest.indexOf('\n'); at >= 0; at = rest.indexOf('\n', at + 1)) this.#omittedLines++
    this.#tail = (this.#tail + rest.slice(-limits.tail)).slice(-limits.tail)
    return shown
  }

  get isReached(): boolean {
    return this.#omitted > 0
  }

  /** What is said once when the cap is reached. */
  static readonly reached = `(output capped at ${count(limits.head)} characters; what follows is counted, not shown)`

  /** What is said at the end of the cell, null where all was shown. Starts anew. */
  finish(): string | null {
    const said = this.isReached
      ? `(${count(this.#omitted)} more characters in ${count(this.#omittedLines)} lines were left out; the last of them:)\n${this.#tail.slice(this.#tail.length < limits.tail ? 0 : this.#tail.indexOf('\n') + 1)}`
      : null
    this.#left = limits.head
    this.#omitted = 0
    this.#omittedLines = 0
    this.#tail = ''
    return said
  }
}
