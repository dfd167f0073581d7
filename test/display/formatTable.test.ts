import { desc, table, type ColumnTable } from 'arquero'
import stringWidth from 'string-width'
import { describe, expect, test } from 'vitest'
import { formatRows, formatTable } from '../../lib/index.js'
import { AddressColumn, describedTable, NamedColumn } from '../../lib/table/columns.js'

const hostile = 'kmalloc-\u001b[31mred\u202e\u009b2J\n=cmd()'

const caches = describedTable({
  cache: ['kmalloc-128', hostile, '漢字かな混じりキャッシュ名'],
  aliases: [['pid', 'a,b'], [], null] as unknown[],
  allocated: [71003, null, 12],
  bytes: [223356928, 4096, null],
  slotBytes: [128, 1344, 96],
  slab: new AddressColumn(BigUint64Array.of(0xffff80003a5b0000n, 0n, 1n), 0n),
  rank: [0, 1, 2]
})

function anyTable(data: Record<string, unknown>): ColumnTable {
  return table(data as Record<string, unknown[]>)
}

describe('csv', () => {
  test('raw numbers, empty fields for unknown, quoting, lists by semicolon, no internal column', () => {
    expect(formatTable(caches, 'csv')).toBe([
      'cache,aliases,allocated,bytes,slotBytes,slab',
      'kmalloc-128,"pid;a,b",71003,223356928,128,0xffff80003a5b0000',
      `"${hostile}",,,4096,1344,`,
      '漢字かな混じりキャッシュ名,,12,,96,0x0000000000000001',
      ''
    ].join('\n'))
  })

  test('quotes are doubled, line ends are kept', () => {
    expect(formatTable(anyTable({ 'a"b': ['x"y', 'x\r\ny'] }), 'csv')).toBe('"a""b"\n"x""y"\n"x\r\ny"\n')
  })

  test('no rows: the header alone; one unknown field: still a row', () => {
    expect(formatTable(describedTable({ cache: [], allocated: [] }), 'csv')).toBe('cache,allocated\n')
    expect(formatTable(describedTable({ cache: [null] }), 'csv')).toBe('cache\n""\n')
  })

  test('nested objects stay readable as JSON', () => {
    const words = [[{ offset: 0, class: 'text', value: 0xffff00000824edd8n, symbol: null }]]
    expect(formatTable(anyTable({ words }), 'csv'))
      .toBe('words\n"[{""offset"":0,""class"":""text"",""value"":""0xffff00000824edd8"",""symbol"":null}]"\n')
  })
})

describe('json and ndjson', () => {
  test('an array of objects with raw values', () => {
    const rows = JSON.parse(formatTable(caches, 'json')) as unknown[]
    expect(rows).toEqual([
      { cache: 'kmalloc-128', aliases: ['pid', 'a,b'], allocated: 71003, bytes: 223356928, slotBytes: 128, slab: '0xffff80003a5b0000' },
      { cache: hostile, aliases: [], allocated: null, bytes: 4096, slotBytes: 1344, slab: null },
      { cache: '漢字かな混じりキャッシュ名', aliases: null, allocated: 12, bytes: null, slotBytes: 96, slab: '0x0000000000000001' }
    ])
    const lines = formatTable(caches, 'ndjson').trimEnd().split('\n').map((line) => JSON.parse(line) as unknown)
    expect(lines).toEqual(rows)
  })

  test('nothing that acts on a terminal is left in it', () => {
    expect(formatTable(caches, 'json')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
  })

  test('an empty table is an empty array', () => {
    expect(formatTable(describedTable({ cache: [] }), 'json')).toBe('[]\n')
    expect(formatTable(describedTable({ cache: [] }), 'ndjson')).toBe('')
  })

  test('bigints, dates, NaN, infinities and undefined', () => {
    const mixed = anyTable({ address: [1n], slab: [4096], allocated: [7n], time: [new Date(0)], rate: [NaN], high: [Infinity], none: [undefined] })
    expect(JSON.parse(formatTable(mixed, 'json'))).toEqual([{
      address: '0x0000000000000001', slab: '0x0000000000001000', allocated: 7, time: '1970-01-01T00:00:00.000Z', rate: null, high: null, none: null
    }])
  })
})

describe('table', () => {
  test('fits the width at any width that holds its numbers, wide characters counted twice', () => {
    for (const width of [200, 120, 80, 60, 44]) {
      for (const line of formatTable(caches, 'table', { width }).split('\n').slice(0, -2)) expect(stringWidth(line), line).toBeLessThanOrEqual(width)
    }
  })

  test('looks like this', () => {
    expect(formatTable(caches, 'table', { width: 100 })).toMatchInlineSnapshot(`
      "cache                                    aliases   allocated    bytes  slotBytes  slab
                                                           objects
      kmalloc-128                              pid, a,b     71,003  213 MiB      128 B  0xffff80003a5b0000
      kmalloc-\\x1b[31mred\\u202e\\x9b2J\\n=cmd()                    -    4 KiB    1,344 B  -
      漢字かな混じりキャッシュ名               -                12        -       96 B  0x0000000000000001
      3 rows
      "
    `)
  })

  test('names the columns it has no room for', () => {
    expect(formatTable(caches, 'table', { width: 60 })).toContain('3 rows; not shown for want of width: slotBytes, slab')
  })

  test('shows head and tail of a long table, and how much that is', () => {
    const long = describedTable({ allocated: Float64Array.from({ length: 100_000 }, (_, i) => i) })
    const lines = formatTable(long, 'table', { rows: 8 }).split('\n')
    expect(lines.map((line) => line.trim())).toEqual(
      ['allocated', 'objects', '0', '1', '2', '3', '4', '5', '…', '99,998', '99,999', '8 of 100,000 rows', ''])
  })

  test('a part of more says so', () => {
    expect(formatTable(describedTable({ cache: ['a'] }), 'table', { total: 1767698 })).toContain('1 of 1,767,698 rows')
  })

  test('an empty table shows its header and 0 rows', () => {
    expect(formatTable(describedTable({ cache: [] }), 'table')).toBe('cache\n0 rows\n')
  })

  test('colours only when asked, and never those of the evidence', () => {
    expect(formatTable(caches, 'table')).not.toContain('\u001b')
    const coloured = formatTable(anyTable({ cache: [hostile], verdict: ['growing'] }), 'table', { colour: true })
    expect(coloured).toContain('\u001b[31mgrowing\u001b[0m')
    expect(coloured).not.toContain('\u001b[31mred')
    expect(coloured).toContain('\\x1b[31mred')
  })

  test('filtered and ordered rows', () => {
    const some = caches.filter((row: { allocated: number | null }) => row.allocated !== null).orderby(desc('cache'))
    const rows = JSON.parse(formatTable(some, 'json')) as { cache: string }[]
    expect(rows.map(({ cache }) => cache)).toEqual(['漢字かな混じりキャッシュ名', 'kmalloc-128'])
  })

  test('columns that people made up, also by the names of Object.prototype', () => {
    expect(formatTable(anyTable({ constructor: [1.5, 12345.678], toString: ['a', 'b'] }), 'table')).toBe(
      'constructor  toString\n        1.5  a\n 12,345.678  b\n2 rows\n')
  })
})

test('a table of 1.77 million objects goes to CSV in bounded pieces', () => {
  const count = 1_767_698
  const objects = describedTable({
    address: new AddressColumn(BigUint64Array.from({ length: count }, (_, i) => 0xffff800000000000n + BigInt(i) * 128n)),
    cache: new NamedColumn(['kmalloc-128'], new Uint8Array(count)),
    state: new NamedColumn(['allocated', 'free'], new Uint8Array(count))
  })
  let characters = 0
  let longest = 0
  for (const piece of formatRows(objects, 'csv')) {
    characters += piece.length
    longest = Math.max(longest, piece.length)
  }
  expect(characters).toBe('address,cache,state\n'.length + count * '0xffff800000000000,kmalloc-128,allocated\n'.length)
  expect(longest).toBeLessThan(1 << 17)
})
