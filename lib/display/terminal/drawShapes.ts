import { stringWidth } from '../../util/stringWidth.js'
import { fitTo } from '../textTable.js'
import type { CellCanvas } from './cellCanvas.js'
import { isNeutral, lightness } from './colour.js'
import type { LegendEntry, Shape } from './sceneItems.js'

/** Pixels of a terminal cell: about what a character takes, so that vega spaces labels and ticks as a terminal needs them. */
export const cell = { width: 8, height: 16 }
const half = cell.width / 2
const quarter = cell.height / 4

const eighthsAcross = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']
const eighthsUp = ['', '▁', '▂', '▃', '▄', '▅', '▆', '▇']
const shades = ['█', '▒', '▓', '░']
const marks = ['•', '×', '+', 'o', '*', '#']
/** Fills lighter than this are background, not data. */
const background = 0.9
const light = 0.75

/** How shapes are told apart: by colour, or without it by shade and mark, in the order of the legend. */
export interface Style {
  readonly coloured: boolean
  readonly legend: readonly LegendEntry[]
  /** Cells of the canvas that the axes span; what is right of them is for labels. */
  readonly columns: number
}

/** The character that stands for a fill. */
export function fillOf(colour: string | undefined, { coloured, legend }: Style): string {
  if (lightness(colour) > background) return '░'
  if (coloured) return '█'
  if (legend.length === 0) return lightness(colour) > light ? '░' : '█'
  return shades[Math.max(0, legend.findIndex((entry) => entry.colour === colour)) % shades.length]
}

/** The character that marks a line or a point, where colours and labels cannot; undefined for braille. */
export function markOf(colour: string | undefined, { coloured, legend }: Style): string | undefined {
  if (coloured || legend.length < 2) return undefined
  return marks[Math.max(0, legend.findIndex((entry) => entry.colour === colour)) % marks.length]
}

/** Draws shapes whose pixels are cells of 8 by 16: fills first, then lines, points and rules, texts last and never over each other. */
export function drawShapes(canvas: CellCanvas, shapes: readonly Shape[], style: Style): void {
  const order: readonly Shape['kind'][] = ['area', 'rect', 'rule', 'line', 'point', 'text']
  const rects = shapes.filter(({ kind }) => kind === 'rect')
  const upright = isUpright(rects)
  const shift = upright ? 0 : shiftOfBaseline(rects)
  const lines = shapes.some(({ kind }) => kind === 'line')
  for (const kind of order) {
    for (const shape of shapes) {
      if (shape.kind !== kind) continue
      switch (kind) {
        case 'rect': drawRect(canvas, { ...shape, x: shape.x + shift, x2: shape.x2 + shift }, upright, style); break
        case 'area': drawArea(canvas, shape); break
        case 'rule': drawRule(canvas, shape); break
        case 'line': drawLine(canvas, shape, style); break
        case 'point': drawPoint(canvas, shape, style, lines); break
        case 'text': drawText(canvas, shape)
      }
    }
  }
}

/** Bars stand upright if they are equally wide and differ in height. */
function isUpright(rects: readonly Shape[]): boolean {
  const sizes = (of: (rect: Shape) => number): number => new Set(rects.map((rect) => Math.round(of(rect)))).size
  const widths = sizes(({ x, x2 }) => x2 - x)
  const heights = sizes(({ y, y2 }) => y2 - y)
  if (widths !== heights) return widths < heights
  const total = (of: (rect: Shape) => number): number => rects.reduce((sum, rect) => sum + Math.abs(of(rect)), 0)
  return total(({ y, y2 }) => y2 - y) > total(({ x, x2 }) => x2 - x)
}

/** Pixels that bring the edge most bars share, which is zero, to the edge of a cell: so that equal lengths look equal on both sides of it. */
function shiftOfBaseline(rects: readonly Shape[]): number {
  const shared = new Map<string, number>()
  for (const { x, x2 } of rects) for (const edge of [x, x2]) shared.set(
    edge.toFixed(3), (shared.get(edge.toFixed(3)) ?? 0) + 1
  )
  const [baseline] = [...shared].reduce((most, entry) => (entry[1] > most[1] ? entry : most), ['0', 0])
  return Math.round(Number(baseline) / cell.width) * cell.width - Number(baseline)
}

function drawRect(canvas: CellCanvas, shape: Shape, upright: boolean, style: Style): void {
  const fill = fillOf(shape.colour, style)
  const colour = lightness(shape.colour) > background ? undefined : shape.colour
  const { x, y, x2, y2 } = shape
  const [left, right, top, bottom] = [
    Math.min(x, x2) / cell.width, Math.max(x, x2) / cell.width, Math.min(y, y2) / cell.height,
    Math.max(y, y2) / cell.height
  ].map(unhaired)
  if (upright) {
    const columns = span(left, right)
    const end = Math.round(bottom)
    const full = Math.ceil(top - 1 / 16)
    for (let column = columns.from; column < columns.to; column++) {
      for (let row = Math.max(full, 0); row < end; row++) canvas.put(column, row, fill, colour)
      const part = Math.round((full - top) * 8)
      if (part > 0 && full <= end) canvas.put(
        column, full - 1, fill === '█' ? eighthsUp[Math.min(part, 7)] : fill, colour
      )
    }
    return
  }
  const rows = span(top, bottom)
  const start = Math.round(left)
  const full = Math.floor(right + 1 / 16)
  for (let row = rows.from; row < rows.to; row++) {
    for (let column = start; column < full; column++) canvas.put(column, row, fill, colour)
    const end = Math.max(full, start)
    const part = Math.round((right - end) * 8)
    if (part > 0 && fill === '█') canvas.put(end, row, eighthsAcross[Math.min(part, 7)], colour)
    else if (part >= 4) canvas.put(end, row, fill, colour)
    // What is too small to see still is not nothing, where it does not hide something else.
    else if (full <= start && x !== x2) {
      const [column, sign] = left >= start || right > start ? [start, '▏'] as const : [start - 1, '▕'] as const
      if (canvas.at(column, row) === ' ') canvas.put(column, row, sign, colour)
    }
  }
}

/** Without the last digits of floating point, which would move an edge into the next cell. */
function unhaired(cells: number): number {
  return Math.round(cells * 1000) / 1000
}

/** The cells that a stretch covers: at least the one its middle lies in. */
function span(from: number, to: number): { from: number, to: number } {
  const first = Math.round(from)
  const last = Math.round(to)
  if (to - from >= 1.5 && last > first) return { from: first, to: last }
  const middle = Math.floor((from + to) / 2)
  return { from: middle, to: middle + 1 }
}

/** Rules mark a range or a zero: they show where nothing else is, and not along the edge where the axis is drawn. */
function drawRule(canvas: CellCanvas, { x, y, x2, y2, colour }: Shape): void {
  if (Math.abs(y - y2) < 1) {
    if (y > canvas.height * cell.height - 1) return
    const row = Math.floor(y / cell.height)
    const from = Math.round(Math.min(x, x2) / cell.width)
    const to = Math.max(from + 1, Math.round(Math.max(x, x2) / cell.width))
    for (let column = from; column < to; column++) {
      if (canvas.at(column, row) === ' ') canvas.put(column, row, '─', colour)
    }
  } else if (Math.abs(x - x2) < 1) {
    const column = Math.floor(x / cell.width)
    for (let row = Math.round(Math.min(y, y2) / cell.height); row < Math.round(Math.max(y, y2) / cell.height); row++) {
      if (canvas.at(column, row) === ' ') canvas.put(column, row, '│', colour)
    }
  } else canvas.segment(x / half, y / quarter, x2 / half, y2 / quarter, colour)
}

/** Half and quarter cells of a pixel. The last pixel on the axes' edge belongs to the last cell. */
function dotAt(x: number, y: number, canvas: CellCanvas, { columns }: Style): readonly [number, number] {
  return [Math.min(x / half, columns * 2 - 1), Math.min(y / quarter, canvas.height * 4 - 1)]
}

function drawLine(canvas: CellCanvas, { points, colour }: Shape, style: Style): void {
  const mark = markOf(colour, style)
  let before: readonly [number, number] | null = null
  for (const point of points) {
    if (point !== null) {
      const at = dotAt(point[0], point[1], canvas, style)
      if (mark !== undefined) canvas.put(Math.floor(at[0] / 2), Math.floor(at[1] / 4), mark, colour)
      else if (before === null) canvas.dot(Math.round(at[0]), Math.round(at[1]), colour)
      else canvas.segment(before[0], before[1], at[0], at[1], colour)
      before = at
    } else before = null
  }
}

function drawPoint(canvas: CellCanvas, { x, y, colour }: Shape, style: Style, onLines: boolean): void {
  const mark = markOf(colour, style)
  const [column, row] = dotAt(x, y, canvas, style)
  // A point on a line of braille is a corner of that line already.
  if (onLines && mark === undefined) canvas.dot(Math.round(column), Math.round(row), colour)
  else canvas.put(Math.floor(column / 2), Math.floor(row / 4), mark ?? '•', colour)
}

/** Fills the polygon, row of dots by row of dots (even-odd rule). */
function drawArea(canvas: CellCanvas, { points, colour }: Shape): void {
  const corners = points.filter((point) => point !== null).map(([x, y]) => [x / half, y / quarter] as const)
  for (let y = 0; y < canvas.height * 4; y++) {
    const crossings: number[] = []
    corners.forEach(([x, from], i) => {
      const [x2, to] = corners[(i + 1) % corners.length]
      if ((from <= y) !== (to <= y)) crossings.push(x + (y - from) / (to - from) * (x2 - x))
    })
    crossings.sort((a, b) => a - b)
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      for (let x = Math.max(0, Math.round(crossings[i])); x <= Math.min(
        canvas.width * 2 - 1, Math.round(crossings[i + 1])
      ); x++) canvas.dot(x, y, colour)
    }
  }
}

/** Rows tried for a text whose own is taken, nearest first. */
const detours = [0, 1, -1, 2, -2, 3, -3]

/** The column that a text starts in. Beside what it belongs to, one cell stays free. */
export function textStart({ x, dx, text, align }: Shape): number {
  const width = stringWidth(text)
  if (align === 'left' && dx > 0) return Math.max(Math.round(x / cell.width), Math.ceil((x - dx) / cell.width) + 1)
  return Math.round(x / cell.width - (align === 'right' ? width : align === 'center' ? width / 2 : 0))
}

function drawText(canvas: CellCanvas, shape: Shape): void {
  const column = Math.max(0, Math.min(textStart(shape), canvas.width - 1))
  const text = fitTo(shape.text, canvas.width - column)
  const width = stringWidth(text)
  if (width === 0) return
  let row = Math.min(Math.max(0, Math.floor((shape.y - 1) / cell.height)), canvas.height - 1)
  if (shape.above && !canvas.blank(column, row, width)) row--
  const place = detours.find((detour) => canvas.free(column, row + detour, width))
  if (place !== undefined) canvas.text(column, row + place, text, isNeutral(shape.colour) ? undefined : shape.colour)
}
