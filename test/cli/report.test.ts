import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, describe, expect, test } from 'vitest'
import { run } from '../../kernel/cli/run.js'
import { sampleTypes } from '../builders/btf.js'
import { fakeTerminal } from '../builders/fakeTerminal.js'

const cases = 'datasets/seq-operations'
const files = ['healthy.slabinfo', 'leaking.slabinfo', 'session.crash.txt'].map((file) => path.join(cases, file))
const folder = mkdtempSync(path.join(tmpdir(), 'slablab-cli-report-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function slablab(...args: string[]): Promise<{ code: number, text: string, errors: string }> {
  const terminal = fakeTerminal()
  const code = await run(args, terminal)
  return { code, text: terminal.text, errors: terminal.errors }
}

function valid(schema: string, result: unknown): void {
  const ajv = new Ajv2020({ strict: true, allErrors: true })
  for (const file of readdirSync('docs/schemas')) ajv.addSchema(JSON.parse(readFileSync(path.join('docs/schemas', file), 'utf8')) as object)
  const validate = ajv.getSchema(`${schema}.schema.json`)!
  expect(validate(result), JSON.stringify(validate.errors)).toBe(true)
}

describe('slablab report', () => {
  test('as text names the culprit', async () => {
    const { code, text } = await slablab('report', ...files)
    expect(code).toBe(0)
    expect(text).toContain('TestMod_ProcContentSeqShow')
    expect(text).toContain('+213 MiB')
  })

  test('as JSON holds to the contract', async () => {
    const { code, text } = await slablab('report', ...files, '--format', 'json')
    const result = JSON.parse(text) as Record<string, unknown>
    expect(code).toBe(0)
    expect(Object.keys(result)).toEqual(['summary', 'compare', 'growth', 'signatures', 'suspects', 'missing', 'provenance'])
    valid('report', result)
    expect(result.compare).toEqual([{ cache: 'kmalloc-128', beforeObjects: 22726, afterObjects: 1767698, deltaObjects: 1744972, deltaBytes: 223563776, status: 'grown' }])
    expect(result.suspects).toMatchObject([{ verdict: 'maybe', confidence: 'likely', type: 'seq_operations', symbols: ['TestMod_ProcContentSeqShow', 'single_start', 'single_stop', 'single_next'] }])
  })

  test('takes types from a file, notes which, and says what is wrong with it', async () => {
    const types = path.join(folder, 'types.btf')
    writeFileSync(types, sampleTypes().btf.bytes())
    const { code, text } = await slablab('report', ...files, '--btf', types, '--format', 'json')
    expect(code).toBe(0)
    expect((JSON.parse(text) as { provenance: { options: unknown } }).provenance.options).toEqual({ btf: types })
    const wrong = await slablab('report', 'datasets/seq-operations/session.crash.txt', '--btf', files[0])
    expect(wrong).toMatchObject({ code: 1, text: '' })
    expect(wrong.errors).toContain('healthy.slabinfo')
  })

  test('to a file that is called a page or a notebook, as such', async () => {
    const [page, notebook] = [path.join(folder, 'alone.html'), path.join(folder, 'alone.ipynb')]
    expect(await slablab('report', ...files, '-o', page)).toMatchObject({ code: 0, text: '', errors: `slablab: the report is in ${page}\n` })
    expect(readFileSync(page, 'utf8')).toMatch(/^<!doctype html>/i)
    expect(await slablab('report', ...files, '-o', notebook)).toMatchObject({ code: 0, text: '', errors: `slablab: the notebook is ${notebook}\n` })
    expect(JSON.parse(readFileSync(notebook, 'utf8'))).toMatchObject({ nbformat: 4 })
  })

  test('as a page beside the text, and to a file', async () => {
    const page = path.join(folder, 'report.html')
    const json = path.join(folder, 'report.json')
    const { code, text, errors } = await slablab('report', ...files, '--html', page, '--format', 'json', '--output', json)
    expect(code).toBe(0)
    expect(text).toBe('')
    expect(errors).toContain(`the report is in ${page}`)
    expect(readFileSync(page, 'utf8')).toMatch(/^<!doctype html>/)
    expect(JSON.parse(readFileSync(json, 'utf8'))).toHaveProperty('summary')
  })

  test('that lacks a part of its evidence says so and exits with 1', async () => {
    const photo = path.join(folder, 'photo.png')
    writeFileSync(photo, Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'))
    const { code, text, errors } = await slablab('report', ...files, photo)
    expect(code).toBe(1)
    expect(text).toContain('TestMod_ProcContentSeqShow')
    expect(errors).toContain(`slablab: partial report: ${photo}: not used: picture`)
  })

  test.each([
    [['report'], 2, 'expected a FILE: slabinfo, a crash session or a dump'],
    [['report', files[0], '--format', 'csv'], 2, 'a report is no table: expected --format table or json, got csv'],
    [['report', files[0], '--kaslr-offset', 'much'], 2, 'expected --kaslr-offset to be hexadecimal'],
    [['suspects'], 2, 'expected a FILE: slabinfo, a crash session or a dump'],
    [['report', 'no-such-file'], 1, 'no-such-file']
  ])('%j is wrong', async (args, code, message) => {
    const result = await slablab(...args)
    expect([result.code, result.text]).toEqual([code, ''])
    expect(result.errors).toContain(message)
  })
})

describe('slablab suspects', () => {
  test('as text is sentences of a width that people can read', async () => {
    const { code, text } = await slablab('suspects', ...files)
    expect(code).toBe(0)
    expect(text).toMatch(/^maybe \(likely\): seq_operations in kmalloc-128/)
    expect(text).toContain('fix: ')
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
    expect((await slablab('suspects', files[0])).text).toBe('None: no rule found anything to accuse in this evidence.\n')
  })

  test('gives the findings as rows', async () => {
    const { code, text } = await slablab('suspects', ...files, '--format', 'json')
    expect(code).toBe(0)
    valid('suspects', JSON.parse(text))
    expect(JSON.parse(text)).toHaveLength(1)
  })

  test('none is an empty list', async () => {
    expect(await slablab('suspects', files[0], '--format', 'json')).toMatchObject({ code: 0, text: '[]\n' })
  })
})

describe('slablab signatures', () => {
  test('groups what the session read', async () => {
    const { code, text } = await slablab('signatures', files[2], '--cache', 'kmalloc-128', '--format', 'json')
    expect(code).toBe(0)
    const rows = JSON.parse(text) as { objects: number, type: string, words: { symbol: string | null }[] }[]
    valid('signatures', rows)
    expect(rows.map(({ objects, type }) => [objects, type])).toEqual([[2, 'seq_operations'], [1, 'vm_struct']])
    expect(rows[0].words.map(({ symbol }) => symbol)).toEqual(['single_start', 'single_stop', 'single_next', 'TestMod_ProcContentSeqShow'])
  })

  test('says where there is nothing to group', async () => {
    const listing = path.join(folder, 'listing.txt')
    writeFileSync(listing, readFileSync(files[2], 'utf8').split('crash> rd')[0])
    const { code, text, errors } = await slablab('signatures', listing, '--format', 'json')
    expect([code, text]).toEqual([1, '[]\n'])
    expect(errors).toContain('holds no contents of allocated objects: rd ADDRESS in crash reads them')
    const unknown = await slablab('signatures', listing, '--cache', 'kmalloc-64')
    expect(unknown.code).toBe(2)
    expect(unknown.errors).toContain('no cache named kmalloc-64')
  })
})

describe('slablab start', () => {
  test.each([
    [[], 'TestMod_ProcContentSeqShow leaks kmalloc-128, and 2 other kinds of objects leak', 'slablab start --case seq-operations'],
    [['--case', 'seq-operations'], 'The objects that fill kmalloc-128 name TestMod_ProcContentSeqShow', 'slablab start --case arm64-slab']
  ])('%j reports a case that comes with it, writes the page and names the other case', async (options, headline, other) => {
    const page = path.join(folder, `first${options.length}.html`)
    const { code, text } = await slablab('start', ...options, '--output', page)
    expect(code).toBe(0)
    expect(text.split('\n')[0]).toBe(headline)
    expect(text).toContain(`The same report as a page is in ${page}`)
    expect(text).toContain(other)
    expect(existsSync(page)).toBe(true)
  })

  test.each([
    [['start', '--case', 'none'], 'expected --case to be one of arm64-slab, seq-operations, got none'],
    [['start', files[0]], `expected no FILE, got ${files[0]}: slablab report FILE… reports on your own evidence`]
  ])('%j is wrong', async (args, message) => {
    const { code, errors } = await slablab(...args)
    expect([code, errors]).toEqual([2, `slablab: ${message}\n`])
  })
})
