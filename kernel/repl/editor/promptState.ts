import type { Key } from '../terminal/key.js'
import { menuKey, type CompletionMenu } from './completionMenu.js'
import { editKey, indented, newLine } from './editKeys.js'
import { edited, emptyEditor, replaced, type EditorState } from './editorState.js'
import { emptySearch, searchKey, type HistorySearch } from './historySearch.js'
import { walkHistory, type HistoryWalk } from './historyWalk.js'

/** Everything about the prompt that keys change: the text, and what is open around it. */
export interface PromptState {
  readonly editor: EditorState
  readonly walk: HistoryWalk | null
  readonly search: HistorySearch | null
  readonly menu: CompletionMenu | null
}

export const emptyPrompt: PromptState = { editor: emptyEditor, walk: null, search: null, menu: null }

/** What the prompt can't do by itself. */
export type PromptEffect = 'submit' | 'complete' | 'interrupt' | 'leave' | 'clearScreen' | 'suspend' | 'page'

export interface PromptStep {
  readonly prompt: PromptState
  readonly effect?: PromptEffect
}

/** The prompt after a key. `cells` is the history, oldest first. */
export function promptKey(prompt: PromptState, key: Key, cells: readonly string[]): PromptStep {
  if (prompt.search !== null) return inSearch(prompt, prompt.search, key, cells)
  if (prompt.menu !== null) {
    const step = menuKey(prompt.menu, prompt.editor, key)
    if (step.kind === 'on') return { prompt: { ...prompt, menu: step.menu, editor: step.editor } }
    const closed = { ...prompt, menu: null, editor: step.editor }
    return step.kind === 'close' ? { prompt: closed } : plainKey(closed, key, cells)
  }
  return plainKey(prompt, key, cells)
}

function plainKey(prompt: PromptState, key: Key, cells: readonly string[]): PromptStep {
  const { editor } = prompt
  switch (key.id) {
    case 'enter': return { prompt, effect: 'submit' }
    case 'tab': {
      const shifted = indented(editor)
      return shifted === undefined ? { prompt, effect: 'complete' } : { prompt: { ...prompt, editor: shifted } }
    }
    case 'ctrl+c': return { prompt, effect: 'interrupt' }
    case 'ctrl+l': return { prompt, effect: 'clearScreen' }
    case 'ctrl+z': return { prompt, effect: 'suspend' }
    case 'ctrl+o': case 'f2': return { prompt, effect: 'page' }
    case 'ctrl+r': return { prompt: { ...prompt, search: emptySearch } }
    case 'ctrl+p': case 'alt+up': return { prompt: older(prompt, cells, -1) }
    case 'ctrl+n': case 'alt+down': return { prompt: older(prompt, cells, 1) }
    case 'ctrl+d': if (editor.text === '') return { prompt, effect: 'leave' }
  }
  const next = editKey(editor, key)
  if (next !== undefined) {
    // While walking, a move keeps the walk; a change of the text begins a new one.
    return { prompt: { ...prompt, editor: next, walk: next.text === editor.text ? prompt.walk : null } }
  }
  if (key.id === 'up') return { prompt: older(prompt, cells, -1) }
  if (key.id === 'down') return { prompt: older(prompt, cells, 1) }
  return { prompt }
}

function older(prompt: PromptState, cells: readonly string[], direction: -1 | 1): PromptState {
  const step = walkHistory(cells, prompt.walk, direction, prompt.editor)
  return step === undefined ? prompt : { ...prompt, walk: step.walk, editor: replaced(prompt.editor, step.text) }
}

function inSearch(prompt: PromptState, search: HistorySearch, key: Key, cells: readonly string[]): PromptStep {
  const step = searchKey(cells, search, key)
  if (step.kind === 'on') return { prompt: { ...prompt, search: step.search } }
  const found = step.kind === 'leave' ? undefined : cells[search.found]
  const editor = found === undefined ? prompt.editor : replaced(prompt.editor, found)
  const left = { ...prompt, search: null, walk: null, editor }
  return step.kind === 'takeAndKey' ? plainKey(left, key, cells) : { prompt: left }
}

/** The prompt with a line more, because what it holds is not complete. */
export function continued(prompt: PromptState, indent: string): PromptState {
  const { text, cursor } = prompt.editor
  if (cursor < text.length) return { ...prompt, editor: newLine(prompt.editor) }
  return { ...prompt, editor: edited(prompt.editor, `${text}\n${indent}`, text.length + 1 + indent.length, 'other') }
}

/** An empty prompt that remembers what was killed. */
export function cleared(prompt: PromptState): PromptState {
  return { ...emptyPrompt, editor: { ...emptyEditor, kills: prompt.editor.kills } }
}
