import { appendFileSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { cleared, continued, emptyPrompt, promptKey, type PromptState } from '../../kernel/repl/editor/promptState.js'
import { HistoryFile, historyPath } from '../../kernel/repl/historyFile.js'

const cells = ['first()', 'second(\n  1\n)', 'third()']

function press(prompt: PromptState, ...ids: string[]): { text: string, effect: string | undefined, prompt: PromptState } {
  let effect: string | undefined
  for (const id of ids) {
    const step = promptKey(prompt, id.length === 1 ? { id: 'text', text: id } : { id, text: '' }, cells)
    prompt = step.prompt
    effect = step.effect
  }
  return { text: prompt.editor.text, effect, prompt }
}

describe('keys at the prompt', () => {
  test.each([
    ['enter', 'submit'], ['tab', 'complete'], ['ctrl+c', 'interrupt'], ['ctrl+l', 'clearScreen'], ['ctrl+z', 'suspend'], ['ctrl+o', 'page'], ['f2', 'page'], ['ctrl+d', 'leave']
  ])('%s: %s', (id, effect) => {
    expect(press(emptyPrompt, id).effect).toBe(effect)
  })

  test('Ctrl-D erases where there is something to erase', () => {
    expect(press(emptyPrompt, 'a', 'b', 'home', 'ctrl+d')).toMatchObject({ text: 'b', effect: undefined })
  })

  test('up and down go through a text of many lines before they go through the history', () => {
    expect(press(emptyPrompt, 'up').text).toBe('third()')
    expect(press(emptyPrompt, 'up', 'up').text).toBe('second(\n  1\n)')
    // The cursor climbs through the cell, then goes on.
    expect(press(emptyPrompt, 'up', 'up', 'up', 'up').text).toBe('second(\n  1\n)')
    expect(press(emptyPrompt, 'up', 'up', 'up', 'up', 'up').text).toBe('first()')
    expect(press(emptyPrompt, 'ctrl+p', 'ctrl+p', 'ctrl+p', 'ctrl+n', 'ctrl+n').text).toBe('third()')
    expect(press(emptyPrompt, 'x', 'home', 'alt+up', 'alt+down').text).toBe('x')
  })

  test('Ctrl-R searches, and a key that is not its own goes on with what it found', () => {
    const found = press(emptyPrompt, 'ctrl+r', 's', 'e', 'c')
    expect(found.prompt.search?.found).toBe(1)
    expect(press(found.prompt, 'enter').text).toBe('second(\n  1\n)')
    expect(press(found.prompt, 'escape').text).toBe('')
    expect(press(found.prompt, 'end', '!').text).toBe('second(\n  1\n)!')
  })

  test('the menu takes keys first, and passes on what is not its own', () => {
    const menu = { items: [{ text: 'caches', kind: '' }, { text: 'close', kind: '' }], start: 0, selected: null }
    const open: PromptState = { ...press(emptyPrompt, 'c').prompt, menu }
    expect(press(open, 'tab', 'enter')).toMatchObject({ text: 'caches', effect: undefined, prompt: { menu: null } })
    expect(press(open, 'tab', '.')).toMatchObject({ text: 'caches.', prompt: { menu: null } })
    expect(press(open, 'escape').text).toBe('c')
    expect(press(open, 'enter').effect).toBe('submit')
  })

  test('what is not complete goes on; what was killed is kept for the next cell', () => {
    expect(continued(press(emptyPrompt, 'f', '(').prompt, '  ').editor.text).toBe('f(\n  ')
    const killed = press(emptyPrompt, 'a', 'b', 'ctrl+u').prompt
    expect(press(cleared(killed), 'ctrl+y').text).toBe('ab')
  })

  test('Tab indents inside of a cell', () => {
    expect(press(continued(press(emptyPrompt, 'f', '(').prompt, ''), 'tab').text).toBe('f(\n  ')
  })
})

describe('the history file', () => {
  const file = (): string => path.join(mkdtempSync(path.join(tmpdir(), 'slablab-history-')), 'deep', 'history.jsonl')

  test('keeps whole cells over sessions, each once, the last use last', () => {
    const name = file()
    const first = new HistoryFile(name)
    for (const cell of ['a', 'b(\n1)', 'a', ' ', 'a\n']) first.add(cell)
    expect(first.cells).toEqual(['b(\n1)', 'a'])
    expect(new HistoryFile(name).cells).toEqual(['b(\n1)', 'a'])
    expect(readFileSync(name, 'utf8')).toBe('"a"\n"b(\\n1)"\n"a"\n')
  })

  test('a broken file is set aside, never written over, and what could be read is kept', () => {
    const name = file()
    new HistoryFile(name).add('good')
    appendFileSync(name, '{broken\n42\n')
    const history = new HistoryFile(name)
    expect(history.trouble).toBe(`2 of 3 lines of the history could not be read; the file is kept as ${name}.broken`)
    expect(history.cells).toEqual(['good'])
    expect(readFileSync(`${name}.broken`, 'utf8')).toBe('"good"\n{broken\n42\n')
    writeFileSync(name, '\u0000')
    expect(new HistoryFile(name).trouble).toContain(`${name}.broken.2`)
    expect(readdirSync(path.dirname(name)).sort()).toEqual(['history.jsonl.broken', 'history.jsonl.broken.2'])
  })

  test('what cannot be written costs the memory of cells only', () => {
    const history = new HistoryFile('/dev/null/state/history.jsonl')
    history.add('a')
    expect(history.cells).toEqual(['a'])
  })

  test('lies where XDG says', () => {
    expect(historyPath({ XDG_STATE_HOME: '/state' })).toBe('/state/slablab/repl-history.jsonl')
    expect(historyPath({ XDG_STATE_HOME: 'relative' })).toMatch(/\/\.local\/state\/slablab\/repl-history\.jsonl$/)
  })
})
