import { execFileSync } from 'node:child_process'
import { expect, test, describe } from 'vitest'
import type { Cell, Notebook } from '../../lib/notebook/notebook.js'
import { codeCell, markdownCell, newNotebook } from '../../lib/notebook/notebook.js'
import { readNotebook } from '../../lib/notebook/readNotebook.js'
import { writeNotebook } from '../../lib/notebook/writeNotebook.js'

/** One cell of each kind, with each kind of output. */
const sample: Notebook = newNotebook([
  { ...markdownCell('title', '# Title\n\n![plot](attachment:a.png)'), attachments: { 'a.png': { 'image/png': 'iVBORw0K' } } },
  codeCell('parameters', 'let cache = \'kmalloc-128\'\nlet most = 5\n', ['parameters']),
  {
    ...codeCell('all', 'everything()'), execution_count: 2, outputs: [
      { output_type: 'stream', name: 'stdout', text: 'one\ntwo\n\u2028three' },
      { output_type: 'display_data', data: { 'text/plain': 'a\nb', 'image/svg+xml': '<svg>\n</svg>', 'image/png': 'iVBO\n', 'application/vnd.vegalite.v5+json': { b: ['x', 'y'], a: 1, 10: null } }, metadata: { 'image/png': { width: 3 } } },
      { output_type: 'execute_result', data: { 'text/html': '<p>ü</p>' }, metadata: {}, execution_count: 2 },
      { output_type: 'error', ename: 'Error', evalue: 'no', traceback: ['\u001b[31mError\u001b[0m: no', 'line 2'] }
    ]
  },
  { cell_type: 'raw', id: 'raw', metadata: { format: 'text/x-rst' }, source: '' }
], { title: 'sample' })

const cell = (fields: object): string => JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [{ cell_type: 'code', id: 'a', metadata: {}, source: '', execution_count: null, outputs: [], ...fields }] })

describe('a notebook', () => {
  test('comes back as it was written, in the same bytes', () => {
    const text = writeNotebook(sample)
    expect(readNotebook(text)).toEqual(sample)
    expect(writeNotebook(readNotebook(text))).toBe(text)
  })

  test('is written the same whatever order its objects were made in', () => {
    const turned = (value: unknown): unknown => Array.isArray(value) ? value.map(turned)
      : typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).reverse().map(([key, item]) => [key, turned(item)])) : value
    expect(writeNotebook(turned(sample) as Notebook)).toBe(writeNotebook(sample))
  })

  test('of a version without ids gets them, none twice', () => {
    const old = (type: string): object => ({ cell_type: type, metadata: { trusted: true }, source: ['a\n', 'b'] })
    const text = JSON.stringify({ nbformat: 4, nbformat_minor: 2, metadata: { orig_nbformat: 1 }, cells: [old('markdown'), { ...old('raw'), id: 'cell-3' }, old('code')] })
    const { cells, metadata } = readNotebook(text)
    expect(cells.map(({ id }) => id)).toEqual(['cell-1', 'cell-3', 'cell-3-again'])
    expect(cells[2]).toEqual<Cell>({ cell_type: 'code', id: 'cell-3-again', metadata: {}, source: 'a\nb', execution_count: null, outputs: [] })
    expect(metadata).toEqual({})
  })

  test.each([
    ['{', 'x.ipynb: no notebook: found '],
    ['[]', 'x.ipynb: no notebook: found a list, expected an object with cells'],
    ['{"nbformat":3,"worksheets":[]}', 'x.ipynb: not a notebook that can be read: found nbformat 3, expected nbformat 4: jupyter nbconvert --to notebook converts older ones'],
    ['{"nbformat":4}', 'x.ipynb: a notebook without cells: found nothing, expected a list of cells'],
    ['{"nbformat":4,"cells":[],"metadata":7}', 'x.ipynb: metadata of the notebook: found a number, expected an object'],
    ['{"nbformat":4,"cells":[null]}', 'x.ipynb: cell 1: found null, expected an object'],
    [cell({ cell_type: 'heading' }), 'x.ipynb: cell 1: cell_type: found "heading", expected code, markdown or raw'],
    [cell({ metadata: [] }), 'x.ipynb: cell 1: metadata: found a list, expected an object'],
    [cell({ id: 'ä b' }), 'x.ipynb: cell 1: id: found "ä b", expected 1 to 64 letters, digits, - and _'],
    [cell({ source: 5 }), 'x.ipynb: cell 1: source: found a number, expected a text or a list of lines'],
    [cell({ outputs: {} }), 'x.ipynb: cell 1: outputs: found an object, expected a list'],
    [cell({ execution_count: 'x' }), 'x.ipynb: cell 1: execution_count: found "x", expected a number or null'],
    [cell({ outputs: [1] }), 'x.ipynb: cell 1, output 1: found a number, expected an object'],
    [cell({ outputs: [{ output_type: 'pyout' }] }), 'x.ipynb: cell 1, output 1: output_type: found "pyout", expected stream, display_data, execute_result or error'],
    [cell({ outputs: [{ output_type: 'stream', name: 'out', text: '' }] }), 'x.ipynb: cell 1, output 1: name: found "out", expected stdout or stderr'],
    [cell({ outputs: [{ output_type: 'stream', name: 'stdout' }] }), 'x.ipynb: cell 1, output 1: text: found nothing, expected a text or a list of lines'],
    [cell({ outputs: [{ output_type: 'display_data', data: 'x' }] }), 'x.ipynb: cell 1, output 1: data: found a string, expected an object with a key for each MIME type'],
    [cell({ outputs: [{ output_type: 'display_data', data: {}, metadata: 1 }] }), 'x.ipynb: cell 1, output 1: metadata: found a number, expected an object'],
    [cell({ outputs: [{ output_type: 'execute_result', data: {}, execution_count: [] }] }), 'x.ipynb: cell 1, output 1: execution_count: found a list, expected a number or null'],
    [cell({ outputs: [{ output_type: 'error', ename: 'E' }] }), 'x.ipynb: cell 1, output 1: ename and evalue: found "E" and nothing, expected two texts'],
    [cell({ outputs: [{ output_type: 'error', ename: 'E', evalue: '', traceback: 'no' }] }), 'x.ipynb: cell 1, output 1: traceback: found a string, expected a list of texts'],
    [cell({ cell_type: 'markdown', attachments: 1 }), 'x.ipynb: cell 1: attachments: found a number, expected an object'],
    [JSON.stringify({ nbformat: 4, cells: [{ cell_type: 'raw', id: 'a' }, { cell_type: 'raw', id: 'a' }] }), 'x.ipynb: cell 2: id: found a, which an earlier cell has, expected an id of its own']
  ])('that is broken is refused: %s', (text, message) => {
    expect(() => readNotebook(text, 'x.ipynb')).toThrow(message)
  })
})

const python = '/usr/bin/python3'
function hasNbformat(): boolean {
  try {
    execFileSync(python, ['-c', 'import nbformat'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

test.skipIf(!hasNbformat())('Jupyter finds it valid, and writes the same bytes', () => {
  const code = 'import sys, nbformat\nbook = nbformat.reads(sys.stdin.read(), as_version=4)\nnbformat.validate(book)\nsys.stdout.write(nbformat.writes(book) + "\\n")'
  // Python breaks lines at U+2028 as well.
  const text = writeNotebook(sample).replaceAll('\u2028', '')
  expect(execFileSync(python, ['-c', code], { input: text, encoding: 'utf8', env: { PYTHONIOENCODING: 'utf8' } })).toBe(text)
})
