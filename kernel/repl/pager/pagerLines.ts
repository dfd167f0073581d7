import { formatCount } from '../../../lib/index.js'
import { cellsOf, graphemesOf } from '../editor/graphemes.js'
import { paint, type Paint } from '../terminal/styles.js'
import { drillsOf } from './drills.js'
import { rowsInSight, type PagerState, type TablePage, type TextPage } from './page.js'

const gap = 2
/** A column of words takes at most this share of the width, and what tells names apart, unless it is the chosen one. */
const widest = { share: 0.3, least: 24 }
/** The chosen column of words may take more, if there is room. */
const widestChosen = 120

/**
 * What the pager shows, a line for each of the terminal's. It is made without Ink, which takes 15 ms of a key's 16 to lay out
 * forty lines.
 */
export function pagerLines(state: PagerState, colour: boolean): string[] {
  const { width } = state
  const brush = paint(colour)
  const page = state.pages.at(-1)
  const path = [...state.pages.map(({ title }) => title), ...(state.opening === null ? [] : [`${state.opening} …`])]
  const title = brush('bold', cutLeft(path.join(' › '), width))
  if (page === undefined) return [title]
  const body = page.kind === 'table' ? tableLines(state, page, brush) : textLines(state, page)
  const blank = Array.from({ length: Math.max(0, rowsInSight(state) + 2 - body.length) }, () => '')
  return [title, ...body, ...blank, footLine(state, brush), brush('dim', cutRight(keysLine(state), width))]
}

function tableLines(state: PagerState, page: TablePage, brush: Paint): string[] {
  const { window, row, top, column } = page
  const columns = fit(page, state.width)
  const line = (cells: (position: number) => string): string => columns.map(({ position, width }) => pad(
    cells(position), width, window.columns[position].align
  )).join(' '.repeat(gap))
  const arrow = (name: string): string => page.sort !== name ? name : `${name}${page.descending ? '↓' : '↑'}`
  const head = columns.map(({ position, width }) => {
    const text = pad(arrow(window.columns[position].name), width, window.columns[position].align)
    return brush(position === column ? 'chosen' : 'bold', text)
  }).join(' '.repeat(gap))
  const lines = [head, brush('dim', line((position) => window.columns[position].unit).trimEnd())]
  const sight = Math.min(rowsInSight(state), window.matching - top)
  for (let i = 0; i < sight; i++) {
    const cells = window.cells[top + i - window.start]
    const text = cells === undefined ? brush('dim', '…') : line((position) => cells[position])
    lines.push(top + i === row ? brush('inverse', pad(text.trimEnd(), state.width, 'left')) : text.trimEnd())
  }
  if (window.matching === 0) lines.push(brush('dim', noRows(page)))
  return lines.map((text) => cutStyled(text, state.width))
}

function noRows({ window }: TablePage): string {
  if (window.total > 0) return 'no row fits the filter'
  const isReferences = ['target', 'from'].every((name) => window.columns.some((column) => column.name === name))
  return isReferences ? 'nobody refers to it: not a word of kernel memory or of allocated objects' : 'no rows'
}

function textLines(state: PagerState, page: TextPage): string[] {
  return page.lines.slice(page.top, page.top + rowsInSight(state) + 2).map((line) => cutStyled(line, state.width))
}

function footLine(state: PagerState, brush: Paint): string {
  const page = state.pages.at(-1)!
  if (state.note !== null) return brush('warning', cutRight(state.note, state.width))
  if (page.kind === 'text') {
    const end = Math.min(page.lines.length, page.top + rowsInSight(state) + 2)
    return brush('dim', cutRight(`lines ${page.top + 1}–${end} of ${page.lines.length}`, state.width))
  }
  if (page.typing !== null) return cutLeft(`filter: ${page.typing}▏`, state.width)
  const { window } = page
  const rows = window.matching === window.total ? formatCount(window.total) : `${formatCount(window.matching)} of ${formatCount(window.total)}`
  const meaning = window.columns[page.column]
  const place = window.matching === 0 ? `0 rows of ${formatCount(window.total)}` : `row ${formatCount(page.row + 1)} of ${rows}`
  const filter = page.filter === '' ? '' : `  filter: ${page.filter}`
  const text = meaning === undefined || meaning.text === '' ? '' : `  ${meaning.name}: ${meaning.text}`
  return brush('dim', cutRight(`${place}${filter}${text}`, state.width))
}

/** What the keys do here, the most useful first: what does not fit is known by then. */
function keysLine(state: PagerState): string {
  const page = state.pages.at(-1)!
  if (state.opening !== null) return 'Esc stops'
  if (page.kind === 'text') return `${state.pages.length > 1 ? 'Esc back' : 'Esc close'} · ↑↓ scroll · c code to the prompt · q close`
  if (page.typing !== null) return 'words, column=word, column>number · Enter keep · Esc no filter'
  const drills = drillsOf(page, state.names).map(({ key, label }) => `${key === 'enter' ? 'Enter' : key} ${label}`)
  return [...drills, state.pages.length > 1 ? 'Esc back' : 'Esc close', '/ filter', 's sort', '←→ column', 'c code', 'q close'].join(' · ')
}

interface FittedColumn { readonly position: number, readonly width: number }

/** The first column always, then those up to the chosen one and further, as many as the width takes. */
function fit({ window, widths, column }: TablePage, width: number): FittedColumn[] {
  const wide = (position: number): number => {
    const { align, type } = window.columns[position]
    if (align === 'right' || type === 'address' || type === 'time') return widths[position] + 1
    return Math.min(widths[position] + 1, position === column ? widestChosen : Math.max(widest.least, Math.floor(width * widest.share)))
  }
  const all = window.columns.map((_, position) => ({ position, width: Math.min(wide(position), width) }))
  if (all.length === 0) return []
  const [first, ...others] = all
  const sum = (from: number, to: number): number => others.slice(from, to).reduce((total, each) => total + each.width + gap, first.width)
  const chosen = Math.max(0, column - 1)
  let from = 0
  while (from < chosen && sum(from, chosen + 1) > width) from++
  let to = Math.min(others.length, chosen + 1)
  while (to < others.length && sum(from, to + 1) <= width) to++
  return [first, ...others.slice(from, to)]
}

function pad(text: string, width: number, align: 'left' | 'right'): string {
  const cut = cutRight(text, width)
  const blank = ' '.repeat(Math.max(0, width - cellsOf(cut)))
  return align === 'right' ? blank + cut : cut + blank
}

/** The first characters that fit, and `…` for the rest. */
export function cutRight(text: string, width: number): string {
  if (cellsOf(text) <= width) return text
  let cut = ''
  let used = 0
  for (const grapheme of graphemesOf(text)) {
    const cells = cellsOf(grapheme)
    if (used + cells > width - 1) break
    cut += grapheme
    used += cells
  }
  return width < 1 ? '' : `${cut}…`
}

/** The last characters that fit. */
function cutLeft(text: string, width: number): string {
  if (cellsOf(text) <= width) return text
  let cut = ''
  let used = 0
  for (const grapheme of graphemesOf(text).reverse()) {
    const cells = cellsOf(grapheme)
    if (used + cells > width - 1) break
    cut = grapheme + cut
    used += cells
  }
  return `…${cut}`
}

/** As {@link cutRight} for a text with colours, which take no room. */
export function cutStyled(text: string, width: number): string {
  const parts = text.split(/(\u001b\[[\d;]*m)/)
  let used = 0
  let cut = ''
  for (const [i, part] of parts.entries()) {
    if (i % 2 === 1) cut += part
    else if (used < width) {
      const piece = cutRight(part, width - used)
      used += cellsOf(piece)
      cut += piece
    }
  }
  return cut
}
