import { describe, expect, test } from 'vitest'
import { writeNotebook } from '../../lib/notebook/writeNotebook.js'
import { readNotebook } from '../../lib/notebook/readNotebook.js'
import { tagsOf } from '../../lib/notebook/notebook.js'
import { markdownText } from '../../lib/report/markdownText.js'
import { report } from '../../lib/report/report.js'
import { reportNotebook } from '../../lib/report/reportNotebook.js'
import { provenance } from '../../lib/report/provenanceTable.js'

const folder = 'datasets/seq-operations'
const files = ['healthy.slabinfo', 'leaking.slabinfo', 'session.crash.txt'].map((file) => `${folder}/${file}`)

describe('the notebook of a report', async () => {
  const found = await report(files, { made: new Date(0) })
  const notebook = reportNotebook(found, { pathOf: (file) => file.replace(`${folder}/`, '') })
  const code = notebook.cells.filter((cell) => cell.cell_type === 'code')

  test('starts with its parameters and ends with its provenance', () => {
    expect(tagsOf(code[0])).toEqual(['parameters'])
    expect(code[0].source).toContain('let files = ["healthy.slabinfo", "leaking.slabinfo", "session.crash.txt"]')
    expect(notebook.cells.at(-1)).toMatchObject({ id: 'provenance', source: expect.stringContaining('9185350651a636b010218809486d7f3c31a58020598e0e09eec57d00893dddb2') as string })
  })

  test('holds each piece of evidence with the code that finds it again, on what is opened once', () => {
    const texts = notebook.cells.map(({ source }) => source).join('\n')
    for (const { evidence } of found.suspects) for (const { text } of evidence) expect(texts).toContain(markdownText(text))
    const sources = code.map(({ source }) => source)
    expect(sources).toContain('const dump = await openDump(files[2])')
    expect(sources).toContain('words(dump, [\'0xffff80003a5b0000\', \'0xffff80003a5b0100\'], { bytes: 32 })')
    expect(sources).toContain('compare(await loadSlabinfo(files[0]), await loadSlabinfo(files[1]))')
    expect(sources.filter((source) => source.includes('openDump'))).toHaveLength(1)
    expect(sources.slice(1).join('\n')).not.toContain(folder)
  })

  test('is a notebook, with ids of its own', () => {
    expect(readNotebook(writeNotebook(notebook))).toEqual(notebook)
  })

  test('of healthy evidence accuses nobody', async () => {
    const { cells } = reportNotebook(await report(files[0]))
    expect(cells.find(({ id }) => id === 'suspects')?.source).toContain('None: no rule found anything to accuse')
  })
})

test.each([
  ['TestMod_Show calls single_open()', 'TestMod_Show calls single_open()'],
  ['_a_ *b* `c` <d> [e](f) $g$', '\\_a\\_ \\*b\\* \\`c\\` \\<d\\> \\[e\\](f) \\$g\\$'],
  ['# no heading\n', '\\# no heading\\\\n']
])('%j is text', (text, expected) => expect(markdownText(text)).toBe(expected))

describe('provenance', () => {
  test('says what files are, and which have changed', async () => {
    const rows = (await provenance(files.slice(0, 2), { recorded: ['9185350651a636b010218809486d7f3c31a58020598e0e09eec57d00893dddb2', '00'] })).objects()
    expect(rows).toMatchObject([{ file: files[0], kind: '/proc/slabinfo', bytes: 311, changed: false }, { file: files[1], changed: true }])
    expect((await provenance(files[0])).objects()).toEqual([{ file: files[0], kind: '/proc/slabinfo', bytes: 311, sha256: '9185350651a636b010218809486d7f3c31a58020598e0e09eec57d00893dddb2' }])
    expect((await provenance(files[0], { recorded: [null] })).objects()).toMatchObject([{ changed: null }])
  })
  test('of what is not there fails', async () => {
    await expect(provenance('no-such-file')).rejects.toThrow('no-such-file: no such file')
  })
})
