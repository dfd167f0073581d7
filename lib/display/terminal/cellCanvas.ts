import { stringWidth } from '../../util/stringWidth.js'

/** Dots of one terminal cell in a braille character, and the bits that switch them on (Unicode U+2800). */
const dots = { across: 2, down: 4 }
const dotBits = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]]
const braille = 0x2800

/** Terminal cells that take characters, and braille dots between them. Outside of it nothing is drawn. */
export class CellCanvas {
  readonly #characters: string[]
  readonly #colours: (string | undefined)[]
  readonly #bits: Uint8Array
  /** Cells that text stands in, which nothing may cover. */
  readonly #taken: Uint8Array

  constructor(readonly width: number, readonly height: number) {
    this.#characters = new Array<string>(width * height).fill(' ')
    this.#colours = new Array<string | undefined>(width * height).fill(undefined)
    this.#bits = new Uint8Array(width * height)
    this.#taken = new Uint8Array(width * height)
  }

  /** Puts one character of one cell; not over text. */
  put(column: number, row: number, character: string, colour: string | undefined): void {
    const cell = this.#cell(column, row)
    if (cell < 0 || this.#taken[cell] === 1) return
    this.#characters[cell] = character
    this.#colours[cell] = colour
    this.#bits[cell] = 0
  }

  /** What stands in a cell. */
  at(column: number, row: number): string {
    const cell = this.#cell(column, row)
    return cell < 0 ? '' : this.#bits[cell] !== 0 ? String.fromCharCode(braille + this.#bits[cell]) : this.#characters[cell]
  }

  /** Switches on one braille dot; `x` counts half cells, `y` quarter cells. */
  dot(x: number, y: number, colour: string | undefined): void {
    const cell = this.#cell(Math.floor(x / dots.across), Math.floor(y / dots.down))
    if (cell < 0 || this.#taken[cell] === 1) return
    this.#bits[cell] |= dotBits[y % dots.down][x % dots.across]
    this.#colours[cell] = colour
  }

  /** A straight line of braille dots between two points in half and quarter cells. */
  segment(x: number, y: number, x2: number, y2: number, colour: string | undefined): void {
    const steps = Math.max(1, Math.ceil(Math.max(Math.abs(x2 - x), Math.abs(y2 - y))))
    // A line that leaves far beyond the canvas is not worth millions of dots that are not drawn.
    if (!Number.isFinite(steps) || steps > 100_000) return
    for (let step = 0; step <= steps; step++) {
      this.dot(Math.round(x + (x2 - x) * step / steps), Math.round(y + (y2 - y) * step / steps), colour)
    }
  }

  /** Whether a text of `width` cells may start here without touching another. */
  free(column: number, row: number, width: number): boolean {
    if (row < 0 || row >= this.height || column < 0 || column + width > this.width) return false
    const first = row * this.width + column
    return !this.#taken.subarray(Math.max(row * this.width, first - 1), first + width).includes(1)
  }

  /** Whether nothing is drawn in `width` cells from here. */
  blank(column: number, row: number, width: number): boolean {
    return Array.from({ length: width }, (_, i) => this.at(column + i, row)).every((character) => character === ' ')
  }

  /** Writes text from a cell on, cut at the right edge. */
  text(column: number, row: number, text: string, colour: string | undefined): void {
    let at = column
    for (const { segment } of new Intl.Segmenter().segment(text)) {
      const wide = stringWidth(segment)
      if (wide === 0) continue
      if (at + wide > this.width) return
      this.put(at, row, segment, colour)
      for (let i = 0; i < wide; i++) {
        const cell = this.#cell(at + i, row)
        if (cell < 0) continue
        if (i > 0) this.#characters[cell] = ''
        this.#taken[cell] = 1
      }
      at += wide
    }
  }

  /** The rows as text, coloured by `paint`, without blanks at their ends. */
  lines(paint: (text: string, colour: string | undefined) => string): string[] {
    return Array.from({ length: this.height }, (_, row) => {
      let line = ''
      let run = ''
      let colour: string | undefined
      let end = this.width
      while (end > 0 && this.at(end - 1, row) === ' ') end--
      for (let column = 0; column < end; column++) {
        const cell = row * this.width + column
        const character = this.at(column, row)
        const next = character === ' ' ? colour : this.#colours[cell]
        if (next !== colour) {
          line += run === '' ? '' : paint(run, colour)
          run = ''
          colour = next
        }
        run += character
      }
      return line + (run === '' ? '' : paint(run, colour))
    })
  }

  #cell(column: number, row: number): number {
    return column >= 0 && column < this.width && row >= 0 && row < this.height ? row * this.width + column : -1
  }
}
