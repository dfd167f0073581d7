import { stringWidth } from '../util/stringWidth.js'
import { formatCount } from '../util/units.js'
import { visible } from '../util/visible.js'
import { cellFormat, unknownText } from './cellText.js'
import type { ShownColumn, ShownRows } from './shownRows.js'
import type { TableLayout } from './formatTable.js'

const defaults = { width: 80, rows: 50 }
const gap = 2
/** Terminal cells below which a column is not cut: names have to be told apart, of sentences and lists the beginning has to be readable. */
const least = { name: 24, words: 20 }
const naming = new Set(['cache', 'member', 'module', 'name', 'symbol', 'type'])
/** What goes first where the width is small: it says more exactly what another column says as well. */
const minor = new Set([
  'address', 'askedObjects', 'example', 'high', 'low', 'objectBytes', 'objectsPerSlab', 'pagesPerSlab', 'reach', 'reachBasis', 'readObjects', 'retainedBytes',
  'slabBytes', 'timeFrom', 'typeBasis', 'unreachable', 'uptime'
])

const ansi = { bold: '1', dim: '2', red: '31', yellow: '33', green: '32' } as const
type Style = keyof typeof ansi

/** Words that say how bad it is, in the columns that judge. */
const judgement: Readonly<Record<string, Style>> = {
  growing: 'red', leak: 'red', new: 'yellow', maybe: 'yellow', unknown: 'dim', gone: 'dim', steady: 'green', 'not a leak': 'green'
}
const judging = new Set(['verdict', 'status'])

interface LaidOutColumn {
  readonly name: string
  readonly align: 'left' | 'right'
  readonly unit: string
  readonly cells: string[]
  width: number
  /** What it may be cut to: words may be cut, numbers and addresses never. */
  readonly least: number
}

/** The lines of a table for people. The rows that are cut out are counted, columns that do not fit are named. */
export function* textTable(rows: ShownRows, layout: TableLayout): Generator<string> {
  const most = Math.max(1, layout.rows ?? defaults.rows)
  const tail = rows.count > most ? Math.floor(most / 4) : 0
  const head = Math.min(rows.count, most - tail)
  const shown = Array.from({ length: head + tail }, (_, i) => i < head ? i : rows.count - tail + i - head)
  const all = rows.columns.map((column, i) => layOut(
    column, shown, i === 0 || naming.has(column.name) ? least.name : least.words
  ))
  const { fitting, left } = fit(all, layout.width ?? defaults.width)
  const paint = painter(layout.colour ?? false)

  if (fitting.length > 0) {
    yield line(fitting.map((column) => paint('bold', pad(column.name, column))))
    if (fitting.some(({ unit }) => unit !== '')) yield line(fitting.map((column) => paint(
      'dim', pad(column.unit, column)
    )))
    for (let i = 0; i < shown.length; i++) {
      if (i === head) yield line(fitting.map((column) => paint('dim', pad('…', column))))
      yield line(fitting.map((column) => paint(style(column, column.cells[i]), pad(column.cells[i], column))))
    }
  }
  yield `${paint('dim', shapeLine(shown.length, layout.total ?? rows.count, left))}\n`
}

/** "n of N rows", and the columns there was no room for. */
export function shapeLine(shown: number, total: number, columnsLeft: readonly string[] = []): string {
  const rows = shown === total ? `${formatCount(total)} ${total === 1 ? 'row' : 'rows'}` : `${formatCount(shown)} of ${formatCount(total)} rows`
  return columnsLeft.length === 0 ? rows : `${rows}; not shown for want of width: ${columnsLeft.join(', ')}`
}

function layOut(column: ShownColumn, shown: readonly number[], leastOfWords: number): LaidOutColumn {
  const { description } = column
  const values = shown.map((row) => column.at(row))
  const format = cellFormat(column, values)
  const { align, unit } = format
  const cells = values.map((value) => format.text(value))
  const heading = visible(column.name)
  const width = cells.reduce((widest, cell) => Math.max(widest, widthOf(cell)), Math.max(widthOf(heading), unit.length))
  const elastic = align === 'left' && description?.type !== 'address' && description?.type !== 'time'
  return { name: heading, align, unit, cells, width, least: elastic ? Math.min(width, leastOfWords) : width }
}

/** Narrows the widest texts until the table fits; where that is not enough, columns are left out: minor ones, then from the right, never the first. */
function fit(all: LaidOutColumn[], width: number): { fitting: LaidOutColumn[], left: string[] } {
  const fitting = [...all]
  const left: string[] = []
  const sum = (of: (column: LaidOutColumn) => number): number => fitting.reduce(
    (total, column) => total + of(column) + gap, -gap
  )
  while (fitting.length > 1 && sum((column) => column.least) > width) {
    const last = fitting.findLastIndex(({ name }, i) => i > 0 && minor.has(name))
    left.push(...fitting.splice(last < 0 ? fitting.length - 1 : last, 1).map(({ name }) => name))
  }
  left.sort((a, b) => all.findIndex(({ name }) => name === a) - all.findIndex(({ name }) => name === b))
  for (let over = sum((column) => column.width) - width; over > 0; over--) {
    const widest = fitting.filter((column) => column.width > column.least).sort((a, b) => b.width - a.width)[0]
    if (widest === undefined) break
    widest.width--
  }
  return { fitting, left }
}

function line(cells: string[]): string {
  return `${cells.join(' '.repeat(gap)).trimEnd()}\n`
}

function pad(text: string, { width, align }: LaidOutColumn): string {
  const cut = fitTo(text, width)
  const blank = ' '.repeat(Math.max(0, width - widthOf(cut)))
  return align === 'right' ? blank + cut : cut + blank
}

/** A text that fits into `width` cells: whole, or its first characters with `…` for the rest. Wide characters count as two. */
export function fitTo(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let cut = ''
  let used = 0
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    const wide = widthOf(segment)
    if (used + wide > width - 1) break
    cut += segment
    used += wide
  }
  return `${cut}…`
}

function widthOf(text: string): number {
  return /^[\x20-\x7e]*$/.test(text) ? text.length : stringWidth(text)
}

function style(column: LaidOutColumn, cell: string): Style | undefined {
  if (cell === unknownText) return 'dim'
  return judging.has(column.name) ? judgement[cell] : undefined
}

function painter(colour: boolean): (style: Style | undefined, text: string) => string {
  return (style, text) => {
    if (!colour || style === undefined || text.trim() === '') return text
    return `\u001b[${ansi[style]}m${text}\u001b[0m`
  }
}
