import type { Key } from '../terminal/key.js'
import { edited, killed, moved, type EditorState, type EditorText } from './editorState.js'
import { nextOffset, previousOffset } from './graphemes.js'
import { lineEnd, lineStart, vertically, wordLeft, wordRight } from './motions.js'

type Edit = (state: EditorState) => EditorState | undefined

const indent = '  '

/** What each editing key does: Emacs keys as readline has them, and the keys with names on a keyboard. */
export const editKeys: Readonly<Record<string, Edit>> = {
  left: (state) => moved(state, previousOffset(state.text, state.cursor)),
  right: (state) => moved(state, nextOffset(state.text, state.cursor)),
  'ctrl+b': (state) => moved(state, previousOffset(state.text, state.cursor)),
  'ctrl+f': (state) => moved(state, nextOffset(state.text, state.cursor)),
  'ctrl+left': (state) => moved(state, wordLeft(state.text, state.cursor)),
  'ctrl+right': (state) => moved(state, wordRight(state.text, state.cursor)),
  'alt+left': (state) => moved(state, wordLeft(state.text, state.cursor)),
  'alt+right': (state) => moved(state, wordRight(state.text, state.cursor)),
  'alt+b': (state) => moved(state, wordLeft(state.text, state.cursor)),
  'alt+f': (state) => moved(state, wordRight(state.text, state.cursor)),
  home: (state) => moved(state, firstOfLine(state)),
  'ctrl+a': (state) => moved(state, firstOfLine(state)),
  end: (state) => moved(state, lineEnd(state.text, state.cursor)),
  'ctrl+e': (state) => moved(state, lineEnd(state.text, state.cursor)),
  'ctrl+home': (state) => moved(state, 0),
  'ctrl+end': (state) => moved(state, state.text.length),
  'alt+<': (state) => moved(state, 0),
  'alt+>': (state) => moved(state, state.text.length),
  // Undefined on the first and last line: then history takes the key.
  up: (state) => vertically(state, -1),
  down: (state) => vertically(state, 1),

  'alt+enter': newLine,
  'shift+enter': newLine,
  'ctrl+j': newLine,
  backspace: eraseBack,
  'ctrl+h': eraseBack,
  delete: eraseForward,
  'ctrl+d': eraseForward,
  'ctrl+t': transpose,

  'ctrl+k': (state) => killed(state, state.cursor, killEnd(state)),
  'ctrl+u': (state) => killed(state, lineStart(state.text, state.cursor), state.cursor),
  'ctrl+w': (state) => killed(state, blankLeft(state), state.cursor),
  'alt+backspace': (state) => killed(state, wordLeft(state.text, state.cursor), state.cursor),
  'ctrl+backspace': (state) => killed(state, wordLeft(state.text, state.cursor), state.cursor),
  'alt+d': (state) => killed(state, state.cursor, wordRight(state.text, state.cursor)),
  'ctrl+delete': (state) => killed(state, state.cursor, wordRight(state.text, state.cursor)),
  'ctrl+y': yank,
  'alt+y': yankEarlier,

  'ctrl+_': undo,
  'ctrl+x': undo,
  'alt+_': redo,
  'alt+/': redo,
  'shift+tab': dedent
}

/** The editor after a key; undefined where the key is not the editor's, or has nothing to do there. */
export function editKey(state: EditorState, key: Key): EditorState | undefined {
  if (key.id === 'text') return typed(state, key.text)
  if (key.id === 'paste') return edited(state, inserted(state, key.text), state.cursor + key.text.length, 'other')
  return editKeys[key.id]?.(state)
}

function inserted({ text, cursor }: EditorText, added: string): string {
  return text.slice(0, cursor) + added + text.slice(cursor)
}

/** A closing bracket that is the first of its line goes back by one step. */
function typed(state: EditorState, text: string): EditorState {
  const start = lineStart(state.text, state.cursor)
  const before = state.text.slice(start, state.cursor)
  if (/^[)\]}]$/.test(text) && before.endsWith(indent) && before.trim() === '') {
    const cursor = state.cursor - indent.length
    return edited(state, state.text.slice(0, cursor) + text + state.text.slice(state.cursor), cursor + 1, 'other')
  }
  return edited(state, inserted(state, text), state.cursor + text.length, 'type')
}

/** A line end with the indentation of the line before, and a step more behind an opening bracket. */
export function newLine(state: EditorState): EditorState {
  const before = state.text.slice(lineStart(state.text, state.cursor), state.cursor)
  const blank = `${/^\s*/.exec(before)![0]}${/[([{]\s*$/.test(before) ? indent : ''}`
  return edited(state, inserted(state, `\n${blank}`), state.cursor + 1 + blank.length, 'other')
}

/** A step of indentation where only blanks stand before the cursor; undefined elsewhere: there Tab completes. */
export function indented(state: EditorState): EditorState | undefined {
  const before = state.text.slice(lineStart(state.text, state.cursor), state.cursor)
  if (before.trim() !== '' || !state.text.includes('\n')) return undefined
  return edited(state, inserted(state, indent), state.cursor + indent.length, 'other')
}

function dedent(state: EditorState): EditorState | undefined {
  const start = lineStart(state.text, state.cursor)
  if (!state.text.startsWith(indent, start)) return undefined
  const cursor = Math.max(start, state.cursor - indent.length)
  return edited(state, state.text.slice(0, start) + state.text.slice(start + indent.length), cursor, 'other')
}

/** The first character of a line that is no blank, or from there the very start. */
function firstOfLine({ text, cursor }: EditorText): number {
  const start = lineStart(text, cursor)
  const first = start + /^[ \t]*/.exec(text.slice(start))![0].length
  return cursor === first ? start : first
}

function eraseBack(state: EditorState): EditorState {
  const { text, cursor } = state
  const before = text.slice(lineStart(text, cursor), cursor)
  const start = before !== '' && before.trim() === '' && before.length % indent.length === 0
    ? cursor - indent.length : previousOffset(text, cursor)
  return edited(state, text.slice(0, start) + text.slice(cursor), start, 'erase')
}

function eraseForward(state: EditorState): EditorState | undefined {
  const { text, cursor } = state
  // At an empty prompt Ctrl-D means to leave.
  if (text === '') return undefined
  return edited(state, text.slice(0, cursor) + text.slice(nextOffset(text, cursor)), cursor, 'erase')
}

/** Exchanges the characters before and at the cursor; at the end of a line the two before it. */
function transpose(state: EditorState): EditorState {
  const { text, cursor } = state
  const end = cursor === lineEnd(text, cursor) ? cursor : nextOffset(text, cursor)
  const middle = previousOffset(text, end)
  const start = previousOffset(text, middle)
  if (start < lineStart(text, cursor) || start === middle) return state
  return edited(state, text.slice(0, start) + text.slice(middle, end) + text.slice(start, middle) + text.slice(end), end, 'other')
}

/** To the end of the line, and there the line end itself. */
function killEnd({ text, cursor }: EditorText): number {
  const end = lineEnd(text, cursor)
  return end === cursor ? Math.min(text.length, cursor + 1) : end
}

function blankLeft({ text, cursor }: EditorText): number {
  return cursor - /\S*\s*$/.exec(text.slice(0, cursor))![0].length
}

function yank(state: EditorState): EditorState | undefined {
  const text = state.kills.at(-1)
  if (text === undefined) return undefined
  const end = state.cursor + text.length
  return { ...edited(state, inserted(state, text), end, 'yank'), yanked: { start: state.cursor, end, kill: state.kills.length - 1 } }
}

function yankEarlier(state: EditorState): EditorState | undefined {
  const { yanked, kills } = state
  if (yanked === null) return undefined
  const kill = (yanked.kill + kills.length - 1) % kills.length
  const text = kills[kill]
  const end = yanked.start + text.length
  const next = edited(state, state.text.slice(0, yanked.start) + text + state.text.slice(yanked.end), end, 'yank')
  return { ...next, yanked: { start: yanked.start, end, kill } }
}

function undo(state: EditorState): EditorState | undefined {
  const before = state.undo.at(-1)
  if (before === undefined) return undefined
  const redo = [...state.redo, { text: state.text, cursor: state.cursor }]
  return { ...state, ...before, undo: state.undo.slice(0, -1), redo, goal: null, last: 'other', yanked: null }
}

function redo(state: EditorState): EditorState | undefined {
  const after = state.redo.at(-1)
  if (after === undefined) return undefined
  const undo = [...state.undo, { text: state.text, cursor: state.cursor }]
  return { ...state, ...after, undo, redo: state.redo.slice(0, -1), goal: null, last: 'other', yanked: null }
}
