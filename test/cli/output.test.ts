import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parseFormat, writeResult, writeTable } from '../../kernel/cli/output.js'
import { run } from '../../kernel/cli/run.js'
import { describedTable } from '../../lib/table/columns.js'
import { fakeTerminal } from '../builders/fakeTerminal.js'

const folder = mkdtempSync(path.join(tmpdir(), 'slablab-output-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('writeResult', () => {
  test('a file, with nothing left beside it', () => {
    const target = path.join(folder, 'whole.txt')
    writeResult(fakeTerminal(), target, ['one\n', 'two\n'])
    expect(readFileSync(target, 'utf8')).toBe('one\ntwo\n')
    expect(readdirSync(folder)).toEqual(['whole.txt'])
  })

  test('a result that fails half-way leaves the old file and no partial one', () => {
    const target = path.join(folder, 'old.txt')
    writeFileSync(target, 'old')
    function* failing(): Generator<string> {
      yield 'half'
      throw new Error('no more')
    }
    expect(() => writeResult(fakeTerminal(), target, failing())).toThrow('no more')
    expect(readFileSync(target, 'utf8')).toBe('old')
    expect(readdirSync(folder)).not.toContainEqual(expect.stringContaining('partial'))
  })

  test('a link stays a link, a device stays a device', () => {
    const target = path.join(folder, 'target.txt')
    const link = path.join(folder, 'link.txt')
    writeFileSync(target, '')
    symlinkSync(target, link)
    writeResult(fakeTerminal(), link, 'through')
    expect(lstatSync(link).isSymbolicLink()).toBe(true)
    expect(readFileSync(target, 'utf8')).toBe('through')
    writeResult(fakeTerminal(), '/dev/null', 'gone')
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true)
  })
})

describe('writeTable', () => {
  const rows = describedTable({ cache: Array.from({ length: 60 }, (_, i) => `cache-${i}-\u001b[31m${'x'.repeat(100)}`) })

  test('a terminal gets what fits', () => {
    const terminal = fakeTerminal({ outIsTerminal: true, width: 40 })
    writeTable(terminal, { positionals: [], options: {} }, rows)
    expect(terminal.text).toContain('50 of 60 rows')
    expect(Math.max(...terminal.text.split('\n').map((line) => line.length))).toBe(40)
  })

  test('a pipe gets everything, without colours', () => {
    const terminal = fakeTerminal({ colour: true })
    writeTable(terminal, { positionals: [], options: {} }, rows)
    expect(terminal.text).toContain('60 rows')
    expect(terminal.text).toContain(`\\x1b[31m${'x'.repeat(100)}`)
    expect(terminal.text).not.toContain('\u001b')
  })

  test('CSV is exact in a pipe and harmless on a terminal', () => {
    const options = { format: 'csv' }
    const pipe = fakeTerminal()
    writeTable(pipe, { positionals: [], options }, rows)
    expect(pipe.text).toContain('\u001b[31m')
    const screen = fakeTerminal({ outIsTerminal: true })
    writeTable(screen, { positionals: [], options }, rows)
    expect(screen.text).not.toContain('\u001b')
    expect(screen.text.split('\n')).toHaveLength(62)
  })

  test('a format that does not exist', () => {
    expect(() => parseFormat('xml')).toThrow('expected --format to be one of table, csv, json, ndjson, got xml')
  })
})

test('a file in place of a command is told what can be done with it', async () => {
  const terminal = fakeTerminal()
  expect(await run(['datasets/healthy/vmcore'], terminal)).toBe(2)
  expect(terminal.errors).toContain('datasets/healthy/vmcore is a file, and no command: slablab report datasets/healthy/vmcore says what leaked')
})
