import { describe, expect, test } from 'vitest'
import { Screen } from '../../../kernel/repl/terminal/screen.js'
import { TerminalEmulator } from '../../builders/terminalEmulator.js'

function start(columns = 40, rows = 10): { terminal: TerminalEmulator, screen: Screen } {
  const terminal = new TerminalEmulator(columns, rows)
  return { terminal, screen: new Screen(terminal) }
}

const prompt = (text: string): { lines: string[], cursor: { row: number, column: number } } => ({
  lines: [`> ${text}`], cursor: { row: 0, column: 2 + text.length }
})

describe('the live frame', () => {
  test('is drawn over itself, the cursor where it belongs', () => {
    const { terminal, screen } = start()
    screen.draw(prompt('ab'))
    screen.draw({ lines: ['> ab', '  menu', '  more'], cursor: { row: 0, column: 3 } })
    expect(terminal.text).toBe('> ab\n  menu\n  more')
    expect([terminal.row, terminal.column]).toEqual([0, 3])
    screen.draw(prompt('abc'))
    expect(terminal.text).toBe('> abc')
    expect([terminal.row, terminal.column]).toEqual([0, 5])
  })

  test('writes nothing where nothing changed', () => {
    const { terminal, screen } = start()
    screen.draw(prompt('ab'))
    const { writes } = terminal
    screen.draw(prompt('ab'))
    expect(terminal.writes).toBe(writes)
  })

  test('goes below what is printed, which stays for good', () => {
    const { terminal, screen } = start()
    screen.draw({ lines: ['> a', '  b'], cursor: { row: 1, column: 3 } })
    screen.print('one\ntwo', prompt(''))
    screen.print('three\n', prompt('x'))
    expect(terminal.text).toBe('one\ntwo\nthree\n> x')
    expect(terminal.cleared).toBe(0)
  })

  test('scrolls at the bottom of the terminal and keeps all that was there', () => {
    const { terminal, screen } = start(40, 5)
    for (let i = 0; i < 20; i++) screen.print(`line ${i}`, { lines: ['> a', '  b', '  c'], cursor: { row: 0, column: 3 } })
    expect(terminal.text).toBe(`${Array.from({ length: 20 }, (_, i) => `line ${i}`).join('\n')}\n> a\n  b\n  c`)
    screen.draw({ lines: ['> a', '  b', '  c', '  d', '  e'], cursor: { row: 4, column: 3 } })
    expect(terminal.text.split('\n').slice(-6)).toEqual(['line 19', '> a', '  b', '  c', '  d', '  e'])
    screen.draw(prompt('a'))
    expect(terminal.text.split('\n').slice(-2)).toEqual(['line 19', '> a'])
  })

  test('leaves nothing of itself when it is gone, and stays as it is when it is left', () => {
    const { terminal, screen } = start()
    screen.print('out', { lines: ['> a', '  b'], cursor: { row: 0, column: 3 } })
    screen.clear()
    expect(terminal.text).toBe('out')
    screen.draw({ lines: ['> a', '  b'], cursor: { row: 0, column: 3 } })
    screen.leave()
    terminal.write('after')
    expect(terminal.text).toBe('out\n> a\n  b\nafter')
  })

  test('is found again after a terminal has laid its lines out anew', () => {
    const { terminal, screen } = start(40)
    screen.print('out', { lines: [`> ${'x'.repeat(36)}`, '  below'], cursor: { row: 1, column: 7 } })
    // The terminal is 20 wide now: the first line takes two rows.
    terminal.columns = 20
    terminal.lines = [[...'out'], [...`> ${'x'.repeat(18)}`], [...'x'.repeat(18)], [...'  below']]
    terminal.row = 3
    screen.resized({ lines: [`> ${'x'.repeat(16)}`, '  below'], cursor: { row: 0, column: 2 } })
    expect(terminal.text).toBe(`out\n> ${'x'.repeat(16)}\n  below`)
  })

  test('hides the cursor where the frame has none', () => {
    const { terminal, screen } = start()
    screen.draw({ lines: ['working'], cursor: null })
    expect(terminal.cursorShown).toBe(false)
    screen.draw(prompt(''))
    expect(terminal.cursorShown).toBe(true)
  })
})
