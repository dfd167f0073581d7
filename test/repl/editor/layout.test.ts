import { describe, expect, test } from 'vitest'
import { layOutEditor } from '../../../kernel/repl/editor/editorLayout.js'
import { tokensOf } from '../../../kernel/repl/editor/tokens.js'

function lay(text: string, cursor: number, width: number, rows = 10): { rows: string[], cursor: { row: number, column: number } } {
  const layout = layOutEditor({ text, cursor }, width, rows)
  return { rows: layout.rows.map(({ tokens }) => tokens.map((token) => token.text).join('')), cursor: layout.cursor }
}

describe('layout', () => {
  test('lines as they are, the cursor at its character', () => {
    expect(lay('ab\ncd', 4, 10)).toEqual({ rows: ['ab', 'cd'], cursor: { row: 1, column: 1 } })
    expect(lay('', 0, 10)).toEqual({ rows: [''], cursor: { row: 0, column: 0 } })
    expect(lay('a\n', 2, 10)).toEqual({ rows: ['a', ''], cursor: { row: 1, column: 0 } })
  })

  test('long lines go on in the next row; wide characters are not cut', () => {
    expect(lay('abcdef', 3, 4)).toEqual({ rows: ['abcd', 'ef'], cursor: { row: 0, column: 3 } })
    expect(lay('a漢字', 1, 4)).toEqual({ rows: ['a漢', '字'], cursor: { row: 0, column: 1 } })
    expect(lay('漢字', 1, 10).cursor).toEqual({ row: 0, column: 2 })
    // Behind a full row there is no room for the cursor.
    expect(lay('abcd', 4, 4)).toEqual({ rows: ['abcd', ''], cursor: { row: 1, column: 0 } })
  })

  test('of a long text, the rows around the cursor', () => {
    const text = Array.from({ length: 20 }, (_, i) => `line ${i}`).join('\n')
    const layout = layOutEditor({ text, cursor: text.indexOf('line 10') }, 20, 4)
    expect(layout).toMatchObject({ above: 8, below: 8, cursor: { row: 2, column: 0 } })
    expect(layout.rows).toHaveLength(4)
  })
})

describe('colours', () => {
  const kinds = (code: string): string[] => tokensOf(code).filter(({ text }) => text.trim() !== '').map(({ kind, text }) => `${kind}:${text.trim()}`)

  test('keywords, names, strings, numbers and comments', () => {
    expect(kinds('const a = await dump.objects(\'kmalloc-8\') // all')).toEqual([
      'keyword:const', 'plain:a =', 'keyword:await', 'plain:dump.', 'call:objects', 'plain:(', 'string:\'kmalloc-8\'', 'plain:)', 'comment:// all'
    ])
    expect(kinds('0xffff_8000n + 1.5e3 as bigint')).toEqual(['number:0xffff_8000n', 'plain:+', 'number:1.5e3', 'keyword:as', 'type:bigint'])
  })

  test('code inside of templates is code', () => {
    expect(kinds('`a ${b({c: `${1}`})} d`')).toEqual(['string:`a ${', 'call:b', 'plain:({c:', 'string:`${', 'number:1', 'string:}`', 'plain:})', 'string:} d`'])
  })

  test('a slash divides behind a value and begins a pattern elsewhere', () => {
    expect(kinds('a / b / c')).toEqual(['plain:a / b / c'])
    expect(kinds('x = /[/]"/g')).toEqual(['plain:x =', 'string:/[/]"/g'])
    expect(kinds('f(a) / 2')).toEqual(['call:f', 'plain:(a) /', 'number:2'])
  })

  test.each(['"abc', '`a ${b', '/* x', '`', '`${', '\'', '%sort bytes', '!ls', '} } `', '\\', '`\\'])('unfinished %j is whole', (code) => {
    expect(tokensOf(code).map(({ text }) => text).join('')).toBe(code)
  })
})
