import { expect, test } from 'vitest'
import { NameIndex, nameKeyOf } from '../../lib/symbol/nameIndex.js'
import { SymbolTable } from '../../lib/symbol/symbolTable.js'

const names = ['single_start', 'sangle_stort', 'single_start', '', 'a', 'seq_release', 'sXq_reXease']

test('names of one key are told apart, and each is found wherever it stands', () => {
  expect(nameKeyOf('sangle_stort'), 'length, first, middle and last character are the same').toBe(nameKeyOf('single_start'))
  const index = new NameIndex(Uint16Array.from(names, nameKeyOf))
  for (const name of names) expect([...index.placesOf(name)].filter((place) => names[place] === name)).toEqual([...names.keys()].filter((place) => names[place] === name))
  const table = new SymbolTable(names.map((name, i) => ({ address: 0xffffffff81000000n + BigInt(i * 16), name, type: 't', module: null })))
  expect(table.named('single_start').map(({ address }) => address & 0xffn)).toEqual([0n, 0x20n])
  expect(table.named('sangle_stort')).toHaveLength(1)
  expect(table.named('singleXstart')).toEqual([])
})
