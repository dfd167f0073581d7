import { cellsOf } from '../editor/graphemes.js'
import { stripStyles } from './styles.js'

/** Where a screen draws: a terminal, or what stands for one in tests. */
export interface ScreenOutput {
  write(text: string): void
  readonly columns: number
  readonly rows: number
}

/** What stands at the bottom of the terminal and changes: a few lines, and where the cursor is in them. */
export interface Frame {
  readonly lines: readonly string[]
  /** Null hides the cursor. */
  readonly cursor: { readonly row: number, readonly column: number } | null
}

const hide = '\u001b[?25l'
const show = '\u001b[?25h'
/** Terminals that know it show what lies between as one picture; others ignore it. */
const together = { begin: '\u001b[?2026h', end: '\u001b[?2026l' }

/**
 * Draws frames over each other and writes finished output above them. Nothing above the frame is ever touched, so scrollback stays whole:
 * Ink's own writer clears the terminal, scrollback too, once a frame reaches its height. Each change is one write.
 */
export class Screen {
  #lines: readonly string[] = []
  /** Row of the frame the cursor is in. */
  #row = 0
  #columns: number
  #cursor: Frame['cursor'] | undefined

  constructor(readonly output: ScreenOutput) {
    this.#columns = output.columns
  }

  /** Draws a frame in place of the last one, only the lines that differ. */
  draw(frame: Frame): void {
    const { lines, cursor } = frame
    const isSame = lines.length === this.#lines.length && lines.every((line, i) => line === this.#lines[i])
    if (isSame && this.#cursor !== undefined && cursor?.row === this.#cursor?.row && cursor?.column === this.#cursor?.column) return
    const text = this.#change(frame)
    this.output.write(`${together.begin}${text}${together.end}`)
  }

  /** Writes finished text above the frame: whole lines. */
  print(text: string, frame: Frame): void {
    const erased = this.#erase()
    this.output.write(`${together.begin}${erased}${text.endsWith('\n') || text === '' ? text : `${text}\n`}${this.#change(frame)}${together.end}`)
  }

  /** Takes the frame away; the cursor stands where it began. */
  clear(): void {
    this.output.write(`${this.#erase()}${show}`)
  }

  /** Leaves the frame as it stands; what comes next begins below it. */
  leave(): void {
    const down = this.#lines.length - 1 - this.#row
    this.output.write(`${down > 0 ? `\u001b[${down}B` : ''}\r\n${show}`)
    this.forget()
  }

  /** Forgets what it drew: something else has taken the terminal meanwhile. */
  forget(): void {
    this.#lines = []
    this.#row = 0
    this.#cursor = undefined
  }

  /**
   * The terminal has another width. Terminals lay lines that no longer fit out anew, so the frame has more rows than it had lines.
   *
   * @param reflows whether this terminal does so
   */
  resized(frame: Frame, reflows = true): void {
    const columns = this.output.columns
    if (reflows && columns < this.#columns) {
      const heights = this.#lines.map((line) => Math.max(1, Math.ceil(cellsOf(stripStyles(line)) / columns)))
      this.#row = heights.slice(0, this.#row).reduce((sum, rows) => sum + rows, 0)
    }
    this.#columns = columns
    this.output.write(`${together.begin}${this.#erase()}${this.#change(frame)}${together.end}`)
  }

  #erase(): string {
    const up = this.#row > 0 ? `\u001b[${this.#row}A` : ''
    this.forget()
    return `${up}\r\u001b[J`
  }

  #change({ lines, cursor }: Frame): string {
    let text = ''
    let row = this.#row
    const to = (target: number): void => {
      const last = Math.max(0, this.#lines.length - 1)
      if (target < row) text += `\u001b[${row - target}A`
      if (target > row) {
        const down = Math.min(target, Math.max(last, row)) - row
        if (down > 0) text += `\u001b[${down}B`
        // Below what was drawn there may be no line yet: a line feed makes one.
        text += '\r\n'.repeat(target - Math.max(row + down, row))
      }
      row = target
    }
    const drawn = [...this.#lines]
    for (let i = 0; i < lines.length; i++) {
      if (drawn[i] === lines[i]) continue
      to(i)
      text += `\r${lines[i]}\u001b[0m\u001b[K`
      // From here on this line exists.
      if (i >= this.#lines.length) this.#lines = [...this.#lines, lines[i]]
    }
    if (lines.length < drawn.length) {
      to(Math.max(0, lines.length - (lines.length === 0 ? 0 : 1)))
      text += lines.length === 0 ? '\r\u001b[J' : '\u001b[1B\r\u001b[J\u001b[1A'
    }
    this.#lines = [...lines]
    const place = cursor ?? { row: Math.max(0, lines.length - 1), column: 0 }
    to(place.row)
    text += `\r${place.column > 0 ? `\u001b[${place.column}C` : ''}${cursor === null ? hide : show}`
    this.#row = place.row
    this.#cursor = cursor
    return text
  }
}
