import { layOutEditor } from '../editor/editorLayout.js'
import type { EditorRow } from '../editor/editorLayout.js'
import type { LiveState } from '../model.js'
import { pagerLines } from '../pager/pagerLines.js'
import type { Frame } from '../terminal/screen.js'

/** Rows that the text being typed may take: the frame has to stay well below the terminal's height. */
export function editorRows({ rows }: Pick<LiveState, 'rows'>): number {
  return Math.max(1, Math.min(12, Math.floor(rows / 2)))
}

/** What stands before the further rows of a text. */
export function continuation(label: string, start: EditorRow['start']): string {
  return start === 'line' ? '. '.padStart(label.length) : ' '.repeat(label.length)
}

/** The prompt without colours and menus: what is shown until Ink is loaded, so that a person can type at once. */
export function plainFrame(state: LiveState): Frame {
  const { editor } = state.prompt
  const layout = layOutEditor(editor, Math.max(8, state.columns - state.label.length), editorRows(state), false)
  const lines = layout.rows.map(({ start, tokens }) => `${start === 'first' ? state.label : continuation(state.label, start)}${tokens.map(({ text }) => text).join('')}`)
  return { lines, cursor: { row: layout.cursor.row, column: Math.min(state.columns - 1, state.label.length + layout.cursor.column) } }
}

/** The pager fills the alternate screen, which has no scrollback that could be lost. */
export function pagerFrame(state: LiveState): Frame {
  return { lines: pagerLines(state.pager!, state.colour), cursor: null }
}
