import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { fieldLines } from '../../kernel/cli/fieldLines.js'
import { run } from '../../kernel/cli/run.js'
import { fakeTerminal } from '../builders/fakeTerminal.js'
import { describeEvidence, evidence } from '../evidence.js'

const vmcore = evidence('arm64-slab', 'vmcore')

async function output(...args: string[]): Promise<string> {
  const terminal = fakeTerminal()
  expect(await run(args, terminal)).toBe(0)
  expect(terminal.errors).toBe('')
  return terminal.text
}

describeEvidence('--as crash', () => {
  test('prints what crash printed', async () => {
    expect(await output('caches', vmcore, '--as', 'crash')).toBe(readFileSync(evidence('arm64-slab', 'crash', 'kmem-s.txt'), 'utf8'))
    expect(await output('objects', vmcore, '--cache', 'seq_file', '--as', 'crash'))
      .toBe(gunzipSync(readFileSync(evidence('arm64-slab', 'crash', 'kmem-S-seq_file.txt.gz'))).toString())
    const read = readFileSync(evidence('arm64-slab', 'crash', 'rd-one.txt'), 'utf8').split('\n').slice(0, 8)
    expect(await output('read', vmcore, '0xffff5d1ec1d4e280', '--words', '16', '--as', 'crash')).toBe(`${read.join('\n')}\n`)
  })

  test('goes with crash alone, without --format, and for objects with a cache', async () => {
    const terminal = fakeTerminal()
    expect(await run(['caches', vmcore, '--as', 'drgn'], terminal)).toBe(2)
    expect(await run(['caches', vmcore, '--as', 'crash', '--format', 'csv'], terminal)).toBe(2)
    expect(await run(['objects', vmcore, '--as', 'crash'], terminal)).toBe(2)
    expect(terminal.errors).toBe('slablab: expected --as crash, got --as drgn\nslablab: expected --as or --format, got both\n' +
      'slablab: expected --cache NAME with --as crash\n')
  })
})

describeEvidence('whatis', () => {
  test('says what lies there, line by line or as JSON', async () => {
    expect(await output('whatis', vmcore, 'ffff5d1ec1d4e288')).toMatch(/^address +0xffff5d1ec1d4e288\nkind +slab object\ncache +kmalloc-128\n/)
    expect(JSON.parse(await output('whatis', vmcore, 'ffff5d1ec1d4e288', '--format', 'json'))).toMatchObject([{ cache: 'kmalloc-128', offset: 8, state: 'allocated' }])
  })

  test('wants a file and an address', async () => {
    const terminal = fakeTerminal()
    expect(await run(['whatis', vmcore], terminal)).toBe(2)
    expect(terminal.errors).toBe('slablab: expected FILE and ADDRESS\n')
  })
})

describe('fieldLines', () => {
  test('leaves out what is unknown, writes lists line by line and lets nothing act on a terminal', () => {
    expect(fieldLines({ a: 1, longer: null, list: ['x', 'y\u001b[2J'], empty: [], flag: false, near: [{ address: '0x10', state: 'free' }] }))
      .toBe('a     1\nlist  x\n      y\\x1b[2J\nflag  false\nnear  0x10, free\n')
  })
})
