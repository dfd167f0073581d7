import { describe, expect, test } from 'vitest'
import { RdRow, readSymbolicRow } from '../../../lib/source/crash/readRow.js'

function read(line: string): { address: string; element: number; values: string[]; ascii: number } | undefined {
  const row = new RdRow()
  const bytes = Buffer.from(line)
  if (!row.read(bytes, 0, bytes.length)) return undefined
  const hex = (half: number): string => (half >>> 0).toString(16).padStart(8, '0')
  return {
    address: hex(row.high) + hex(row.low), element: row.element, ascii: row.ascii,
    values: Array.from({ length: row.count }, (_, i) => (hex(row.highs[i]) + hex(row.lows[i])).slice(-row.element * 2))
  }
}

describe('rows of hexadecimal values', () => {
  test('two of 64 bits, with ASCII that looks like anything', () => {
    expect(read('ffff888104890000:  ffffffff8133a0b0 ffffffff8133a0e0   ffff8881:  dead ')).toEqual({
      address: 'ffff888104890000', element: 8, values: ['ffffffff8133a0b0', 'ffffffff8133a0e0'], ascii: 55
    })
  })

  test('one value, with and without ASCII', () => {
    expect(read('ffff888104890000:  ffffffff8133a0b0                    ..3.....')?.values).toEqual(['ffffffff8133a0b0'])
    expect(read('ffff888104890000:  ffffffff8133a0b0 ')?.values).toEqual(['ffffffff8133a0b0'])
    expect(read('ffff888104890000:  ffffffff8133a0b0')?.values).toEqual(['ffffffff8133a0b0'])
  })

  test('each size by its digits', () => {
    expect(read('ffff888104890000:  8133a0b0 ffffffff 8133a0e0 ffffffff   ..3.......3.....')).toMatchObject({ element: 4, values: { length: 4 } })
    expect(read('ffff888104890000:  a0b0 8133 ffff ffff a0e0 8133 ffff ffff   ..3.......3.....')).toMatchObject({ element: 2, values: { length: 8 } })
    expect(read('ffff888104890000:  b0 a0 33 81 ff ff ff ff e0 a0 33 81 ff ff ff ff   ..3.......3.....')).toMatchObject({ element: 1, values: { length: 16 } })
    expect(read('ffff888104890000:  b0 a0 33                                        ..3')?.values).toEqual(['b0', 'a0', '33'])
  })

  test('addresses of 32-bit machines, and upper case', () => {
    expect(read('c0008000:  e1a00000 e1a00000 e1a00000 e1a00000   ................')?.address).toBe('00000000c0008000')
    expect(read('FFFF888104890000:  FFFFFFFF8133A0B0 00000000000000AB   ..3.............')?.values[1]).toBe('00000000000000ab')
  })

  test('a value that the end of the text cut short is left out', () => {
    expect(read('ffff888104890000:  ffffffff8133a0b0 ffffff')?.values).toEqual(['ffffffff8133a0b0'])
  })

  test.each([
    '', ' ', 'ffff888104890000', 'ffff888104890000:', 'ffff888104890000: ', 'ffff888104890000:  ', 'ffff888104890000: ffffffff8133a0b0',
    'ffff888104890000:  single_start     single_stop      ', 'ffff888104890000:  0000000000000000 single_stop      ',
    'ffff888104890000:  0000000000000000 [kmalloc-128]    ', 'ffff888104890000:  0000000000000000 0000000000000000 0000000000000000 ',
    'ffff888104890000:    -131939395067904', 'ffff888104890000:  hello', 'ffff8881048900001:  ffffffff8133a0b0 ', '12345678901234567:  00 ',
    'ffff888104890000:  fff ', 'rd: seek error: kernel virtual address: 0  type: "64-bit KVADDR"'
  ])('%j is none', (line) => {
    expect(read(line)).toBeUndefined()
  })

  test('the ASCII column tells the byte order', () => {
    const order = (line: string): number => {
      const row = new RdRow()
      const bytes = Buffer.from(line)
      row.read(bytes, 0, bytes.length)
      return row.byteOrder(bytes, bytes.length)
    }
    expect(order('ffff888104890000:  00000000656d616e 0000000000000000   name............')).toBe(1)
    expect(order('00000000049a0000:  6e616d6500000000 0000000000000000   name............')).toBe(-1)
    expect(order('ffff888104890000:  0000000000000000 0000000000000000   ................')).toBe(0)
    expect(order('ffff888104890000:  6e 61 6d 65                                        name')).toBe(0)
    expect(order('ffff888104890000:  00000000656d616e 0000000000000000   what it is not..')).toBe(0)
    expect(order('ffff888104890000:  00000000656d616e 0000000000000000   na')).toBe(0)
    expect(order('ffff888104890000:  61626364 00000000 00000000 00000000   dcba............')).toBe(1)
  })
})

describe('rows of symbols', () => {
  const values = (line: string, decimalBytes?: number): unknown => readSymbolicRow(line, decimalBytes)?.values

  test('symbols, with an offset or without, beside numbers', () => {
    expect(values('ffff888104890000:  single_start     single_open+42   ')).toEqual([
      { kind: 'symbol', name: 'single_start', offset: 0 }, { kind: 'symbol', name: 'single_open', offset: 42 }
    ])
    expect(values('ffff888104890000:  single_next      TestMod_ProcContentSeqShow ')).toHaveLength(2)
    expect(values('ffff888104890000:  0000000000000000 single_stop      ')).toEqual([
      { kind: 'value', value: 0n }, { kind: 'symbol', name: 'single_stop', offset: 0 }
    ])
  })

  test('slab caches, whose names may hold blanks', () => {
    expect(values('ffff888104890000:  [dnotify cache]  [kmalloc-128]    ')).toEqual([
      { kind: 'cache', cache: 'dnotify cache', value: null }, { kind: 'cache', cache: 'kmalloc-128', value: null }
    ])
    expect(values('ffff888104890000:  [ffff888104890080:dnotify cache] 0000000000000001 ')).toEqual([
      { kind: 'cache', cache: 'dnotify cache', value: 0xffff888104890080n }, { kind: 'value', value: 1n }
    ])
  })

  test('decimal values, signed and not', () => {
    expect(values('ffff888104890000:               -1               12   ................', 8)).toEqual([
      { kind: 'value', value: 0xffffffffffffffffn }, { kind: 'value', value: 12n }
    ])
    expect(values('ffff888104890000:            -1           12            0            7   ................', 4)).toEqual(
      [0xffffffffn, 12n, 0n, 7n].map((value) => ({ kind: 'value', value })))
    expect(values('ffff888104890000:  18446744073709551615                    0   ................', 8)).toEqual([
      { kind: 'value', value: 0xffffffffffffffffn }, { kind: 'value', value: 0n }
    ])
  })

  test('words of text are no symbols: they do not stand in the columns', () => {
    expect(values('ffff888104890000:  hello world')).toHaveLength(1)
    expect(values('no row')).toBeUndefined()
  })
})
