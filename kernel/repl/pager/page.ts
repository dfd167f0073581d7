import type { TableWindow } from '../../../lib/index.js'

/** What a person may do next with a row, and the code that does it. */
export interface Drill {
  readonly key: string
  /** What the foot line says of it. */
  readonly label: string
  readonly title: string
  readonly code: string
  /** What is known of the type of the objects it leads to. */
  readonly type: string | null
}

interface PageHead {
  /** Under which number the session keeps the value. */
  readonly id: number
  readonly title: string
  /** The expression whose value this is. */
  readonly code: string
  /** The type of the objects that rows of this page are, where the way here told it. */
  readonly type: string | null
}

/** A table, of which only the rows around those in sight are here. */
export interface TablePage extends PageHead {
  readonly kind: 'table'
  readonly window: TableWindow
  /** First row in sight, the chosen row, and the chosen column. */
  readonly top: number
  readonly row: number
  readonly column: number
  readonly sort: string | null
  readonly descending: boolean
  readonly filter: string
  /** The filter while it is being typed. */
  readonly typing: string | null
  /** How the window was asked for that is here: another filter or order makes it stale. */
  readonly shown: { readonly filter: string, readonly sort: string | null, readonly descending: boolean }
  /** Cells of the widest text seen in each column, so that columns do not jump while scrolling. */
  readonly widths: readonly number[]
}

/** Anything that is no table, as text. */
export interface TextPage extends PageHead {
  readonly kind: 'text'
  readonly lines: readonly string[]
  readonly top: number
}

export type Page = TablePage | TextPage

/** The pager: pages one behind the other, the last in sight. Plain data, changed by pagerKey. */
export interface PagerState {
  readonly pages: readonly Page[]
  readonly width: number
  readonly height: number
  /** What is being opened, where it takes a while. */
  readonly opening: string | null
  /** Why the last thing did not work; gone with the next key. */
  readonly note: string | null
  /** Variables of the session that drills may go on from. */
  readonly names: PagerNames
}

export interface PagerNames {
  readonly dump: string | null
  readonly snapshots: string | null
}

export type PagerEffect =
  | { readonly kind: 'open', readonly drill: Drill }
  | { readonly kind: 'close' }
  /** Leaves the pager with this code at the prompt. */
  | { readonly kind: 'code', readonly code: string }
  | { readonly kind: 'cancel' }

/** Lines of the pager around the rows: title, names, units, foot, keys. */
const frameLines = 5

/** Rows that fit. */
export function rowsInSight(state: Pick<PagerState, 'height'>): number {
  return Math.max(1, state.height - frameLines)
}
