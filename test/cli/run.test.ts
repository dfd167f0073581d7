import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { run } from '../../kernel/cli/run.js'
import { codeCell, markdownCell, newNotebook, tagsOf, type Cell, type CodeCell, type Notebook } from '../../lib/notebook/notebook.js'
import { readNotebook } from '../../lib/notebook/readNotebook.js'
import { writeNotebook } from '../../lib/notebook/writeNotebook.js'
import { fakeTerminal } from '../builders/fakeTerminal.js'

const folder = mkdtempSync(path.join(tmpdir(), 'slablab-run-'))
afterAll(() => rmSync(folder, { recursive: true }))
const at = (name: string): string => path.join(folder, name)

async function slablab(...args: string[]): Promise<{ code: number, text: string, errors: string }> {
  const terminal = fakeTerminal()
  const code = await run(args, terminal)
  return { code, text: terminal.text, errors: terminal.errors }
}

function written(name: string): Notebook {
  return readNotebook(readFileSync(at(name), 'utf8'), name)
}

function write(name: string, ...cells: Cell[]): string {
  writeFileSync(at(name), writeNotebook(newNotebook(cells)))
  return at(name)
}

const shownBy = (notebook: Notebook, id: string): CodeCell['outputs'] => (notebook.cells.find((cell) => cell.id === id) as CodeCell).outputs

const small: Cell[] = [
  markdownCell('title', '# Rows'),
  codeCell('parameters', 'let cache = \'kmalloc-128\'', ['parameters']),
  codeCell('rows', 'const rows = (await loadSlabinfo(\'leaking.slabinfo\')).params({ cache }).filter((d, $) => d.cache === $.cache)\nconsole.log(`${rows.numRows()} of ${cache}`)\nnew Date().toISOString()'),
  codeCell('table', 'rows'),
  codeCell('empty', '')
]
copyFileSync('datasets/seq-operations/leaking.slabinfo', at('leaking.slabinfo'))

describe('slablab run', { timeout: 300_000 }, () => {
  test('executes in the notebook\'s folder, twice with the same bytes but for times, and checks', async () => {
    const file = write('rows.ipynb', ...small)
    expect(await slablab('run', file)).toMatchObject({ code: 0, text: '', errors: `slablab: the result is ${at('rows.run.ipynb')}\n` })
    const first = written('rows.run.ipynb')
    expect(shownBy(first, 'rows')[0]).toEqual({ output_type: 'stream', name: 'stdout', text: '1 of kmalloc-128\n' })
    expect(shownBy(first, 'table')[0]).toMatchObject({ output_type: 'execute_result', execution_count: 3, data: { 'text/html': expect.stringContaining('<table>') as string } })
    expect(first.cells[2].metadata).toMatchObject({ papermill: { exception: false, status: 'completed' } })
    expect(first.metadata).toMatchObject({ papermill: { exception: null, input_path: file, output_path: at('rows.run.ipynb'), parameters: {} } })

    copyFileSync(at('rows.run.ipynb'), file)
    expect(await slablab('run', file, '-o', at('again.ipynb'), '--check', '--html')).toMatchObject({ code: 0, text: '' })
    const timeless = (name: string): string => readFileSync(at(name), 'utf8').replace(/\d{4}-\d\d-\d\dT[\d:.]+Z|"duration": [\d.]+|"output_path": ".*"/g, '')
    expect(timeless('again.ipynb')).toBe(timeless('rows.ipynb'))
    expect(readFileSync(at('again.html'), 'utf8')).toContain('1 of kmalloc-128')

    writeFileSync(file, readFileSync(file, 'utf8').replace('1 of kmalloc-128', '2 of kmalloc-128'))
    const differs = await slablab('run', file, '--check')
    expect(differs).toMatchObject({ code: 1, text: `${file}: cell 3 (rows), stdout:\n  - 2 of kmalloc-128\n  + 1 of kmalloc-128\n` })
    expect(differs.errors).toContain('an output differs from what the notebook holds')
  })

  test('writes the page alone where -o names one', async () => {
    const file = write('page.ipynb', ...small)
    expect(await slablab('run', file, '--html', '-o', at('named.html'))).toMatchObject({ code: 0, errors: `slablab: the page is ${at('named.html')}\n` })
    expect(readFileSync(at('named.html'), 'utf8')).toMatch(/^<!doctype html>[^]*1 of kmalloc-128/i)
    expect(existsSync(at('named.html.html')) || existsSync(at('page.run.ipynb'))).toBe(false)
  })

  test('takes other values for parameters', async () => {
    const file = write('parameters.ipynb', ...small)
    expect((await slablab('run', file, '-p', 'cache=kmalloc-64', '-o', at('other.ipynb'))).code).toBe(0)
    const result = written('other.ipynb')
    expect(result.cells[2]).toMatchObject({ source: 'let cache = "kmalloc-64"', metadata: { tags: ['injected-parameters'] } })
    expect(shownBy(result, 'rows')[0]).toMatchObject({ text: '0 of kmalloc-64\n' })
    expect(result.metadata).toMatchObject({ papermill: { parameters: { cache: 'kmalloc-64' } } })
    const wrong = await slablab('run', file, '-p', 'most=5')
    expect(wrong).toMatchObject({ code: 2, errors: 'slablab: most is no parameter of the notebook; there are cache\n' })
  })

  test('stops at the first error, and keeps what ran', async () => {
    const file = write('fails.ipynb', codeCell('allowed', 'throw new Error(\'may be\')', ['raises-exception']), codeCell('good', 'console.log(1)'), codeCell('bad', 'throw new TypeError(\'no such thing\')'), codeCell('never', 'console.log(2)'))
    const { code, errors } = await slablab('run', file, '--html', '-o', at('failed.ipynb'))
    expect(code).toBe(1)
    expect(errors).toContain(`slablab: ${file}: cell 3 (bad) failed: TypeError: no such thing\n`)
    const { cells, metadata } = written('failed.ipynb')
    expect(cells.map(({ id }) => id)).toEqual(['papermill-error-cell', 'allowed', 'good', 'bad', 'never'])
    expect(tagsOf(cells[0])).toEqual(['papermill-error-cell-tag'])
    expect(cells[2]).toMatchObject({ outputs: [{ text: '1\n' }] })
    expect(cells[3]).toMatchObject({ outputs: [{ output_type: 'error', ename: 'TypeError', evalue: 'no such thing' }], metadata: { papermill: { exception: true, status: 'failed' } } })
    expect(cells[4]).toMatchObject({ outputs: [], execution_count: null, metadata: { papermill: { status: 'pending' } } })
    expect(metadata).toMatchObject({ papermill: { exception: true } })
    expect(existsSync(at('failed.html'))).toBe(true)
  })

  test.each([
    [['run'], 2, 'expected one NOTEBOOK, got 0'],
    [['run', 'a', 'b'], 2, 'expected one NOTEBOOK, got 2'],
    [['run', 'a', '--format', 'json'], 2, '--format does not fit'],
    [['run', 'a', '-p', 'x'], 2, 'expected a parameter as name=value, got x'],
    [['run', 'notebooks/2-from-a-bare-vmcore.ipynb', '-o', 'x.html'], 2, 'x.html names a page, and without --html a notebook is written: add --html, or end it in .ipynb'],
    [['run', 'no-such.ipynb'], 1, 'no-such.ipynb'],
    [['run', 'package.json'], 1, 'package.json: not a notebook that can be read: found nbformat nothing']
  ])('%j is wrong', async (args, code, message) => {
    const result = await slablab(...args)
    expect(result.code).toBe(code)
    expect(result.errors).toContain(message)
  })
})

describe('slablab new', { timeout: 300_000 }, () => {
  test('begins an investigation that runs, and tells of evidence that has changed', async () => {
    for (const file of ['healthy.slabinfo', 'session.crash.txt']) copyFileSync(`datasets/seq-operations/${file}`, at(file))
    const files = ['leaking.slabinfo', 'healthy.slabinfo', 'session.crash.txt'].map(at)
    expect(await slablab('new', at('node-7'), ...files)).toMatchObject({ code: 0, errors: expect.stringContaining('begins the investigation of 3 files') as string })
    const begun = readFileSync(at('node-7.ipynb'), 'utf8')
    expect(begun).toContain('# node 7')
    expect(begun).toContain('31528b3ac20b2709639c82c04fe4ff0fb4949db578d20784c0368fa3e991fd7d')
    expect(begun).not.toContain(folder)
    const ran = await slablab('run', at('node-7.ipynb'))
    expect(ran).toMatchObject({ code: 0 })
    expect(JSON.stringify(shownBy(written('node-7.run.ipynb'), 'suspects'))).toContain('TestMod_ProcContentSeqShow')

    expect(await slablab('new', at('node-7.ipynb'), ...files)).toMatchObject({ code: 0, errors: expect.stringContaining('left as it is') as string })
    writeFileSync(files[1], `${readFileSync(files[1], 'utf8')}\n`)
    const changed = await slablab('new', at('node-7'), ...files)
    expect(changed.code).toBe(1)
    expect(changed.errors).toMatch(/healthy\.slabinfo has changed since the investigation began: sha256 [\da-f]{64}, was 9185350651a6/)
    rmSync(files[2])
    expect((await slablab('new', at('node-7'), ...files)).errors).toContain('session.crash.txt has changed since the investigation began: sha256 unknown, for it cannot be read')
    expect((await slablab('run', at('node-7.ipynb'))).errors).toContain('healthy.slabinfo has changed since the investigation began')
    expect(readFileSync(at('node-7.ipynb'), 'utf8')).toBe(begun)
  })

  test.each([[['new'], 'expected a NAME and at least one FILE'], [['new', 'x'], 'expected a NAME and at least one FILE'], [['new', 'x', 'y', '--format', 'csv'], '--format does not fit']])('%j is wrong', async (args, message) => {
    expect(await slablab(...args)).toMatchObject({ code: 2, errors: expect.stringContaining(message) as string })
  })
})
