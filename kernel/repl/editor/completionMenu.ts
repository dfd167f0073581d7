import type { Key } from '../terminal/key.js'
import { edited, type EditorState } from './editorState.js'

/** One thing that may stand at the cursor. */
export interface MenuItem {
  readonly text: string
  /** What it is: `function`, `const`, `property`, …; empty where unknown. */
  readonly kind: string
}

/** Completions that are offered. They may have come after more was typed. */
export interface CompletionMenu {
  readonly items: readonly MenuItem[]
  /** The text they stand for begins here. */
  readonly start: number
  /** Nothing is chosen until a key asks for it. */
  readonly selected: number | null
}

export type MenuStep =
  | { readonly kind: 'on', readonly menu: CompletionMenu, readonly editor: EditorState }
  | { readonly kind: 'close', readonly editor: EditorState }
  /** The menu goes away, what was chosen is taken, and the key does what it does in the editor. */
  | { readonly kind: 'pass', readonly editor: EditorState }

/** What is left of the offers after more was typed, those that begin like it first. */
export function fitting(menu: CompletionMenu, editor: EditorState): readonly MenuItem[] {
  const typed = editor.text.slice(menu.start, editor.cursor)
  const rank = ({ text }: MenuItem): number => text.startsWith(typed) ? 0 : text.toLowerCase().startsWith(typed.toLowerCase()) ? 1 : -1
  return menu.items.filter((item) => rank(item) >= 0).sort((a, b) => rank(a) - rank(b))
}

/**
 * Offers have come: one alone is taken, of several what they all begin with; then they are shown.
 */
export function openMenu(items: readonly MenuItem[], start: number, editor: EditorState): { readonly editor: EditorState, readonly menu: CompletionMenu | null } {
  const menu: CompletionMenu = { items, start, selected: null }
  const left = fitting(menu, editor)
  if (left.length === 0) return { editor, menu: null }
  if (left.length === 1) return { editor: accepted(menu, editor, left[0].text), menu: null }
  const typed = editor.text.slice(start, editor.cursor)
  const common = commonStart(left.map(({ text }) => text))
  return { editor: common.length > typed.length ? accepted(menu, editor, common) : editor, menu: { ...menu, items: left } }
}

/** What a key does while the menu is open. */
export function menuKey(menu: CompletionMenu, editor: EditorState, key: Key): MenuStep {
  const left = fitting(menu, editor)
  const choose = (step: number): MenuStep => {
    const at = menu.selected === null ? (step > 0 ? 0 : left.length - 1) : (menu.selected + step + left.length) % left.length
    return { kind: 'on', editor, menu: { ...menu, items: left, selected: at } }
  }
  const pass = (): MenuStep => ({
    kind: 'pass', editor: menu.selected === null ? editor : accepted(menu, editor, left[menu.selected].text)
  })
  if (left.length === 0) return { kind: 'pass', editor }
  switch (key.id) {
    case 'tab':
    case 'down':
    case 'ctrl+n':
      return choose(1)
    case 'shift+tab':
    case 'up':
    case 'ctrl+p':
      return choose(-1)
    case 'enter':
    case 'right': {
      if (menu.selected === null) return pass()
      return { kind: 'close', editor: accepted(menu, editor, left[menu.selected].text) }
    }
    case 'escape':
    case 'ctrl+g':
      return { kind: 'close', editor }
    case 'text': {
      // A character of a name narrows the offers; any other takes the chosen one and goes on behind it.
      if (/^[\p{L}\p{N}_$]+$/u.test(key.text)) {
        const next = edited(editor, editor.text.slice(0, editor.cursor) + key.text + editor.text.slice(editor.cursor), editor.cursor + key.text.length, 'type')
        return fitting(menu, next).length === 0 ? { kind: 'close', editor: next } : { kind: 'on', menu: { ...menu, selected: null }, editor: next }
      }
      return pass()
    }
    case 'backspace': {
      const next = edited(editor, editor.text.slice(0, editor.cursor - 1) + editor.text.slice(editor.cursor), editor.cursor - 1, 'erase')
      return next.cursor < menu.start ? { kind: 'close', editor: next } : { kind: 'on', menu: { ...menu, selected: null }, editor: next }
    }
    default:
      return pass()
  }
}

/** The editor with the chosen text in place of what was typed of it. */
export function accepted(menu: CompletionMenu, editor: EditorState, text: string): EditorState {
  return edited(editor, editor.text.slice(0, menu.start) + text + editor.text.slice(editor.cursor), menu.start + text.length, 'other')
}

function commonStart(texts: readonly string[]): string {
  let common = texts[0]
  for (const text of texts) while (!text.startsWith(common)) common = common.slice(0, -1)
  return common
}
