import { stringWidth } from '../util/stringWidth.js'
import { visible } from '../util/visible.js'
import { CellCanvas } from './terminal/cellCanvas.js'
import { paint256 } from './terminal/colour.js'
import { cell, drawShapes, fillOf, markOf, textStart, type Style } from './terminal/drawShapes.js'
import { sceneItems, type Axis, type Scene } from './terminal/sceneItems.js'
import { fitTo } from './textTable.js'
import { vegaScene } from './vegaScene.js'
import { wrapTo } from './wrapTo.js'

export interface TextPlotOptions {
  /** Terminal columns. Default 80. */
  readonly width?: number
  /** Rows of what is drawn, without title and axes. Default: by the specification's height; a row or more for each bar. */
  readonly height?: number
  /** With ANSI colours. Default false: then shades and marks tell things apart. */
  readonly colour?: boolean
}

const leastColumns = 16
/** The least and most rows of a plot without bars from left to right, and how many of its pixels make a row. */
const rowLimits = { least: 6, most: 20, pixels: 20 }

/**
 * A vega-lite specification drawn with characters: lines as braille dots, bars as blocks, with title, axes, units and legend.
 * It is the same scene as the image's, laid out by vega for a terminal of this width.
 *
 * @throws UsageError where the specification cannot be drawn, or its data is not in it
 */
export async function renderText(specification: object, options: TextPlotOptions = {}): Promise<string> {
  const width = Math.max(leastColumns * 2, options.width ?? 80)
  const natural = await sceneOf(specification)
  const rows = options.height ?? rowsOf(natural)
  // Only one view with a size of its own can be laid out anew; a row of several is scaled.
  if (!hasSize(specification)) {
    const left = margins(natural, 0).left
    const columns = width - left
    return compose(
      scaled(natural, columns * cell.width, rows * cell.height),
      { width, columns, rows, left, colour: options.colour ?? false }
    )
  }
  let columns = width - margins(natural, 0).left
  let scene = natural
  let left = 0
  // The room that labels beside marks need shrinks what is drawn, which moves them: laid out twice, it has settled.
  for (let round = 0; round < 2; round++) {
    scene = await sceneOf({ ...specification, width: columns * cell.width, height: rows * cell.height })
    const margin = margins(scene, columns)
    const room = Math.max(leastColumns, width - margin.left - margin.right)
    left = margin.left
    const next = scene.bands.x === undefined ? room : Math.max(1, Math.floor(room / scene.bands.x)) * scene.bands.x
    if (next >= columns) break
    columns = next
  }
  scene = await sceneOf({ ...specification, width: columns * cell.width, height: rows * cell.height })
  return compose(scene, { width, columns, rows, left, colour: options.colour ?? false })
}

function hasSize(specification: object): boolean {
  const { width, height } = specification as { width?: unknown, height?: unknown }
  return typeof width === 'number' && typeof height === 'number'
}

async function sceneOf(specification: object): Promise<Scene> {
  const view = await vegaScene(specification)
  try {
    return sceneItems(view)
  } finally {
    view.finalize()
  }
}

function rowsOf({ height, bands }: Scene): number {
  if (bands.y !== undefined && bands.y > 0) return bands.y * Math.max(
    1, Math.round(height / bands.y / rowLimits.pixels)
  )
  return Math.max(rowLimits.least, Math.min(rowLimits.most, Math.round(height / rowLimits.pixels)))
}

/** Cells that labels need on the left and, beyond `columns`, on the right. */
function margins(scene: Scene, columns: number): { left: number, right: number } {
  const labels = scene.axes.find(({ orient }) => orient === 'left')?.labels ?? []
  const left = labels.reduce(
    (widest, { text }) => Math.max(widest, stringWidth(visible(text))), 0
  ) + (labels.length > 0 ? 2 : 0)
  const right = scene.shapes.filter(({ kind, align }) => kind === 'text' && align === 'left')
    .reduce((most, shape) => Math.max(most, textStart(shape) + stringWidth(visible(shape.text)) - columns), 0)
  return { left: Math.min(left, 32), right: Math.min(right, 44) }
}

function scaled(scene: Scene, width: number, height: number): Scene {
  const bounds = scene.shapes.reduce((most, { x, x2, y, y2, points }) => ({
    x: Math.max(
      most.x, x, x2, ...points.map((point) => point?.[0] ?? 0)
    ), y: Math.max(most.y, y, y2, ...points.map((point) => point?.[1] ?? 0))
  }), { x: scene.width, y: scene.height })
  const across = width / bounds.x
  const down = height / bounds.y
  return {
    ...scene, width, height,
    axes: scene.axes.map((axis) => ({
      ...axis, labels: axis.labels.map(({ text, at }) => ({
        text, at: at * (axis.orient === 'left' || axis.orient === 'right' ? down : across)
      }))
    })),
    shapes: scene.shapes.map((shape) => ({
      ...shape, x: shape.x * across, x2: shape.x2 * across, y: shape.y * down, y2: shape.y2 * down,
      points: shape.points.map((point) => point === null ? null : [point[0] * across, point[1] * down] as const)
    }))
  }
}

interface Layout {
  readonly width: number, readonly columns: number, readonly rows: number, readonly left: number,
  readonly colour: boolean
}

function compose(scene: Scene, { width, columns, rows, left, colour }: Layout): string {
  const style: Style = { coloured: colour, legend: scene.legend, columns }
  const paint = colour ? paint256 : (text: string): string => text
  const strong = (text: string): string => colour ? `\u001b[1m${text}\u001b[0m` : text
  const canvas = new CellCanvas(width - left, rows)
  drawShapes(canvas, scene.shapes.map((shape) => ({ ...shape, text: visible(shape.text) })), style)
  const vertical = scene.axes.find(({ orient }) => orient === 'left')
  const horizontal = scene.axes.find(({ orient }) => orient === 'bottom')
  const lines = [
    ...wrapTo(visible(scene.title.join(' ')), width).map(strong),
    ...wrapTo(visible(scene.subtitle.join(' ')), width),
    ...legendLines(scene, style, width, paint),
    '',
    ...(vertical?.title ? [fitTo(visible(vertical.title), width)] : []),
    ...beside(vertical, canvas.lines(paint), left),
    ...below(horizontal, columns, left, width)
  ]
  return `${lines.join('\n')}\n`
}

function legendLines({ legend, shapes }: Scene, style: Style, width: number, paint: (text: string, colour: string | undefined) => string): string[] {
  if (legend.length === 0) return []
  const filled = shapes.some(({ kind }) => kind === 'rect')
  const lines: { text: string, cells: number }[] = []
  for (const { text, colour } of legend) {
    const sign = filled ? fillOf(colour, style) : markOf(colour, style) ?? '━'
    const label = fitTo(visible(text), width - 2)
    const cells = 2 + stringWidth(label)
    const last = lines.at(-1)
    const entry = `${paint(sign, colour)} ${label}`
    if (last !== undefined && last.cells + 3 + cells <= width) lines[lines.length - 1] = {
      text: `${last.text}   ${entry}`, cells: last.cells + 3 + cells
    }
    else lines.push({ text: entry, cells })
  }
  return ['', ...lines.map(({ text }) => text)]
}

/** The drawn rows with the labels of the vertical axis before them. */
function beside(axis: Axis | undefined, drawn: readonly string[], left: number): string[] {
  if (axis === undefined || left < 2) return [...drawn]
  const labels = new Map<number, string>()
  for (const { text, at } of axis.labels) {
    const row = Math.min(drawn.length - 1, Math.max(0, Math.floor((at - 1) / cell.height)))
    if (!labels.has(row)) labels.set(row, fitTo(visible(text), left - 2))
  }
  return drawn.map((line, row) => {
    const label = labels.get(row) ?? ''
    return `${' '.repeat(left - 2 - stringWidth(label))}${label} ${label === '' ? '│' : '┤'}${line}`.trimEnd()
  })
}

/** The line of the horizontal axis, every label or every n-th so that they do not touch, and its title. */
function below(axis: Axis | undefined, columns: number, left: number, width: number): string[] {
  if (axis === undefined) return []
  const labels = [...axis.labels].sort((a, b) => a.at - b.at).map(({ text, at }) => {
    const label = visible(text)
    const tick = Math.min(columns - 1, Math.max(0, Math.floor(at / cell.width)))
    return {
      label, tick,
      start: Math.max(0, Math.min(left + tick - Math.floor((stringWidth(label) - 1) / 2), width - stringWidth(label)))
    }
  })
  let shown = labels
  for (let every = 1; every <= labels.length; every++) {
    shown = labels.filter((_, i) => i % every === 0)
    if (shown.every(({ start }, i) => i === 0 || start > shown[i - 1].start + stringWidth(shown[i - 1].label))) break
  }
  const line = new Array<string>(columns).fill('─')
  let text = ''
  for (const { label, tick, start } of shown) {
    text += ' '.repeat(start - stringWidth(text)) + label
    line[tick] = '┬'
  }
  const title = fitTo(visible(axis.title), width)
  const under = title === '' ? [] : [
    ' '.repeat(Math.max(
      0, Math.min(left + Math.floor((columns - stringWidth(title)) / 2), width - stringWidth(title))
    )) + title
  ]
  return [`${' '.repeat(Math.max(0, left - 1))}${left > 0 ? '└' : ''}${line.join('')}`, text, ...under]
}
