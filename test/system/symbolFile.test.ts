import { describe, expect, test } from 'vitest'
import { bytesOf } from '../../lib/source/bytes.js'
import { addressOffset } from '../../lib/symbol/addressOffset.js'
import { SymbolTable, type SymbolRecord } from '../../lib/symbol/symbolTable.js'
import { placeSymbols, readSymbolFile, type PlaceOptions } from '../../lib/system/symbolFile.js'
import { Warnings } from '../../lib/warnings.js'
import { elfWithSymbols } from '../builders/elfSymbols.js'

const map = `0000000000006000 A cpu_tss_rw
ffffffff81000000 T _text
ffffffff8133a0b0 T single_start
ffffffff8133a0e0 t single_stop
ffffffff8133a100 t show
ffffffff8143a100 t show
ffffffff81400000 T _end
`
const moved = 0x21000000n

function shown(...symbols: (readonly [string, bigint] | readonly [string, bigint, string])[]): SymbolTable {
  return new SymbolTable(symbols.map(([name, address, module]): SymbolRecord => ({ address, name, type: '?', module: module ?? null, shownBytes: 1 })))
}

function place(file: string | Uint8Array, table: SymbolTable, options: PlaceOptions = {}): { symbols: SymbolTable; messages: string[] } {
  const warnings = new Warnings()
  const symbols = placeSymbols(readSymbolFile(bytesOf('System.map', typeof file === 'string' ? Buffer.from(file) : file)), table, options, warnings)
  return { symbols, messages: warnings.list().map(({ message }) => message) }
}

describe('a System.map', () => {
  test('moves by the distance to an address that the session shows', () => {
    const { symbols, messages } = place(map, shown(['single_start', 0xffffffff8133a0b0n + moved]))
    expect(symbols.at(0xffffffff8133a0e4n + moved)).toMatchObject({ name: 'single_stop', offset: 4 })
    expect(symbols.named('cpu_tss_rw')[0].address, 'per-CPU offsets stay').toBe(0x6000n)
    expect(messages).toEqual(['System.map: the kernel was moved by 0x21000000 (KASLR), as 1 symbols of the session show'])
  })

  test('stays without KASLR', () => {
    expect(place(map, shown(['single_start', 0xffffffff8133a0b0n])).symbols.at(0xffffffff8133a0e0n)?.name).toBe('single_stop')
  })

  test('moves by what the person says, or the log', () => {
    expect(place(map, shown(), { kaslrOffset: moved }).symbols.at(0xffffffff8133a0b0n + moved)?.name).toBe('single_start')
    const { symbols, messages } = place(map, shown(), { statedOffset: { offset: moved, where: "the kernel's log" } })
    expect(symbols.at(0xffffffff8133a0b0n + moved)?.name).toBe('single_start')
    expect(messages).toEqual(["System.map: the kernel was moved by 0x21000000 (KASLR), as the kernel's log says"])
  })

  test('is not used where nothing tells', () => {
    const { symbols, messages } = place(map, shown())
    expect(symbols.length).toBe(0)
    expect(messages).toEqual([
      'System.map: 7 symbols are not used, for no address of theirs is known (KASLR): sym of any function would tell, or --kaslr-offset (0 without KASLR)'
    ])
  })

  test('is not used where it is of another kernel', () => {
    const { symbols, messages } = place(map, shown(['single_start', 0xffffffffa133a0b8n], ['single_stop', 0xffffffffa133b0f4n]))
    expect(symbols.length).toBe(0)
    expect(messages).toEqual(['System.map: of another kernel: its symbols lie differently than the session shows them; not used'])
  })

  test('a symbol that does not fit is named', () => {
    const { messages } = place(map, shown(['single_start', 0xffffffff8133a0b0n], ['_text', 0xffffffff81000000n], ['single_stop', 0xffffffff8133a0f0n]))
    expect(messages).toEqual(['System.map: single_stop does not fit: the session shows it at 0xffffffff8133a0f0'])
  })
})

describe('kallsyms', () => {
  const kallsyms = `${map}ffffffffc043e0d0 t TestMod_Show\t[testmod]\n`

  test('has the addresses of the running kernel', () => {
    const { symbols, messages } = place(kallsyms, shown())
    expect(symbols.at(0xffffffffc043e0d4n)).toMatchObject({ name: 'TestMod_Show', module: 'testmod' })
    expect(messages).toEqual([])
  })

  test('of another boot is moved, and its modules are left out', () => {
    const { symbols, messages } = place(kallsyms, shown(['single_start', 0xffffffff8133a0b0n + moved]))
    expect(symbols.at(0xffffffff8133a0b0n + moved)?.name).toBe('single_start')
    expect(symbols.named('TestMod_Show')).toEqual([])
    expect(messages).toEqual(['System.map: addresses of another boot: moved by 0x21000000, as 1 symbols of the session show'])
  })

  test.each([
    ['0000000000000000 T _text\n0000000000000000 t x\t[m]\n', 'kallsyms:1: all addresses are zero: found what kallsyms shows to those who may not see addresses (kptr_restrict), expected a copy made by root'],
    ['(____ptrval____) T _text\n', "kallsyms:1: the addresses are hashed: found the kernel's %p values, which mean nothing, expected a copy made by root"]
  ])('that hides its addresses is refused', (text, message) => {
    expect(() => readSymbolFile(bytesOf('kallsyms', Buffer.from(text)))).toThrow(message)
  })
})

describe('ELF files', () => {
  const symbols = [
    { name: 'TestMod_Show', value: 0xd0n, section: 1 }, { name: 'TestMod_Open', value: 0x100n, section: 1 }, { name: 'TestMod_Init', value: 0n, section: 2 }
  ]
  const sections = [{ name: '.text', flags: 6 }, { name: '.init.text', flags: 6 }]

  test('a module goes section by section to where the session shows a symbol of each', () => {
    const module = elfWithSymbols({ type: 1, sections: [...sections, { name: '.modinfo', content: 'name=testmod\0' }], symbols })
    const { symbols: placed, messages } = place(module, shown(['TestMod_Show', 0xffffffffc043e0d0n, 'testmod']))
    expect(placed.at(0xffffffffc043e104n)).toMatchObject({ name: 'TestMod_Open', module: 'testmod', offset: 4 })
    expect(placed.named('TestMod_Init')).toEqual([])
    expect(messages).toEqual([
      'System.map: .text lies at 0xffffffffc043e000, from symbols that the session shows',
      'System.map: 1 symbols are not used, for no address of their sections is known: sym of a function of each would tell'
    ])
  })

  test('a vmlinux goes as a System.map does', () => {
    const vmlinux = elfWithSymbols({ sections, symbols: [{ name: 'single_start', value: 0xffffffff8133a0b0n, size: 33, section: 1 }] })
    const { symbols: placed } = place(vmlinux, shown(), { kaslrOffset: moved })
    expect(placed.at(0xffffffff8133a0b0n + moved + 32n)?.offset).toBe(32)
    expect(placed.at(0xffffffff8133a0b0n + moved + 33n)).toBeUndefined()
  })
})

test('the distance between two tables is what most of them agree on, by whole pages', () => {
  const file = shown(['a', 0xffffffff81000000n], ['b', 0xffffffff81001000n], ['c', 0xffffffff81002000n])
  expect(addressOffset(file, shown(['a', 0xffffffff82000000n], ['b', 0xffffffff82001000n], ['c', 0xffffffff83002000n]))).toMatchObject({ offset: 0x1000000n, fitting: 2 })
  expect(addressOffset(file, shown(['a', 0xffffffff82000008n]))).toBeUndefined()
  expect(addressOffset(file, shown(['d', 0xffffffff82000000n]))).toBeUndefined()
  expect(addressOffset(file, shown(['a', 0xffffffff80000000n]))?.offset).toBe(-0x1000000n)
})
