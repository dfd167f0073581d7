import type { TableWindow, WindowOptions } from '../../../lib/index.js'
import { cellsOf, graphemesOf } from '../editor/graphemes.js'
import type { Key } from '../terminal/key.js'
import { drillsOf } from './drills.js'
import { rowsInSight, type Page, type PagerEffect, type PagerState, type TablePage, type TextPage } from './page.js'

export interface PagerStep {
  readonly state: PagerState
  readonly effect?: PagerEffect
}

/** Rows kept around those in sight, in screens: as many as a person scrolls while the next are fetched. */
const screensAround = 3

/** What a key does in the pager. */
export function pagerKey(before: PagerState, key: Key): PagerStep {
  const state: PagerState = { ...before, note: null }
  const page = state.pages.at(-1)
  if (state.opening !== null) return isLeaving(key) || key.id === 'ctrl+c' ? { state, effect: { kind: 'cancel' } } : { state: before }
  if (page === undefined) return { state, effect: { kind: 'close' } }
  if (page.kind === 'table' && page.typing !== null) return { state: withPage(state, typeFilter(page, key)) }
  if (key.id === 'ctrl+c' || (key.id === 'text' && key.text === 'q')) return { state, effect: { kind: 'close' } }
  if (key.id === 'escape' || key.id === 'backspace') return back(state)
  if (key.id === 'text' && key.text === 'c') return { state, effect: { kind: 'code', code: page.code } }
  return page.kind === 'table' ? tableKey(state, page, key) : { state: withPage(state, textKey(state, page, key)) }
}

function isLeaving(key: Key): boolean {
  return key.id === 'escape' || key.id === 'backspace' || (key.id === 'text' && key.text === 'q')
}

function back(state: PagerState): PagerStep {
  if (state.pages.length < 2) return { state, effect: { kind: 'close' } }
  return { state: { ...state, pages: state.pages.slice(0, -1) } }
}

function withPage(state: PagerState, page: Page): PagerState {
  return { ...state, pages: [...state.pages.slice(0, -1), page] }
}

function tableKey(state: PagerState, page: TablePage, key: Key): PagerStep {
  const sight = rowsInSight(state)
  const name = key.id === 'text' ? key.text : key.id
  const to = (row: number): PagerStep => ({ state: withPage(state, onRow(page, row, sight)) })
  const column = (position: number): PagerStep => ({
    state: withPage(state, { ...page, column: Math.max(0, Math.min(page.window.columns.length - 1, position)) })
  })
  switch (name) {
    case 'up': case 'k': case 'ctrl+p': return to(page.row - 1)
    case 'down': case 'j': case 'ctrl+n': return to(page.row + 1)
    case 'pageup': case 'ctrl+u': return to(page.row - sight)
    case 'pagedown': case ' ': case 'ctrl+d': return to(page.row + sight)
    case 'home': case 'g': return to(0)
    case 'end': case 'G': return to(page.window.matching - 1)
    case 'left': return column(page.column - 1)
    case 'right': case 'tab': return column(page.column + 1)
    case '/': return { state: withPage(state, { ...page, typing: page.filter }) }
    case 's': {
      const sort = page.window.columns[page.column]?.name ?? null
      // Numbers are mostly wanted largest first.
      const first = page.window.columns[page.column]?.type === 'number'
      const descending = page.sort === sort ? !page.descending : first
      return { state: withPage(state, { ...page, sort, descending, row: 0, top: 0 }) }
    }
    case 'S': return { state: withPage(state, { ...page, sort: null, descending: false, row: 0, top: 0 }) }
  }
  const drill = drillsOf(page, state.names).find((candidate) => candidate.key === name)
  if (drill !== undefined) return { state: { ...state, opening: drill.title }, effect: { kind: 'open', drill } }
  return { state }
}

/** Keys while the filter is typed: it takes effect as it stands, so that its rows are seen at once. */
function typeFilter(page: TablePage, key: Key): TablePage {
  const typing = page.typing!
  const with_ = (text: string): TablePage => ({ ...page, typing: text, filter: text, row: 0, top: 0 })
  switch (key.id) {
    case 'text': case 'paste': return with_(typing + key.text.replaceAll('\n', ' '))
    case 'backspace': case 'ctrl+h': return with_(graphemesOf(typing).slice(0, -1).join(''))
    case 'ctrl+u': return with_('')
    case 'ctrl+w': return with_(typing.replace(/\S*\s*$/, ''))
    case 'enter': case 'down': return { ...page, typing: null }
    case 'escape': case 'ctrl+c': case 'ctrl+g': return { ...page, typing: null, filter: '', row: 0, top: 0 }
    default: return page
  }
}

function textKey(state: PagerState, page: TextPage, key: Key): TextPage {
  const sight = rowsInSight(state)
  const most = Math.max(0, page.lines.length - sight)
  const to = (top: number): TextPage => ({ ...page, top: Math.max(0, Math.min(most, top)) })
  switch (key.id === 'text' ? key.text : key.id) {
    case 'up': case 'k': return to(page.top - 1)
    case 'down': case 'j': case 'enter': return to(page.top + 1)
    case 'pageup': case 'ctrl+u': return to(page.top - sight)
    case 'pagedown': case ' ': case 'ctrl+d': return to(page.top + sight)
    case 'home': case 'g': return to(0)
    case 'end': case 'G': return to(most)
    default: return page
  }
}

function onRow(page: TablePage, wanted: number, sight: number): TablePage {
  const row = Math.max(0, Math.min(page.window.matching - 1, wanted))
  const top = row < page.top ? row : row >= page.top + sight ? row - sight + 1 : page.top
  return { ...page, row, top: Math.max(0, top) }
}

/** What has to be fetched for what is in sight; undefined where all of it is here. */
export function windowWanted(state: PagerState): { readonly id: number, readonly options: WindowOptions } | undefined {
  const page = state.pages.at(-1)
  if (page?.kind !== 'table') return undefined
  const { window, filter, sort, descending, shown } = page
  const isStale = filter !== shown.filter || sort !== shown.sort || descending !== shown.descending
  const sight = rowsInSight(state)
  const end = Math.min(window.matching, page.top + sight)
  const isHere = page.top >= window.start && end <= window.start + window.cells.length
  if (!isStale && isHere) return undefined
  const start = Math.max(0, page.top - sight * screensAround)
  return { id: page.id, options: { ...(sort === null ? {} : { sort, descending }), filter, start, rows: sight * (screensAround * 2 + 1) } }
}

/** The pager with a window that was asked for; one that came too late is dropped. */
export function withWindow(state: PagerState, id: number, asked: WindowOptions, window: TableWindow): PagerState {
  const pages = state.pages.map((page) => {
    if (page.kind !== 'table' || page.id !== id) return page
    const shown = { filter: asked.filter ?? '', sort: asked.sort ?? null, descending: asked.descending ?? false }
    const row = Math.max(0, Math.min(window.matching - 1, page.row))
    const top = Math.max(0, Math.min(page.top, window.matching - rowsInSight(state)))
    return { ...page, window, shown, row, top: Math.min(top, row), widths: widthsOf(window, page.widths) }
  })
  return { ...state, pages }
}

/** A page for a table whose first rows are here. */
export function tablePage(head: { id: number, title: string, code: string, type: string | null }, window: TableWindow): TablePage {
  return {
    kind: 'table', ...head, window, top: 0, row: 0, column: 0, sort: null, descending: false, filter: '', typing: null,
    shown: { filter: '', sort: null, descending: false }, widths: widthsOf(window, [])
  }
}

export function openedPage(state: PagerState, page: Page): PagerState {
  return { ...state, pages: [...state.pages, page], opening: null, note: null }
}

/** The terminal has another size. */
export function resizedPager(state: PagerState, width: number, height: number): PagerState {
  const next = { ...state, width, height }
  const sight = rowsInSight(next)
  return { ...next, pages: next.pages.map((page) => page.kind === 'table' ? onRow(page, page.row, sight) : page) }
}

function widthsOf(window: TableWindow, before: readonly number[]): number[] {
  return window.columns.map(({ name, unit }, i) => {
    let width = Math.max(before[i] ?? 0, cellsOf(name), unit.length)
    for (const cells of window.cells) width = Math.max(width, cellsOf(cells[i]))
    return width
  })
}
