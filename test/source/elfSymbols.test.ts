import { describe, expect, test } from 'vitest'
import { bytesOf } from '../../lib/source/bytes.js'
import { readElfSymbols } from '../../lib/source/elfSymbols.js'
import { elfWithSymbols } from '../builders/elfSymbols.js'

const alloc = 2
const write = 1
const exec = 4
const sections = [
  { name: '.text', flags: alloc | exec }, { name: '.data', flags: alloc | write }, { name: '.bss', flags: alloc | write, type: 8 },
  { name: '.rodata', flags: alloc }, { name: '.comment' }
]
const text = 0xffffffff81000000n
const symbols = [
  { name: 'seq_file.c', value: 0n, bind: 0, type: 4, section: 0xfff1 },
  { name: 'single_stop', value: text + 0x40n, size: 16, bind: 0, section: 1 },
  { name: '$x', value: text + 0x40n, bind: 0, type: 0, section: 1 },
  { name: '.text', value: text, bind: 0, type: 3, section: 1 },
  { name: 'single_start', value: text, size: 33, section: 1 },
  { name: 'weak', value: text + 0x80n, bind: 2, section: 1 },
  { name: 'jiffies', value: text + 0x1000n, type: 1, section: 2 },
  { name: 'buffer', value: text + 0x2000n, type: 1, section: 3 },
  { name: 'table', value: text + 0x3000n, bind: 0, type: 1, section: 4 },
  { name: 'kfree', value: 0n, section: 0 },
  { name: 'absolute', value: 5n, section: 0xfff1 }
]

describe.each([[8, true], [8, false], [4, true], [4, false]] as const)('%s-byte pointers, little-endian: %s', (pointerBytes, littleEndian) => {
  test('functions and variables with nm\'s letters, sizes and files', () => {
    const file = elfWithSymbols({ pointerBytes, littleEndian, sections, symbols: symbols.map((symbol) => ({ ...symbol, value: pointerBytes === 8 ? symbol.value : symbol.value & 0xffffffffn })) })
    const read = readElfSymbols(bytesOf('vmlinux', file))
    expect(read).toMatchObject({ relocatable: false, module: null, machine: 'x86_64' })
    expect(read.symbols.map(({ name, type, bytes, file: source, section }) => [name, type, bytes, source, section])).toEqual([
      ['single_stop', 't', 16, 'seq_file.c', '.text'], ['single_start', 'T', 33, null, '.text'], ['weak', 'W', null, null, '.text'],
      ['jiffies', 'D', null, null, '.data'], ['buffer', 'B', null, null, '.bss'], ['table', 'r', null, 'seq_file.c', '.rodata'],
      ['absolute', 'A', null, null, null]
    ])
    expect(read.symbols[1].address).toBe(pointerBytes === 8 ? text : text & 0xffffffffn)
  })
})

test("a module's name", () => {
  const file = elfWithSymbols({ type: 1, sections: [...sections, { name: '.modinfo', content: 'license=GPL\0name=testmod\0' }], symbols })
  expect(readElfSymbols(bytesOf('testmod.ko', file))).toMatchObject({ relocatable: true, module: 'testmod' })
})

describe('bad input', () => {
  const whole = elfWithSymbols({ sections, symbols })
  const read = (bytes: Uint8Array): unknown => readElfSymbols(bytesOf('vmlinux', bytes))

  test('no ELF file', () => expect(() => read(Buffer.from('hello'))).toThrow('vmlinux at offset 0x0: not an ELF file'))

  test('stripped', () => {
    const stripped = whole.slice()
    const view = new DataView(stripped.buffer)
    const start = Number(view.getBigUint64(40, true))
    // The table's section becomes one of no kind.
    view.setUint32(start + (sections.length + 1) * 64 + 4, 1, true)
    expect(() => read(stripped)).toThrow('vmlinux: stripped of its symbols: found 9 sections, expected a .symtab')
    expect(() => read(elfWithSymbols({ sections: [], symbols: [] }).fill(0, 40, 48))).toThrow('stripped of its symbols: found 0 sections')
  })

  test('cut off anywhere: a message, never a wrong table', () => {
    for (let length = 0; length < whole.length; length += 13) expect(() => read(whole.slice(0, length)), `${length} bytes`).toThrow('vmlinux')
  })

  test('headers that promise more than there is', () => {
    const huge = whole.slice()
    const start = Number(new DataView(huge.buffer).getBigUint64(40, true))
    new DataView(huge.buffer).setBigUint64(start + (sections.length + 2) * 64 + 32, 1n << 40n, true)
    expect(() => read(huge)).toThrow('names of the symbols lie behind the end of the file')
    const many = whole.slice()
    new DataView(many.buffer).setUint16(60, 60000, true)
    expect(() => read(many)).toThrow('impossible section headers')
  })
})
