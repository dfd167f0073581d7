import { describe, expect, test } from 'vitest'
import { editKey, editKeys, indented } from '../../../kernel/repl/editor/editKeys.js'
import { emptyEditor, type EditorState } from '../../../kernel/repl/editor/editorState.js'

/** A text with `|` where the cursor is. */
function at(marked: string): EditorState {
  return { ...emptyEditor, text: marked.replace('|', ''), cursor: marked.indexOf('|') }
}

function marked(state: EditorState | undefined): string {
  return state === undefined ? '(not taken)' : `${state.text.slice(0, state.cursor)}|${state.text.slice(state.cursor)}`
}

function press(state: EditorState, ...ids: string[]): EditorState {
  return ids.reduce((now, id) => editKey(now, id.length === 1 ? { id: 'text', text: id } : { id, text: '' }) ?? now, state)
}

const cases: [string, string, string][] = [
  ['left', 'a👩‍💻|b', 'a|👩‍💻b'], ['left', 'a\n|b', 'a|\nb'], ['left', '|a', '|a'], ['right', 'e|é', 'eé|'], ['right', '|漢字', '漢|字'], ['right', 'a|', 'a|'],
  ['ctrl+b', 'ab|', 'a|b'], ['ctrl+f', '|ab', 'a|b'],
  ['ctrl+left', 'dump.caches(|', 'dump.|caches('], ['alt+left', 'a größe|', 'a |größe'], ['alt+b', 'a  b|', 'a  |b'],
  ['ctrl+right', 'a| .caches()', 'a .caches|()'], ['alt+right', '|ab cd', 'ab| cd'], ['alt+f', 'ab| cd', 'ab cd|'],
  ['home', '  ab|c', '  |abc'], ['home', '  |abc', '|  abc'], ['ctrl+a', 'x\nab|', 'x\n|ab'], ['end', 'a|b\nc', 'ab|\nc'], ['ctrl+e', '|ab', 'ab|'],
  ['ctrl+home', 'a\nb|', '|a\nb'], ['ctrl+end', '|a\nb', 'a\nb|'], ['alt+<', 'a\nb|', '|a\nb'], ['alt+>', '|a\nb', 'a\nb|'],
  ['up', 'abc\nde|', 'ab|c\nde'], ['up', 'a|', '(not taken)'], ['down', 'a漢|\nbcde', 'a漢\nbcd|e'], ['down', 'a|', '(not taken)'],
  ['alt+enter', 'f({|', 'f({\n  |'], ['shift+enter', '  a|b', '  a\n  |b'], ['ctrl+j', 'a|', 'a\n|'],
  ['backspace', 'a👩‍💻|', 'a|'], ['backspace', 'x\n    |y', 'x\n  |y'], ['backspace', 'a\n|b', 'a|b'], ['ctrl+h', 'ab|', 'a|'],
  ['delete', 'a|👩‍💻b', 'a|b'], ['delete', 'a|\nb', 'a|b'], ['ctrl+d', 'a|bc', 'a|c'], ['ctrl+d', '|', '(not taken)'],
  ['ctrl+t', 'ab|c', 'acb|'], ['ctrl+t', 'abc|', 'acb|'], ['ctrl+t', '|ab', '|ab'],
  ['ctrl+k', 'a|bc\nd', 'a|\nd'], ['ctrl+k', 'a|\nd', 'a|d'], ['ctrl+u', 'x\nab|c', 'x\n|c'], ['ctrl+w', 'foo(a, b|', 'foo(a, |'],
  ['alt+backspace', 'dump.caches|', 'dump.|'], ['ctrl+backspace', 'a b|', 'a |'], ['alt+d', '|ab cd', '| cd'], ['ctrl+delete', 'a| bc.d', 'a|.d'],
  ['shift+tab', 'x\n    a|', 'x\n  a|'], ['shift+tab', 'a|', '(not taken)'],
  ['ctrl+y', 'a|', '(not taken)'], ['alt+y', 'a|', '(not taken)'], ['ctrl+_', 'a|', '(not taken)'], ['ctrl+x', 'a|', '(not taken)'],
  ['alt+_', 'a|', '(not taken)'], ['alt+/', 'a|', '(not taken)']
]

describe('editing keys', () => {
  test.each(cases)('%s: %j becomes %j', (id, before, after) => {
    expect(marked(editKey(at(before), { id, text: '' }))).toBe(after)
  })

  test('every key of the editor is tested', () => {
    expect(Object.keys(editKeys).filter((id) => !cases.some(([tested]) => tested === id))).toEqual([])
  })

  test('typing goes in at the cursor; a closing bracket goes back by a step', () => {
    expect(marked(editKey(at('a|c'), { id: 'text', text: 'b' }))).toBe('ab|c')
    expect(marked(editKey(at('f({\n  |'), { id: 'text', text: '}' }))).toBe('f({\n}|')
    expect(marked(editKey(at('f({\n  a|'), { id: 'text', text: '}' }))).toBe('f({\n  a}|')
  })

  test('a paste goes in as it is', () => {
    expect(marked(editKey(at('a|d'), { id: 'paste', text: 'b\n    c' }))).toBe('ab\n    c|d')
  })

  test('Tab indents where only blanks stand before, and is left to completion elsewhere', () => {
    expect(marked(indented(at('f({\n|')))).toBe('f({\n  |')
    expect(marked(indented(at('a\nb|')))).toBe('(not taken)')
    expect(marked(indented(at('|')))).toBe('(not taken)')
  })

  test('up and down keep to their column over shorter lines', () => {
    expect(marked(press(at('abcdef|\nab\nabcdef'), 'down', 'down'))).toBe('abcdef\nab\nabcdef|')
  })

  test('undo takes back a run of typing at once, and redo brings it back', () => {
    const typed = press(emptyEditor, 'a', 'b', 'left', 'c')
    expect(marked(typed)).toBe('ac|b')
    expect(marked(press(typed, 'ctrl+_'))).toBe('a|b')
    expect(marked(press(typed, 'ctrl+_', 'ctrl+_'))).toBe('|')
    expect(marked(press(typed, 'ctrl+_', 'ctrl+_', 'alt+_', 'alt+/'))).toBe('ac|b')
    expect(press(typed, 'ctrl+x', 'z', 'alt+_').text).toBe('azb')
  })

  test('kills in a run are one; yank brings it back, and again brings the one before', () => {
    const state = press(at('one two three|'), 'ctrl+w', 'ctrl+w')
    expect(marked(press(state, 'ctrl+y'))).toBe('one two three|')
    const two = press(press(state, 'end'), 'ctrl+u')
    expect(marked(press(two, 'ctrl+y'))).toBe('one |')
    expect(marked(press(two, 'ctrl+y', 'alt+y'))).toBe('two three|')
    expect(marked(press(two, 'ctrl+y', 'alt+y', 'alt+y'))).toBe('one |')
  })
})
