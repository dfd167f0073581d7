import type { Key } from '../terminal/key.js'
import { graphemesOf } from './graphemes.js'

/** A search backwards through the history, as Ctrl-R does it. */
export interface HistorySearch {
  readonly query: string
  /** Position of the cell that is shown; -1 while none matches. */
  readonly found: number
  /** The last query that found nothing keeps showing the cell before. */
  readonly failed: boolean
}

export const emptySearch: HistorySearch = { query: '', found: -1, failed: false }

export type SearchStep =
  | { readonly kind: 'on', readonly search: HistorySearch }
  | { readonly kind: 'take' }
  | { readonly kind: 'leave' }
  /** Takes the cell, and the key still does what it does in the editor. */
  | { readonly kind: 'takeAndKey' }

/** What a key does while searching. */
export function searchKey(cells: readonly string[], search: HistorySearch, key: Key): SearchStep {
  switch (key.id) {
    case 'text':
    case 'paste':
      return { kind: 'on', search: find(cells, { ...search, query: search.query + key.text }, start(cells, search), -1) }
    case 'backspace':
    case 'ctrl+h':
      return { kind: 'on', search: find(cells, { ...emptySearch, query: graphemesOf(search.query).slice(0, -1).join('') }, cells.length - 1, -1) }
    case 'ctrl+r':
    case 'up':
      return { kind: 'on', search: find(cells, search, start(cells, search) - (search.found < 0 ? 0 : 1), -1) }
    case 'ctrl+s':
    case 'down':
      return { kind: 'on', search: find(cells, search, search.found + 1, 1) }
    case 'enter':
    case 'tab':
      return { kind: 'take' }
    case 'escape':
    case 'ctrl+g':
    case 'ctrl+c':
      return { kind: 'leave' }
    default:
      return { kind: 'takeAndKey' }
  }
}

function start(cells: readonly string[], { found }: HistorySearch): number {
  return found < 0 ? cells.length - 1 : found
}

function find(cells: readonly string[], search: HistorySearch, from: number, direction: -1 | 1): HistorySearch {
  if (search.query === '') return { ...search, found: -1, failed: false }
  const query = search.query.toLowerCase()
  const shown = search.found >= 0 ? cells[search.found] : undefined
  for (let i = from; i >= 0 && i < cells.length; i += direction) {
    const isOther = i === search.found || cells[i] !== shown
    if (isOther && cells[i].toLowerCase().includes(query)) return { ...search, found: i, failed: false }
  }
  return { ...search, failed: true }
}
