import { expect, test, describe } from 'vitest'
import { compareNotebooks } from '../../lib/notebook/compareNotebooks.js'
import { differenceText } from '../../lib/notebook/differenceText.js'
import { codeCell, markdownCell, newNotebook, type Metadata, type Notebook, type Output } from '../../lib/notebook/notebook.js'

const code = (outputs: readonly Output[], metadata: Metadata = {}): Notebook =>
  newNotebook([markdownCell('title', 'Title'), { ...codeCell('ask', 'ask()'), metadata, outputs, execution_count: 1 }])
const printed = (text: string, name: 'stdout' | 'stderr' = 'stdout'): Output => ({ output_type: 'stream', name, text })
const result = (data: Record<string, unknown>, count = 1): Output => ({ output_type: 'execute_result', data, metadata: {}, execution_count: count })
const error = (evalue: string, traceback: string[] = []): Output => ({ output_type: 'error', ename: 'Error', evalue, traceback })
const ranAt = (notebook: Notebook, start: string, end: string): Notebook => ({ ...notebook, metadata: { papermill: { start_time: start, end_time: end } } })

describe('notebooks are the same', () => {
  test.each<[string, Output[], Output[]]>([
    ['but for durations', [printed('3 caches, 1.2 ms\n')], [printed('3 caches, 913 µs\n')]],
    ['but for a table that is wider by a duration', [printed('took    objects\n-----------\n9 ms          1\n')], [printed('took    objects\n------------\n12 ms         1\n')]],
    ['but for executions counted', [result({ 'text/plain': '1' }, 1)], [result({ 'text/plain': '1' }, 7)]],
    ['but for pixels of what is drawn from the same', [result({ 'image/svg+xml': '<svg/>', 'image/png': 'a' })], [result({ 'image/svg+xml': '<svg/>', 'image/png': 'b' })]],
    ['but for the order of keys', [result({ 'application/json': { a: 1, b: 2 } })], [result({ 'application/json': { b: 2, a: 1 } })]],
    ['but for the pieces of their streams', [printed('a\n'), printed('x', 'stderr'), printed('b\n')], [printed('a\nb\n'), printed('x', 'stderr')]],
    ['but for tracebacks', [error('no', ['at here'])], [error('no', ['at there'])]]
  ])('%s', (_, first, second) => expect(compareNotebooks(code(first), code(second))).toEqual([]))

  test('but for moments of the runs themselves', () => {
    const first = ranAt(code([printed('made 2026-01-01T00:00:02Z of 2020-05-05T00:00:00Z')]), '2026-01-01T00:00:00Z', '2026-01-01T00:00:09Z')
    const second = ranAt(code([printed('made 2026-06-01T10:00:03Z of 2020-05-05T00:00:00Z')]), '2026-06-01T10:00:00Z', '2026-06-01T10:00:03.2Z')
    expect(compareNotebooks(first, second)).toEqual([])
    // Whose run is not known, its moments may be of the run.
    expect(compareNotebooks({ ...first, metadata: {} }, second)).toEqual([])
    const other = ranAt(code([printed('made 2026-06-01T10:00:03Z of 2020-05-05T00:00:01Z')]), '2026-06-01T10:00:00Z', '2026-06-01T10:00:03.2Z')
    expect(compareNotebooks(first, other)).toMatchObject([{ what: 'stdout' }])
  })

  test('where the output is the alternative that the cell names', () => {
    const metadata = { slablab: { alternative: 'no server was found\n' } }
    const expected = code([printed('7 kernels\n'), result({ 'text/plain': '7' })], metadata)
    expect(compareNotebooks(expected, code([printed('no server was '), printed('found')], metadata))).toEqual([])
    expect(compareNotebooks(expected, code([printed('no server was found, at all')], metadata))).toHaveLength(2)
    expect(compareNotebooks(expected, code([printed('no server was found'), error('and more')], metadata))).not.toEqual([])
  })
})

describe('notebooks differ', () => {
  test.each<[string, Output[], Output[]]>([
    ['stdout', [printed('3 caches')], [printed('4 caches')]],
    ['stdout', [printed(' 3')], [printed('3')]],
    ['stdout', [printed('3 caches, 5 ms')], [printed('4 caches, 6 ms')]],
    ['stdout', [printed('-5, 1 ms')], [printed('5, 2 ms')]],
    ['stdout', [printed('12 ms')], [printed('2020-05-05T00:00:00Z')]],
    ['stderr', [], [printed('a warning', 'stderr')]],
    ['result (text/plain)', [result({ 'text/html': '<b>1</b>', 'text/plain': '1' })], [result({ 'text/html': '<b>2</b>', 'text/plain': '2' })]],
    ['result (text/html)', [result({ 'text/html': '<b>1</b>', 'text/plain': '1' })], [result({ 'text/html': '<i>1</i>', 'text/plain': '1' })]],
    ['result (image/png)', [result({ 'image/png': 'a', 'text/plain': '1' })], [result({ 'image/png': 'b', 'text/plain': '1' })]],
    ['result (application/vnd.vegalite.v5+json)', [result({ 'application/vnd.vegalite.v5+json': { mark: 'bar' } })], [result({ 'application/vnd.vegalite.v5+json': { mark: 'line' } })]],
    ['display 1 (text/plain)', [{ output_type: 'display_data', data: { 'text/plain': '1' }, metadata: {} }], []],
    ['error', [], [error('no such file')]]
  ])('in %s', (what, first, second) => expect(compareNotebooks(code(first), code(second))).toMatchObject([{ cell: 2, id: 'ask', what }]))

  test('in cells', () => {
    const { cells } = code([])
    expect(compareNotebooks(newNotebook(cells), newNotebook(cells.slice(1)))).toMatchObject([{ cell: 1, what: 'source' }, { cell: 2, what: 'cell', found: null }])
    expect(compareNotebooks(newNotebook(cells.slice(0, 1)), newNotebook(cells))).toMatchObject([{ cell: 2, id: 'ask', what: 'cell', expected: null, found: 'ask()' }])
  })
})

describe('a difference is told', () => {
  const place = { cell: 2, id: 'ask', what: 'stdout' }
  test('by the lines that differ', () => {
    expect(differenceText({ ...place, expected: 'a\nb\nc\n', found: 'a\nB\nB2\nc\n' })).toBe('cell 2 (ask), stdout: from line 2\n  - b\n  + B\n  + B2\n')
  })
  test('by what is not there', () => {
    expect(differenceText({ ...place, expected: null, found: 'a' })).toBe('cell 2 (ask), stdout: not expected\n  + a\n')
    expect(differenceText({ ...place, expected: 'a\nb', found: null })).toBe('cell 2 (ask), stdout: expected and not there\n  - a\n  - b\n')
  })
  test('shortened, and without acting on the terminal', () => {
    const found = `\u001b[2J${'x'.repeat(500)}\n`.repeat(40)
    const lines = differenceText({ ...place, expected: 'a', found }).trimEnd().split('\n')
    expect(lines).toHaveLength(15)
    expect(lines[2]).toMatch(/^ {2}\+ \\x1b\[2Jx+…$/)
    expect(lines[14]).toBe('  + … 28 more lines')
  })
})
