import { table } from 'arquero'
import { describe, expect, test } from 'vitest'
import { tableWindow } from '../../lib/display/tableWindow.js'
import { AddressColumn, describedTable, NamedColumn } from '../../lib/table/columns.js'

const objects = describedTable({
  address: new AddressColumn(BigUint64Array.of(0xffff800000000300n, 0xffff800000000100n, 0xffff800000000200n)),
  cache: new NamedColumn(['kmalloc-128', 'kmalloc-64'], Uint8Array.of(0, 1, 0)),
  bytes: [2_000_000, null, 512],
  words: [[{ offset: 0, class: 'zero' }], [], []]
})
const first = (options: Parameters<typeof tableWindow>[1]): (string | undefined)[] => tableWindow(objects, options).cells.map(([cell]) => cell.slice(-3))

describe('a window of a table', () => {
  test('holds its rows as people read them, and names and addresses as they are', () => {
    expect(tableWindow(objects, { start: 1, rows: 1 })).toEqual({
      columns: [
        { name: 'address', type: 'address', align: 'left', unit: '', text: 'where it lies; of an object, its payload' },
        { name: 'cache', type: 'text', align: 'left', unit: '', text: 'slab cache' },
        { name: 'bytes', type: 'number', align: 'right', unit: '', text: 'memory it takes' },
        { name: 'words', type: 'list', align: 'left', unit: '', text: 'words of the objects: offset, class, value, symbol' }
      ],
      total: 3, matching: 3, start: 1,
      cells: [['0xffff800000000100', 'kmalloc-64', '-', '-']],
      values: [['0xffff800000000100', 'kmalloc-64', null, null]]
    })
  })

  test('starts at the end at the latest', () => {
    expect(tableWindow(objects, { start: 99 })).toMatchObject({ start: 3, cells: [] })
  })

  test('sorts by addresses, numbers and names, unknown last', () => {
    expect(first({ sort: 'address' })).toEqual(['100', '200', '300'])
    expect(first({ sort: 'address', descending: true })).toEqual(['300', '200', '100'])
    expect(first({ sort: 'bytes' })).toEqual(['200', '300', '100'])
    expect(first({ sort: 'bytes', descending: true })).toEqual(['300', '200', '100'])
    expect(first({ sort: 'cache' })).toEqual(['100', '300', '200'])
    expect(first({ sort: 'address', filter: 'kmalloc-128' })).toEqual(['200', '300'])
  })

  test('sorts negative numbers, names with numbers, true and false; equal rows keep their order', () => {
    const made = table({ n: [-1, 2, -30, 0, 0.5, NaN], name: ['a10', 'a9', 'b', 'a9', null, 'a1'], flag: [true, false, true, false, false, true] })
    const sorted = (sort: string, column: number): (string | undefined)[] => tableWindow(made, { sort }).cells.map((cells) => cells[column])
    expect(sorted('n', 0)).toEqual(['−30', '−1', '0', '0.5', '2', '-'])
    expect(sorted('name', 1)).toEqual(['a1', 'a9', 'a9', 'a10', 'b', '-'])
    expect(sorted('flag', 0)).toEqual(['2', '0', '0.5', '−1', '−30', '-'])
  })

  test('follows a table that is filtered and ordered itself', () => {
    const ordered = objects.filter((d: { cache: string }) => d.cache === 'kmalloc-128').orderby('bytes')
    expect(tableWindow(ordered).cells.map(([, , bytes]) => bytes)).toEqual(['512 B', '1.91 MiB'])
    expect(tableWindow(ordered, { sort: 'address', descending: true }).cells[0][0]).toBe('0xffff800000000300')
    expect(tableWindow(ordered, { filter: 'cache=128' }).matching).toBe(2)
  })

  test.each([
    ['kmalloc-64', 1], ['KMALLOC', 3], ['cache=128', 2], ['cache!=128', 1], ['bytes>1k', 1], ['bytes>=512', 2], ['bytes<1M', 1], ['bytes<=0x200', 1],
    ['0000300', 1], ['2,000,000', 1], ['kmalloc bytes>1', 2], ['nothing', 0], ['  ', 3]
  ])('filter %j leaves %d rows', (filter, rows) => {
    expect(tableWindow(objects, { filter }).matching).toBe(rows)
  })

  test('says what is wrong with a filter or a column', () => {
    expect(() => tableWindow(objects, { filter: 'size>3' })).toThrow('no column size in this table; it has address, cache, bytes, words')
    expect(() => tableWindow(objects, { filter: 'bytes>many' })).toThrow('expected a number behind the sign, got many')
    expect(() => tableWindow(objects, { sort: 'size' })).toThrow('expected a table with a column size')
  })
})
