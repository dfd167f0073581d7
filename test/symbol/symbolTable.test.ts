import { describe, expect, test } from 'vitest'
import { SymbolTable, type SymbolRecord } from '../../lib/symbol/symbolTable.js'

const text = 0xffffffff81000000n

function symbol(address: bigint, name: string, more: Partial<SymbolRecord> = {}): SymbolRecord {
  return { address, name, type: 't', module: null, ...more }
}

describe('look-up by address', () => {
  const table = new SymbolTable([
    symbol(text + 0x40n, 'second', { bytes: 0x10 }),
    symbol(text, 'first', { type: 'T' }),
    symbol(text + 0x100n, 'last')
  ])

  test('gives the symbol and the bytes from its start', () => {
    expect(table.at(text)).toMatchObject({ name: 'first', offset: 0 })
    expect(table.at(text + 0x3fn)).toMatchObject({ name: 'first', offset: 0x3f })
    expect(table.at(text + 0x4fn)).toMatchObject({ name: 'second', offset: 0xf })
  })

  test('gives nothing before the first, behind a known end, far behind the last', () => {
    expect(table.at(text - 1n)).toBeUndefined()
    expect(table.at(text + 0x50n)).toBeUndefined()
    expect(table.at(text + 0x200000n)).toBeUndefined()
    expect(table.at(0n)).toBeUndefined()
    expect(new SymbolTable([]).at(text)).toBeUndefined()
  })

  test('of several names at one address takes the first, unless only a later one is global', () => {
    const names = (...types: string[]): string | undefined =>
      new SymbolTable(types.map((type, i) => symbol(text, `s${i}`, { type }))).at(text)?.name
    expect(names('t', 't')).toBe('s0')
    expect(names('t', 'T', 'T')).toBe('s1')
    expect(names('T', 'T')).toBe('s0')
  })

  test('tells the nearest symbol before an address that none holds', () => {
    expect(table.nearest(text + 0x50n)).toMatchObject({ name: 'second', offset: 0x10 })
    expect(table.nearest(text - 1n)).toBeUndefined()
  })

  test('does not call a small number a per-CPU symbol', () => {
    const kernel = new SymbolTable([symbol(0n, 'fixed_percpu_data', { type: 'A' }), symbol(0x6000n, 'cpu_tss_rw', { type: 'A' }), symbol(text, '_text')])
    expect(kernel.at(0x6010n)).toBeUndefined()
    expect(kernel.named('cpu_tss_rw')).toHaveLength(1)
    expect(kernel.at(text + 4n)?.name).toBe('_text')
  })

  test('a kernel that lives in the lower half is found by address', () => {
    expect(new SymbolTable([symbol(0xc0008000n, 'stext')]).at(0xc0008004n)?.offset).toBe(4)
  })

  test('finds a symbol that reaches over a 4 GiB line', () => {
    const table = new SymbolTable([symbol(0xfffffffeffffff00n, 'long')])
    expect(table.at(0xffffffff00000010n)).toMatchObject({ name: 'long', offset: 0x110 })
    const two = new SymbolTable([symbol(0xfffffffeffffff00n, 'long'), symbol(0xffffffff00000100n, 'next')])
    expect(two.at(0xffffffff00000010n)).toMatchObject({ name: 'long', offset: 0x110 })
  })

  test('nothing lies behind the end of the image, and little behind the end of a module', () => {
    const table = new SymbolTable([
      symbol(text, 'kernel'), symbol(text + 0x1000n, '_end', { type: 'B' }),
      symbol(0xffffffffc0000000n, 'one', { module: 'a' }), symbol(0xffffffffc0800000n, 'two', { module: 'b' })
    ])
    expect(table.at(text + 0x1004n)).toBeUndefined()
    expect(table.at(0xffffffffc0000800n)?.name).toBe('one')
    expect(table.at(0xffffffffc0080000n)).toBeUndefined()
  })

  test('a symbol shown without its neighbours holds only what was shown of it', () => {
    const table = new SymbolTable([symbol(text, 'single_open', { shownBytes: 0x2b })])
    expect(table.at(text + 0x2an)?.offset).toBe(0x2a)
    expect(table.at(text + 0x2bn)).toBeUndefined()
  })

  test('a look-up costs about the same among 100,000 symbols as among ten', () => {
    const timed = (count: number): number => {
      const table = new SymbolTable(Array.from({ length: count }, (_, i) => symbol(text + BigInt(i) * 96n, `f${i}`)))
      const addresses = BigUint64Array.from({ length: 200_000 }, (_, i) => text + BigInt((i * 102947) % (count * 96)))
      let best = Infinity
      for (let round = 0; round < 4; round++) {
        const start = performance.now()
        for (const address of addresses) if (table.at(address) === undefined) throw new Error('not found')
        best = Math.min(best, performance.now() - start)
      }
      return best
    }
    // A linear search would be off by three orders of magnitude. The bench measures the rate.
    expect(timed(120_000) / timed(10)).toBeLessThan(20)
  })
})

describe('look-up by name', () => {
  test('gives all symbols that share it, in address order', () => {
    const table = new SymbolTable([symbol(text + 8n, 'init'), symbol(text, 'init', { module: 'm' })])
    expect(table.named('init').map(({ address }) => address)).toEqual([text, text + 8n])
    expect(table.named('exit')).toEqual([])
  })
})

describe('merging', () => {
  const kallsyms = new SymbolTable([symbol(text, 'single_start', { type: 'T' }), symbol(text + 0x30n, 'single_stop')])

  test('keeps one symbol with what either table knows', () => {
    const session = new SymbolTable([symbol(text, 'single_start', { type: '?', file: 'fs/seq_file.c', line: 558, shownBytes: 1 })])
    const merged = session.merge(kallsyms)
    expect(merged.length).toBe(2)
    expect(merged.at(text)).toMatchObject({ type: 'T', file: 'fs/seq_file.c', line: 558 })
    expect(merged.at(text + 4n)?.name, 'the other table knows the neighbours').toBe('single_start')
  })

  test('keeps symbols that only one has, and equal names at other addresses', () => {
    const other = new SymbolTable([symbol(text + 0x60n, 'single_stop'), symbol(text + 0x90n, 'more')])
    expect(kallsyms.merge(other).all().map(({ name }) => name)).toEqual(['single_start', 'single_stop', 'single_stop', 'more'])
  })

  test('takes as many symbols as kernels have', () => {
    const many = new SymbolTable(Array.from({ length: 300_000 }, (_, i) => symbol(text + 0x1000n + BigInt(i * 16), `function_${i}`)))
    expect(kallsyms.merge(many).length).toBe(300_002)
  })

  test('with an empty table is the other', () => {
    expect(kallsyms.merge(new SymbolTable([]))).toBe(kallsyms)
    expect(new SymbolTable([]).merge(kallsyms)).toBe(kallsyms)
  })
})

test('shifting moves the kernel and leaves per-CPU offsets', () => {
  const shifted = new SymbolTable([symbol(0x6000n, 'cpu_tss_rw'), symbol(text, '_text')]).shifted(0x21000000n)
  expect(shifted.all().map(({ address }) => address)).toEqual([0x6000n, text + 0x21000000n])
})

test('a variable of a section of data that holds some code is data, whatever letter it has', () => {
  // As Debian's 7.2 has it: .data is writable and executable, and kallsyms gives all of it the letters of text.
  const symbols = new SymbolTable([
    { address: 0xffffffff83e00000n, name: '_stext', type: 'T', module: null }, { address: 0xffffffff84000000n, name: 'single_start', type: 't', module: null },
    { address: 0xffffffff86000000n, name: '_sdata', type: 'T', module: null }, { address: 0xffffffff862ef8e0n, name: 'nd_tbl', type: 'T', module: null },
    { address: 0xffffffff8635b900n, name: '_edata', type: 'T', module: null }, { address: 0xffffffff86dd2980n, name: 'init_net', type: 'B', module: null },
    { address: 0xffffffffc0000000n, name: 'testmod_open', type: 't', module: 'testmod' }, { address: 0xffffffffc0001000n, name: 'unlettered', type: '?', module: 'testmod' }
  ])
  expect(symbols.all().map((symbol) => [symbol.name, symbols.holds(symbol)])).toEqual([
    ['_stext', 'code'], ['single_start', 'code'], ['_sdata', 'data'], ['nd_tbl', 'data'], ['_edata', 'code'], ['init_net', 'data'],
    ['testmod_open', 'code'], ['unlettered', undefined]
  ])
})
