/** A text and where the cursor stands in it: what undo goes back to. */
export interface EditorText {
  readonly text: string
  /** UTF-16 offset, always at the start of a character that a person sees as one. */
  readonly cursor: number
}

/** What kind of edit came last: edits of one kind undo together, kills of one run yank together. */
export type EditKind = 'type' | 'erase' | 'kill' | 'yank' | 'other'

/** Everything the editor knows of the text being typed. Plain data: each key makes a new one. */
export interface EditorState extends EditorText {
  /** The cell that up and down aim at while the lines between are shorter. */
  readonly goal: number | null
  readonly undo: readonly EditorText[]
  readonly redo: readonly EditorText[]
  readonly last: EditKind
  /** Killed texts, latest last. */
  readonly kills: readonly string[]
  /** What was yanked last and may be exchanged for an earlier kill. */
  readonly yanked: { readonly start: number, readonly end: number, readonly kill: number } | null
}

export const emptyEditor: EditorState = {
  text: '', cursor: 0, goal: null, undo: [], redo: [], last: 'other', kills: [], yanked: null
}

const mostUndo = 500
const mostKills = 30

/** The state after a change of the text. Typing in one run is one step back. */
export function edited(state: EditorState, text: string, cursor: number, kind: EditKind): EditorState {
  if (text === state.text) return moved(state, cursor)
  const together = kind === state.last && (kind === 'type' || kind === 'erase') && state.undo.length > 0
  const undo = together ? state.undo : [...state.undo, { text: state.text, cursor: state.cursor }].slice(-mostUndo)
  return { ...state, text, cursor, goal: null, undo, redo: [], last: kind, yanked: null }
}

/** The state with the cursor elsewhere. */
export function moved(state: EditorState, cursor: number, goal: number | null = null): EditorState {
  return { ...state, cursor, goal, last: 'other', yanked: null }
}

/** A text in place of all that stood there, the cursor at its end unless told. */
export function replaced(state: EditorState, text: string, cursor: number = text.length): EditorState {
  return edited(state, text, cursor, 'other')
}

/** What was cut out goes to the kills; a run of kills is one. */
export function killed(state: EditorState, start: number, end: number): EditorState {
  if (start === end) return state
  const cut = state.text.slice(start, end)
  const backwards = start < state.cursor
  const kills = state.last === 'kill' && state.kills.length > 0
    ? [...state.kills.slice(0, -1), backwards ? cut + state.kills.at(-1)! : state.kills.at(-1)! + cut]
    : [...state.kills, cut].slice(-mostKills)
  return { ...edited(state, state.text.slice(0, start) + state.text.slice(end), start, 'kill'), kills }
}
