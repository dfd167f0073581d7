import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expandPaths } from '../../lib/source/glob.js'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'glob-'))
  mkdirSync(path.join(folder, 'deep', 'er'), { recursive: true })
  for (const name of ['s.1', 's.2', 's.10', '.hidden', 'a[1]', 'deep/s.3', 'deep/er/s.4']) writeFileSync(path.join(folder, name), '')
})
afterAll(() => rmSync(folder, { recursive: true }))

const found = (pattern: string): string[] => expandPaths(`${folder}/${pattern}`).map((name) => name.slice(folder.length + 1))

test.each([
  ['s.*', ['s.1', 's.2', 's.10']],
  ['s.?', ['s.1', 's.2']],
  ['s.[2-9]', ['s.2']],
  ['s.[!2-9]', ['s.1']],
  ['s.{2,10}', ['s.2', 's.10']],
  ['{deep/{er/,},}s.{1,3,4}', ['deep/er/s.4', 'deep/s.3', 's.1']],
  ['*/s.*', ['deep/s.3']],
  ['**/s.*', ['s.1', 's.2', 's.10', 'deep/s.3', 'deep/er/s.4']],
  ['deep/**', ['deep/er', 'deep/s.3', 'deep/er/s.4']],
  ['.h*', ['.hidden']],
  ['*', ['a[1]', 'deep', 's.1', 's.2', 's.10']],
  ['nothing*', []],
  ['s.1*/x*', []]
])('%s', (pattern, expected) => {
  expect(found(pattern)).toEqual(expected)
})

test('a path that exists is itself, a plain path that does not is left to who opens it', () => {
  expect(found('a[1]')).toEqual(['a[1]'])
  expect(found('absent')).toEqual(['absent'])
  expect(expandPaths('-')).toEqual(['-'])
})
