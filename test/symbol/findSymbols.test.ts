import { expect, test } from 'vitest'
import { findSymbols } from '../../lib/symbol/findSymbols.js'
import { SymbolTable } from '../../lib/symbol/symbolTable.js'

const symbols = new SymbolTable([
  { address: 0xffff00000824edd8n, name: 'single_start', type: 't', module: null },
  { address: 0xffff00000824edf0n, name: 'add', type: 't', module: null },
  { address: 0xffff00000824ee00n, name: 'add', type: 't', module: 'm' }
])

function found(query: string | bigint): string[] {
  return findSymbols(symbols, query).map(({ name, offset }) => `${name}+${offset}`)
}

test('an address in each of its spellings', () => {
  for (const query of ['0xffff00000824eddc', '0xFFFF00000824EDDC', 'ffff00000824eddc', ' 0xffff_0000_0824_eddc ', 0xffff00000824eddcn]) {
    expect(found(query), String(query)).toEqual(['single_start+4'])
  }
})

test('a name, all symbols of it', () => {
  expect(found('single_start')).toEqual(['single_start+0'])
  expect(found('add')).toEqual(['add+0', 'add+0'])
})

test('a name and an offset, decimal or hexadecimal', () => {
  expect(found('single_start+0x10')).toEqual(['single_start+16'])
  expect(found('single_start+10')).toEqual(['single_start+10'])
})

test('what is not there', () => {
  for (const query of ['nothing', '', '0x10', 'dead', '1000', '0xzz', 'ffff000000000000']) expect(found(query), query).toEqual([])
})
