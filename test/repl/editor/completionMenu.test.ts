import { describe, expect, test } from 'vitest'
import { menuKey, openMenu, type CompletionMenu, type MenuStep } from '../../../kernel/repl/editor/completionMenu.js'
import { emptyEditor, type EditorState } from '../../../kernel/repl/editor/editorState.js'

const items = ['caches', 'cachesTable', 'Cache', 'objects'].map((text) => ({ text, kind: 'function' }))
const editor = (text: string): EditorState => ({ ...emptyEditor, text, cursor: text.length })
const open = (typed: string): { editor: EditorState, menu: CompletionMenu } => {
  const opened = openMenu(items, 5, editor(`dump.${typed}`))
  return { editor: opened.editor, menu: opened.menu! }
}
const press = (from: { editor: EditorState, menu: CompletionMenu }, id: string, text = ''): MenuStep => menuKey(from.menu, from.editor, { id, text })

describe('offers', () => {
  test('one alone is taken', () => {
    expect(openMenu(items, 5, editor('dump.ob'))).toMatchObject({ menu: null, editor: { text: 'dump.objects' } })
  })

  test('none, nothing happens', () => {
    expect(openMenu(items, 5, editor('dump.zz'))).toMatchObject({ menu: null, editor: { text: 'dump.zz' } })
  })

  test('several are shown, and what they begin with is taken', () => {
    const two = openMenu(items.slice(0, 2), 5, editor('dump.c'))
    expect(two.editor.text).toBe('dump.caches')
    expect(two.menu?.items.map(({ text }) => text)).toEqual(['caches', 'cachesTable'])
    // Those that fit but for their case come last.
    expect(open('c').menu.items.map(({ text }) => text)).toEqual(['caches', 'cachesTable', 'Cache'])
  })
})

describe('keys on offers', () => {
  test.each([['tab', 0], ['down', 0], ['ctrl+n', 0], ['shift+tab', 3], ['up', 3], ['ctrl+p', 3]])('%s chooses', (id, selected) => {
    expect(press(open(''), id)).toMatchObject({ kind: 'on', menu: { selected } })
  })

  test('choosing goes round', () => {
    const { editor: at, menu } = open('')
    expect(menuKey({ ...menu, selected: 3 }, at, { id: 'tab', text: '' })).toMatchObject({ menu: { selected: 0 } })
    expect(menuKey({ ...menu, selected: 0 }, at, { id: 'up', text: '' })).toMatchObject({ menu: { selected: 3 } })
  })

  test.each(['enter', 'right'])('%s takes what is chosen, and is not the menu\'s where nothing is', (id) => {
    const { editor: at, menu } = open('c')
    expect(menuKey({ ...menu, selected: 1 }, at, { id, text: '' })).toMatchObject({ kind: 'close', editor: { text: 'dump.cachesTable' } })
    expect(press({ editor: at, menu }, id).kind).toBe('pass')
  })

  test.each(['escape', 'ctrl+g'])('%s closes and changes nothing', (id) => {
    expect(press(open('c'), id)).toMatchObject({ kind: 'close', editor: { text: 'dump.c' } })
  })

  test('typing narrows, erasing widens, until nothing is left', () => {
    expect(press(open('c'), 'text', 'aches')).toMatchObject({ kind: 'on', editor: { text: 'dump.caches' } })
    expect(press(open('c'), 'text', 'x')).toMatchObject({ kind: 'close', editor: { text: 'dump.cx' } })
    expect(press(open('ca'), 'backspace')).toMatchObject({ kind: 'on', editor: { text: 'dump.c' } })
    expect(press(open(''), 'backspace')).toMatchObject({ kind: 'close', editor: { text: 'dump' } })
  })

  test('any other character takes what is chosen and goes on behind it', () => {
    const { editor: at, menu } = open('c')
    expect(menuKey({ ...menu, selected: 0 }, at, { id: 'text', text: '(' })).toMatchObject({ kind: 'pass', editor: { text: 'dump.caches' } })
    expect(press({ editor: at, menu }, 'left')).toMatchObject({ kind: 'pass', editor: { text: 'dump.c' } })
  })
})
