import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { run } from '../../kernel/cli/run.js'
import { tagsOf } from '../../lib/notebook/notebook.js'
import { readNotebook } from '../../lib/notebook/readNotebook.js'
import { writeNotebook } from '../../lib/notebook/writeNotebook.js'
import { fakeTerminal } from '../builders/fakeTerminal.js'

const folder = 'notebooks'
const files = readdirSync(folder).filter((file) => file.endsWith('.ipynb')).map((file) => path.join(folder, file))

describe.each(files)('%s', (file) => {
  const text = readFileSync(file, 'utf8')
  const notebook = readNotebook(text, file)
  const code = notebook.cells.filter((cell) => cell.cell_type === 'code')

  test('begins with a title and its parameters, ends with its provenance, and ran', () => {
    expect(notebook.cells[0].source).toMatch(/^# /)
    expect(tagsOf(code[0])).toContain('parameters')
    expect(notebook.cells.at(-1)?.id).toBe('provenance')
    expect(code.map(({ execution_count: count }) => count)).toEqual(code.map((_, i) => i + 1))
    expect(code.flatMap(({ outputs }) => outputs).filter(({ output_type: type }) => type === 'error')).toEqual([])
  })

  test('is written as it is read, and names no machine\'s own folders', () => {
    expect(writeNotebook(notebook)).toBe(text)
    expect(text).not.toMatch(/"\/(?:home|work|tmp|root|Users)\//)
  })

  test('links to what is there', () => {
    const links = notebook.cells.flatMap(({ source }) => [...source.matchAll(/\]\((?!https?:|#)([^)\s]+)\)/g)].map(([, target]) => target))
    for (const link of links) expect(() => readFileSync(path.join(folder, link.replace(/#.*/, '')))).not.toThrow()
  })

  test('shows the same when it runs again', { timeout: 600_000 }, async () => {
    const terminal = fakeTerminal()
    const status = await run(['run', file, '--check'], terminal)
    expect(terminal.text).toBe('')
    expect(status, terminal.errors).toBe(0)
  })
})
