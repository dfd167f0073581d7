import { describe, expect, test } from 'vitest'
import { readSymbolText } from '../../lib/source/symbolText.js'

function rows(text: string): unknown[] {
  return readSymbolText('symbols', text).symbols.map(({ address, name, type, module, bytes, file, line }) => [address.toString(16), name, type, module, bytes, file, line])
}

describe('forms', () => {
  test('System.map', () => {
    expect(rows('0000000000000000 A fixed_percpu_data\nffffffff81000000 T _text\nffffffff81000000 t .Lpvh\nffffffff8133a0b0 t single_start\r\n')).toEqual([
      ['0', 'fixed_percpu_data', 'A', null, null, null, null], ['ffffffff81000000', '_text', 'T', null, null, null, null],
      ['ffffffff8133a0b0', 'single_start', 't', null, null, null, null]
    ])
  })

  test('/proc/kallsyms with modules', () => {
    const text = 'ffffffff8133a0b0 t single_start\nffffffffc043e0d0 T TestMod_Show\t[testmod]\nffffffffc0440000 t bpf_prog_6deef7357e7b4530\t[bpf]\n'
    expect(readSymbolText('k', text).kind).toBe('kallsyms')
    expect(rows(text)[1]).toEqual(['ffffffffc043e0d0', 'TestMod_Show', 'T', 'testmod', null, null, null])
  })

  test('nm with sizes, with lines, with file names', () => {
    expect(rows('ffffffff8133a0b0 0000000000000021 T single_start\t/build/fs/seq_file.c:558\n                 U kfree\nvmlinux:ffffffff8133a0e0 t single_stop\nffffffff8133a0f0 t x\t/build/a.c:?\n')).toEqual([
      ['ffffffff8133a0b0', 'single_start', 'T', null, 33, '/build/fs/seq_file.c', 558], ['ffffffff8133a0e0', 'single_stop', 't', null, null, null, null],
      ['ffffffff8133a0f0', 'x', 't', null, null, '/build/a.c', null]
    ])
  })

  test('nm -P and nm -f sysv', () => {
    expect(rows('single_start T ffffffff8133a0b0 21\nkfree U         \nsingle_stop t ffffffff8133a0e0\n')).toEqual([
      ['ffffffff8133a0b0', 'single_start', 'T', null, 33, null, null], ['ffffffff8133a0e0', 'single_stop', 't', null, null, null, null]
    ])
    expect(rows(`

Symbols from vmlinux:

Name                  Value           Class        Type         Size             Line  Section

single_start        |ffffffff8133a0b0|   T  |              FUNC|0000000000000021|     |.text
kfree               |                |   U  |            NOTYPE|                |     |*UND*
`)).toEqual([['ffffffff8133a0b0', 'single_start', 'T', null, 33, null, null]])
  })

  test('of a 32-bit kernel, and with mapping symbols of ARM', () => {
    expect(rows('c0008000 T _stext\nc0008000 t $a\nc0008004 t $d.1\n')).toEqual([['c0008000', '_stext', 'T', null, null, null, null]])
  })
})

describe('addresses that are worth nothing', () => {
  test('all zero, as kptr_restrict has it', () => {
    expect(readSymbolText('k', '0000000000000000 T _text\n0000000000000000 t x\t[m]\n').hidden).toBe('zero')
  })

  test('hashed, as %p has it', () => {
    let hash = 1
    const lines = Array.from({ length: 50 }, (_, i) => {
      hash = (Math.imul(hash, 1103515245) + 12345) >>> 0
      return `00000000${((hash | 0x10000000) >>> 0).toString(16).padStart(8, '0').slice(-8)} t f${i}`
    })
    expect(readSymbolText('k', lines.join('\n')).hidden).toBe('hashed')
    expect(readSymbolText('k', '(____ptrval____) T _text\n(____ptrval____) t x\n').hidden).toBe('hashed')
  })

  test('real ones, per-CPU offsets and small tables', () => {
    expect(readSymbolText('k', '0000000000000000 A fixed_percpu_data\nffffffff81000000 T _text\n').hidden).toBeNull()
    const kernel = Array.from({ length: 50 }, (_, i) => `c000${(0x8000 + i * 16).toString(16)} t f${i}`).join('\n')
    expect(readSymbolText('k', kernel).hidden).toBeNull()
  })
})

test.each([
  ['', 'symbols:1: not a list of symbols'],
  ['hello\nworld\n', 'symbols:1: not a list of symbols: found hello, expected ADDRESS TYPE NAME, as in System.map'],
  ['ffffffff81000000 T _text\nwhat\nis\nthis\n', 'symbols:2: not a list of symbols: found what'],
  ['                 U kfree\n', 'symbols:1: not a list of symbols']
])('%j is none', (text, message) => {
  expect(() => readSymbolText('symbols', text)).toThrow(message)
})

test('a hundred thousand rows take well under a second or so', () => {
  const text = Array.from({ length: 100_000 }, (_, i) => `ffffffff81${(i * 16).toString(16).padStart(6, '0')} t function_${i}`).join('\n')
  expect(readSymbolText('System.map', text).symbols).toHaveLength(100_000)
})
