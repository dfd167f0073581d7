import { describe, expect, test } from 'vitest'
import { isOpen, lineOf } from '../../kernel/repl/magicLine.js'
import { OutputWriter } from '../../kernel/repl/outputWriter.js'
import { shownText } from '../../kernel/repl/outputText.js'
import { cellsOf } from '../../kernel/repl/statements.js'
import { imageProtocol, imageSequence } from '../../kernel/repl/terminal/images.js'
import { magics } from '../../kernel/repl/magics/index.js'
import { sort } from '../../kernel/repl/magics/sort.js'
import { tokensOf } from '../../kernel/repl/editor/tokens.js'
import { echoed } from '../../kernel/repl/views/echo.js'
import { sparkline } from '../../kernel/repl/views/sparkline.js'
import type { SessionOutput } from '../../kernel/session/session.js'

describe('what was typed', () => {
  test.each([
    ['const a = 1', { kind: 'code' }],
    ['a % b', { kind: 'code' }],
    ['%page dump.caches()', { kind: 'magic', name: 'page', args: 'dump.caches()', isCode: false, into: null }],
    ['%SORT -bytes', { kind: 'magic', name: 'sort', args: '-bytes' }],
    ['%sort --code -bytes x', { kind: 'magic', isCode: true, args: '-bytes x' }],
    ['%history | head -3', { kind: 'magic', args: '', into: { kind: 'shell', command: 'head -3' } }],
    ['%report > a b.txt', { kind: 'magic', args: '', into: { kind: 'file', file: 'a b.txt', append: false } }],
    ['%history 3 >> x', { kind: 'magic', args: '3', into: { kind: 'file', file: 'x', append: true } }],
    ['%page t.filter((d) => d.a > 3 || d.b)', { kind: 'magic', args: 't.filter((d) => d.a > 3 || d.b)', into: null }],
    ['%page "a | b"', { kind: 'magic', args: '"a | b"', into: null }],
    ['dump.caches?', { kind: 'inspect', name: 'dump.caches', detail: 0 }],
    ['dump??', { kind: 'inspect', name: 'dump', detail: 1 }],
    ['?dump', { kind: 'inspect', name: 'dump', detail: 0 }],
    [' ?? dump.caches', { kind: 'inspect', name: 'dump.caches', detail: 1 }],
    ['a ? b : c', { kind: 'code' }],
    ['!ls -l', { kind: 'shell', command: 'ls -l' }],
    ['dump.caches() !| grep kmalloc | wc -l', { kind: 'piped', expression: 'dump.caches()', format: null, command: 'grep kmalloc | wc -l' }],
    ['a !| --format csv cat', { kind: 'piped', expression: 'a', format: 'csv', command: 'cat' }]
  ])('%j', (text, line) => {
    expect(lineOf(text)).toMatchObject(line)
  })

  test.each([
    ['f(', true], ['f({})', false], ['`a', true], ['`a${b', true], ['`a${b}`', false], ['/* a', true], ['/* a */', false], ['// (', false], ['"("', false], ['`', true], ['`\\``', false]
  ])('%j is open: %s', (text, open) => {
    expect(isOpen(tokensOf(text))).toBe(open)
  })
})

describe('scripts', () => {
  // Brackets tell enough here; the session's compiler is tested with the session.
  const isComplete = async (code: string): Promise<{ status: 'complete' | 'incomplete', indent: string }> => ({ status: isOpen(tokensOf(code)) || /[=+]\s*$/.test(code) ? 'incomplete' : 'complete', indent: '' })

  test.each([
    ['1\n2', ['1', '2']],
    ['const a = 1\nconst b = 2\na + b\nb', ['const a = 1\nconst b = 2\na + b', 'b']],
    ['a\n  .b()\n  // why\n  .c()', ['a\n  .b()\n  // why\n  .c()']],
    ['function f() {\n  1\n}\nf()', ['function f() {\n  1\n}\nf()']],
    ['if (a) {\n}\nelse {\n}\n2', ['if (a) {\n}\nelse {\n}\n2']],
    ['#!/usr/bin/env slablab\n%time 1\n\n2', ['%time 1', '2']],
    ['// only\n\n', ['// only']],
    ['', []],
    ['x =\n  1\ny', ['x =\n  1', 'y']]
  ])('%j', async (script, cells) => {
    expect((await cellsOf(script, isComplete)).map((cell) => cell.trim())).toEqual(cells)
  })
})

describe('output', () => {
  function written(...outputs: SessionOutput[]): { printed: string, writer: OutputWriter } {
    let printed = ''
    const writer = new OutputWriter((text) => { printed += text }, null)
    for (const output of outputs) writer.write(output)
    return { get printed() { return printed }, writer }
  }
  const stream = (text: string): SessionOutput => ({ kind: 'stream', name: 'stdout', text })
  const display = (text: string, displayId: string, update = false): SessionOutput => ({ kind: 'display', data: { 'text/plain': text }, metadata: {}, displayId, update })

  test('whole lines are printed, the rest waits for its end', () => {
    const { printed, writer } = written(stream('a\nb'), stream('c'))
    expect([printed, writer.live.partial]).toEqual(['a\n', 'bc'])
    expect(written(stream('a\nb'), stream('c\nd')).printed).toBe('a\nbc\n')
  })

  test('a carriage return writes over its line', () => {
    const { printed, writer } = written(stream('10 %\r20 %\r'), stream('30 %\r\ndone'))
    expect([printed, writer.live.partial]).toEqual(['30 %\n', 'done'])
  })

  test('a display can change until something else follows', () => {
    const live = written(display('1 of 2', 'x'), display('2 of 2', 'x', true))
    expect([live.printed, live.writer.live.held]).toEqual(['', ['2 of 2']])
    expect(written(display('1 of 2', 'x'), display('2 of 2', 'x', true), stream('end\n')).printed).toBe('2 of 2\nend\n')
    expect(written(display('a', 'x'), display('b', 'y')).printed).toBe('a\n')
  })

  test('cleared output that was not printed yet is gone', () => {
    const { printed, writer } = written(stream('a'), { kind: 'clear', wait: false }, stream('b'))
    expect([printed, writer.live.partial]).toEqual(['', 'b'])
  })

  test('colours act, nothing else does', () => {
    expect(shownText('\u001b[31mred\u001b[0m\t\u001b]0;title\u0007\u001b[2J')).toBe('\u001b[31mred\u001b[0m\t\\x1b]0;title\\x07\\x1b[2J')
  })
})

describe('images', () => {
  test.each([
    [{ TERM: 'xterm-kitty' }, 'kitty'], [{ TERM_PROGRAM: 'ghostty' }, 'kitty'], [{ TERM_PROGRAM: 'iTerm.app' }, 'iterm'], [{ TERM: 'xterm-256color' }, null],
    [{ TERM: 'tmux-256color', TERM_PROGRAM: 'iTerm.app' }, null], [{ KITTY_WINDOW_ID: '1', TMUX: '/tmp/x' }, null]
  ])('%j takes %s', (environment, protocol) => {
    expect(imageProtocol(environment)).toBe(protocol)
  })

  test('kitty takes them in pieces, iTerm whole', () => {
    const pieces = imageSequence('kitty', 'A'.repeat(9000)).split('\u001b\\').slice(0, -1)
    expect(pieces.map((piece) => [piece.slice(0, piece.indexOf(';')), piece.length - piece.indexOf(';') - 1])).toEqual([['\u001b_Ga=T,f=100,q=2,m=1', 4096], ['\u001b_Gm=1', 4096], ['\u001b_Gm=0', 808]])
    expect(imageSequence('iterm', 'QUJD\n')).toBe('\u001b]1337;File=inline=1;preserveAspectRatio=1:QUJD\u0007')
  })
})

describe('small things', () => {
  test('a sparkline goes from the least to the most', () => {
    expect([sparkline([1, 2, 8], 3), sparkline([5, 5], 4), sparkline([0, 1, 2, 3, 4, 5, 6, 7], 4), sparkline([], 3)]).toEqual(['▁▂█', '▁▁', '▁▃▆█', ''])
  })

  test('a cell stays in the scrollback as it stood', () => {
    expect(echoed('a(\n  1\n)', 'slab> ', false)).toBe('slab> a(\n    .   1\n    . )\n')
    expect(echoed('1', '> ', true)).toBe('> \u001b[33m1\u001b[0m\n')
  })

  test('every magic says what it is, with an example of itself', () => {
    for (const { name, summary, example } of magics) {
      expect(summary.length).toBeGreaterThan(10)
      expect(example.startsWith(`%${name}`)).toBe(true)
    }
  })

  test('%sort knows the number that addresses sort by', () => {
    expect([sort.code('address objects'), sort.code('-bytes dump.caches()'), sort.code('bytes a ?? b'), sort.code('bytes')]).toEqual([
      'objects.orderby(\'rank\')', 'dump.caches().orderby(aq.desc(\'bytes\'))', '(a ?? b).orderby(\'bytes\')', null
    ])
  })
})
