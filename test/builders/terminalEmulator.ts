import { cellsOf, graphemesOf } from '../../kernel/repl/editor/graphemes.js'

/**
 * As much of a terminal as the REPL's screen uses: cursor moves, erasing, wrapping, scrolling. It counts what must not happen:
 * clearing the screen or the scrollback.
 */
export class TerminalEmulator {
  lines: string[][] = [[]]
  row = 0
  column = 0
  cursorShown = true
  cleared = 0
  writes = 0

  constructor(public columns = 80, public rows = 24) {}

  write(text: string): void {
    this.writes++
    for (let at = 0; at < text.length;) {
      const sequence = /^\u001b\[([?\d;]*)([A-Za-z])/.exec(text.slice(at, at + 20))
      if (sequence !== null) {
        this.#control(sequence[1], sequence[2])
        at += sequence[0].length
        continue
      }
      const [grapheme] = graphemesOf(text.slice(at, at + 20))
      if (text[at] === '\r') this.column = 0
      else if (text[at] === '\n') {
        // The line discipline turns LF into CR LF, in Node's raw mode too.
        this.column = 0
        this.#down()
      }
      else this.#put(grapheme)
      at += text[at] === '\r' || text[at] === '\n' ? 1 : grapheme.length
    }
  }

  /** All lines, scrollback too, without blanks at their ends. */
  get text(): string {
    return this.lines.map((cells) => Array.from(cells, (cell) => cell ?? ' ').join('').trimEnd()).join('\n').trimEnd()
  }

  #put(grapheme: string): void {
    const cells = cellsOf(grapheme)
    if (this.column + cells > this.columns) {
      this.column = 0
      this.#down()
    }
    const line = this.lines[this.row]
    line[this.column] = grapheme
    for (let i = 1; i < cells; i++) line[this.column + i] = ''
    this.column += cells
  }

  #down(): void {
    this.row++
    if (this.row === this.lines.length) this.lines.push([])
  }

  #control(parameters: string, letter: string): void {
    const number = Number(parameters) || 1
    const top = Math.max(0, this.lines.length - this.rows)
    switch (letter) {
      case 'A': this.row = Math.max(top, this.row - number); break
      case 'B': this.row = Math.min(this.lines.length - 1, this.row + number); break
      case 'C': this.column = Math.min(this.columns - 1, this.column + number); break
      case 'K': this.lines[this.row].length = Math.min(this.lines[this.row].length, this.column); break
      case 'J':
        if (parameters === '2' || parameters === '3') this.cleared++
        this.lines.length = this.row + 1
        this.lines[this.row].length = Math.min(this.lines[this.row].length, this.column)
        break
      case 'h': if (parameters === '?25') this.cursorShown = true; break
      case 'l': if (parameters === '?25') this.cursorShown = false; break
      case 'm': break
      default: throw new Error(`the emulator does not know ESC [ ${parameters} ${letter}`)
    }
  }
}
