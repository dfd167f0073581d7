import { expect, test } from 'vitest'
import { run } from '../../kernel/cli/run.js'
import { fakeTerminal } from '../builders/fakeTerminal.js'
import { describeEvidence, evidence } from '../evidence.js'

const vmcore = evidence('arm64-slab', 'vmcore')

async function json(...args: string[]): Promise<unknown> {
  const terminal = fakeTerminal()
  expect(await run([...args, '--format', 'json'], terminal)).toBe(0)
  return JSON.parse(terminal.text)
}

describeEvidence('symbol', () => {
  test('by name, by address, by name and offset; of a module', async () => {
    const start = { name: 'single_start', address: '0xffffc7055c59f3e0', offset: 0, module: null, type: 'T', file: null, line: null }
    expect(await json('symbol', vmcore, 'single_start')).toEqual([start])
    expect(await json('symbol', vmcore, '0xffffc7055c59f3e4')).toEqual([{ ...start, offset: 4 }])
    expect(await json('symbol', vmcore, 'TestMod_ProcContentSeqShow')).toMatchObject([{ address: '0xffffc7055442e044', module: 'testmod' }])
  })

  test('that does not exist: an empty list, and a word about it', async () => {
    const terminal = fakeTerminal()
    expect(await run(['symbol', vmcore, 'no_such_symbol', '--format', 'json'], terminal)).toBe(0)
    expect(JSON.parse(terminal.text)).toEqual([])
    expect(terminal.errors).toBe('slablab: no symbol is named no_such_symbol\n')
    const other = fakeTerminal()
    await run(['symbol', vmcore, '0xffff000000000000'], other)
    expect(other.errors).toBe('slablab: no symbol holds 0xffff000000000000\n')
  })

  test('several names at once; each that is none gets a word', async () => {
    const terminal = fakeTerminal()
    expect(await run(['symbol', vmcore, 'single_start', 'no_such_symbol', '0xffffc7055442e044', '--format', 'json'], terminal)).toBe(0)
    expect(JSON.parse(terminal.text)).toMatchObject([{ name: 'single_start' }, { name: 'TestMod_ProcContentSeqShow' }])
    expect(terminal.errors).toBe('slablab: no symbol is named no_such_symbol\n')
    expect(await json('read', vmcore, 'single_start', 'single_stop', '-n', '1')).toMatchObject([{ address: '0xffffc7055c59f3e0' }, { address: '0xffffc7055c59f404' }])
    expect(await json('whatis', vmcore, 'single_start', 'ffff5d1ec1d4e280')).toMatchObject([{ kind: 'kernel symbol' }, { kind: 'slab object', cache: 'kmalloc-128' }])
    const crash = fakeTerminal()
    await run(['read', vmcore, 'single_start', 'single_stop', '-n', '1', '--as', 'crash'], crash)
    expect(crash.text.match(/^ffffc7055c59f(3e0|404):/gm)).toHaveLength(2)
  })

  test('wants a file and a query', async () => {
    const terminal = fakeTerminal()
    expect(await run(['symbol', vmcore], terminal)).toBe(2)
    expect(terminal.errors).toBe('slablab: expected FILE and NAME or ADDRESS\n')
  })
})

describeEvidence('read', () => {
  test('words with what they point at', async () => {
    expect(await json('read', vmcore, 'ffff5d1ec1d4e280', '--words', '4')).toEqual([
      ['0xffff5d1ec1d4e280', '0xffffc7055c59f3e0', 'single_start', null], ['0xffff5d1ec1d4e288', '0xffffc7055c59f404', 'single_stop', null],
      ['0xffff5d1ec1d4e290', '0xffffc7055c59f3f0', 'single_next', null], ['0xffff5d1ec1d4e298', '0xffffc7055442e044', 'TestMod_ProcContentSeqShow', 'testmod']
    ].map(([address, value, symbol, module]) => ({ address, value, symbol, module, cache: null, missing: null })))
  })

  test('words that are not there have no value, and say why', async () => {
    expect(await json('read', vmcore, '0x1000', '-n', '1')).toMatchObject([{ value: null, missing: 'unmapped' }])
  })

  test('from a symbol on; a tagged pointer is the pointer', async () => {
    const plain = await json('read', vmcore, 'single_start', '-n', '2')
    expect(await json('read', vmcore, '0xffffc7055c59f3e0', '-n', '2')).toEqual(plain)
    expect(await json('read', vmcore, '0x3cffc7055c59f3e0', '-n', '1')).toMatchObject([{ value: (plain as { value: string }[])[0].value }])
  })

  test('wants a file, an address and a number', async () => {
    for (const [args, message] of [
      [['read', vmcore], 'expected FILE and ADDRESS'],
      [['read', vmcore, '0x1000', '--words', 'many'], 'expected --words to be a number, got many'],
      [['read', vmcore, 'no_such_name'], 'expected an address or a symbol, got no_such_name'],
      [['read', vmcore, 'sinle_start'], 'expected an address or a symbol, got sinle_start; did you mean single_start?']
    ] as const) {
      const terminal = fakeTerminal()
      expect(await run([...args], terminal)).toBe(2)
      expect(terminal.errors).toBe(`slablab: ${message}\n`)
    }
  })
})
