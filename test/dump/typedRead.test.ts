import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { MissingSymbolError, UsageError } from '../../lib/errors.js'
import { structTable } from '../../lib/dump/structTable.js'
import { readImage, readTyped, typeOf } from '../../lib/dump/typedRead.js'
import { SymbolTable } from '../../lib/symbol/symbolTable.js'
import type { System } from '../../lib/system/system.js'
import { openBtf } from '../../lib/type/btfTypes.js'
import { Warnings } from '../../lib/warnings.js'
import { sampleTypes } from '../builders/btf.js'
import { WordMemory } from '../builders/wordMemory.js'

const at = 0xffff888000001000n
const { btf } = sampleTypes()
btf.forward('later')
btf.struct('huge', 0x7fffffff, [])
const types = openBtf(btf.bytes())

/** A thing in memory, with a name to point at. */
function system(change: (memory: WordMemory) => void = () => {}): System {
  const memory = new WordMemory()
  for (let word = 0n; word < 8n; word++) memory.word(at + 8n * word, 0n)
  memory.word(at, at).word(at + 8n, 0xffffffff82000010n).word(at + 16n, 0xffffffff81000000n).word(at + 32n, 0x500000125n).text(at + 40n, 'thing')
  change(memory)
  const symbols = new SymbolTable([
    { address: 0xffffffff81000000n, name: 'start_thing', type: 'T', module: null },
    { address: 0xffffffff82000000n, name: 'things', type: 'd', module: null },
    { address: 0xffffffff83000000n, name: '__start_strings', type: 'D', module: null },
    { address: 0xffffffff84000000n, name: 'last_string', type: 'r', module: null },
    { address: 0xffffffff85000000n, name: 'sized', type: 'd', module: null, bytes: 16 },
    { address: at, name: 'the_thing', type: 'd', module: null }
  ])
  return {
    kind: 'dump', name: 'test', files: [], architecture: null, release: null, buildId: null, pageBytes: 4096, memory, physical: undefined, symbols, types,
    warnings: new Warnings(), caches: () => [], objects: () => { throw new Error('none') }
  }
}

const text = `struct thing {
  list = {
    next = 0xffff888000001000 <the_thing>,
    prev = 0xffffffff82000010 <things+16>
  },
  call = 0xffffffff81000000 <start_thing>,
  {
    number = 0,
    text = "\\000\\000\\000\\000\\000\\000\\000"
  },
  flags = 5,
  mode = 4,
  ok = true,
  state = LOST,
  name = "thing\\000\\000",
  values = {0, 0, 0, 0},
  tail = 0xffff888000001040 <the_thing+64>
}`

describe('a typed value', () => {
  test('prints itself as crash does, in consoles and notebooks too', () => {
    const value = readTyped(system(), 'thing', 'ffff888000001000')
    expect(String(value)).toBe(text)
    expect(inspect(value)).toBe(text)
    expect((value as unknown as Record<symbol, () => unknown>)[Symbol.for('Jupyter.display')]()).toEqual({ 'text/plain': text })
    expect([value.type, value.address, value.bytes]).toEqual(['struct thing', at, 64])
  })

  test('is found by the name of a symbol as well', () => {
    expect(readTyped(system(), 'struct thing', 'the_thing').address).toBe(at)
    expect(readTyped(system(), 'thing', at).address).toBe(at)
  })

  test('members by path, as what they are', () => {
    const value = readTyped(system(), 'thing', at)
    expect(['list.prev', 'mode', 'ok', 'state', 'name', 'number', 'values[0]'].map((path) => value.get(path)))
      .toEqual([0xffffffff82000010n, 4n, true, 'LOST', 'thing', 0n, 0n])
    expect(['list', 'nothing', 'values'].map((path) => value.get(path))).toEqual([undefined, undefined, undefined])
  })

  test('some members only', () => {
    expect(String(readTyped(system(), 'thing.mode,list', at))).toBe('  mode = 4,\n  list = {\n    next = 0xffff888000001000 <the_thing>,\n    prev = 0xffffffff82000010 <things+16>\n  },')
    expect(readTyped(system(), 'thing.mode,list', at).members().map(({ member }) => member)).toEqual(['mode', 'list.next', 'list.prev'])
  })

  test('hexadecimal', () => {
    expect(String(readTyped(system(), 'thing.mode,values', at, { radix: 16 }))).toBe('  mode = 0x4,\n  values = {0x0, 0x0, 0x0, 0x0},')
    expect(String(readTyped(system(), 'thing.values', at, { elements: 2 }))).toBe('  values = {0, 0...},')
  })

  test('a type that is no struct', () => {
    expect(String(readTyped(system(), 'unsigned int', at + 32n))).toBe('293')
    expect(String(readTyped(system(), 'enum state', at + 36n))).toBe('LOST')
  })

  test('as rows', () => {
    const rows = structTable(readTyped(system(), 'thing', at).members()).objects() as Record<string, unknown>[]
    expect(rows.map(({ member }) => member)).toEqual(['list.next', 'list.prev', 'call', 'number', 'text', 'flags', 'mode', 'ok', 'state', 'name', 'values'])
    expect(rows[1]).toEqual({
      member: 'list.prev', offset: 8, bytes: 8, type: 'struct list_head *', bitOffset: null, bits: null, value: '0xffffffff82000010', symbol: 'things+16',
      string: null, missing: null
    })
    expect(rows[6]).toMatchObject({ member: 'mode', offset: 32, bitOffset: 259, bits: 5, value: '4', symbol: null })
    expect(JSON.parse(JSON.stringify(readTyped(system(), 'list_head', at)))).toMatchObject({ type: 'struct list_head', address: '0xffff888000001000', bytes: 16 })
  })

  test('what is missing is null, and the reason beside it', () => {
    const memory = new WordMemory()
    for (const word of [0n, 16n, 40n]) memory.word(at + word, 1n)
    const partly = { ...system(), memory }
    const value = readTyped(partly, 'thing', at)
    expect(value.get('list.next')).toBe(1n)
    expect(value.get('list.prev')).toBeNull()
    expect(String(value)).toContain('    next = 0x1,\n    prev = <not mapped>\n')
    expect(value.members().map(({ member, value, missing }) => [member, value, missing]).slice(0, 4)).toEqual([
      ['list.next', '0x0000000000000001', null], ['list.prev', null, 'unmapped'], ['call', '0x0000000000000001', null], ['number', null, 'unmapped']
    ])
    expect(readImage(memory, at, 24).missing(8, 8)).toBe('unmapped')
    expect(readImage(memory, at, 24).missing(16, 8)).toBeUndefined()
    expect(readImage(memory, at, 24).missing(16, 9)).toBe('absent')
  })

  test('symbols reach only as far as they can', () => {
    const shown = (word: bigint): string => String(readTyped(system((memory) => memory.word(at, word)), 'thing.list.next', at)).replace(/^.* = |,$/g, '')
    expect(shown(0xffffffff82000000n + 0x4000n)).toBe('0xffffffff82004000 <things+16384>')
    expect(shown(0xffffffff82000000n + 0x4001n)).toBe('0xffffffff82004001')
    expect(shown(0xffffffff83000000n)).toBe('0xffffffff83000000 <__start_strings>')
    expect(shown(0xffffffff83000008n)).toBe('0xffffffff83000008')
    expect(shown(0xffffffff84000401n)).toBe('0xffffffff84000401')
    expect(shown(0xffffffff8500000fn)).toBe('0xffffffff8500000f <sized+15>')
    expect(shown(0xffffffff85000010n)).toBe('0xffffffff85000010')
    expect(shown(0x18n)).toBe('0x18')
  })
})

describe('strings that members point at', () => {
  const builder = sampleTypes()
  const pointer = builder.btf.pointer(builder.id.char)
  builder.btf.struct('named', 8, [{ name: 'name', type: pointer, at: 0 }])
  const named = openBtf(builder.btf.bytes())
  const shown = (address: bigint, change: (memory: WordMemory) => void = () => {}): string => {
    const given = system((memory) => change(memory.word(at, address)))
    return String(readTyped({ ...given, types: named, symbols: new SymbolTable([]) }, 'named.name', at)).trim()
  }
  const far = 0xffff888000800ff8n

  test('to their end', () => {
    expect(shown(far, (memory) => memory.text(far, 'kmalloc'))).toBe('name = 0xffff888000800ff8 "kmalloc",')
    expect(shown(far, (memory) => memory.text(far, ''))).toBe('name = 0xffff888000800ff8 "",')
  })

  test('across pages, up to what is there, or why not', () => {
    expect(shown(far, (memory) => memory.text(far, 'longer than the page'))).toBe('name = 0xffff888000800ff8 "longer than the page",')
    expect(shown(far, (memory) => memory.write(far, Buffer.from('12345678')))).toBe('name = 0xffff888000800ff8 "12345678" <not mapped>,')
    expect(shown(far)).toBe('name = 0xffff888000800ff8 <not mapped>,')
    expect(shown(0x10n)).toBe('name = 0x10 <error: Cannot access memory at address 0x10>,')
    expect(shown(0n)).toBe('name = 0x0,')
  })

  test('and stand in a row of their own', () => {
    const given = { ...system((memory) => memory.word(at, far).text(far, 'kmalloc')), types: named }
    expect(readTyped(given, 'named', at).members()).toMatchObject([{ member: 'name', value: '0xffff888000800ff8', string: 'kmalloc' }])
  })
})

describe('a declaration', () => {
  test('has offsets unless they are not wanted, and may be of some members', () => {
    expect(String(typeOf(system(), 'list_head'))).toBe('struct list_head {\n   [0] struct list_head *next;\n   [8] struct list_head *prev;\n}\nSIZE: 16')
    expect(String(typeOf(system(), 'list_head', { offsets: false }))).toContain('\n    struct list_head *next;\n')
    expect(String(typeOf(system(), 'thing.list.prev'))).toBe('struct thing {\n   [8] struct list_head *list.prev;\n}')
    expect(structTable(typeOf(system(), 'list_head').members()).objects()).toEqual([
      { member: 'next', offset: 0, bytes: 8, type: 'struct list_head *', bitOffset: null, bits: null },
      { member: 'prev', offset: 8, bytes: 8, type: 'struct list_head *', bitOffset: null, bits: null }
    ])
  })
})

describe('what cannot be answered', () => {
  test.each<[string, () => unknown, typeof MissingSymbolError | typeof UsageError, string]>([
    ['no types', () => readTyped({ ...system(), types: undefined }, 'thing', at), MissingSymbolError, 'thing is not in the evidence: this evidence holds no types (no BTF); --btf FILE gives some'],
    ['no such type', () => typeOf(system(), 'nothing'), MissingSymbolError, 'nothing is not in the evidence: no type of that name in this kernel or its modules'],
    ['a declaration only', () => readTyped(system(), 'later', at), MissingSymbolError, 'later is not in the evidence: its type is incomplete: declared, but not defined in this BTF'],
    ['no such member', () => readTyped(system(), 'thing.nothing', at), UsageError, 'thing has no member nothing'],
    ['no such member of a declaration', () => typeOf(system(), 'thing.list.nothing'), UsageError, 'thing has no member list.nothing'],
    ['no address', () => readTyped(system(), 'thing', 'nowhere'), UsageError, 'expected an address or a symbol, got nowhere'],
    ['a size that cannot be', () => readTyped(system(), 'huge', at), UsageError, 'huge cannot be 2147483647 bytes long']
  ])('%s', (_, ask, type, message) => {
    expect(ask).toThrow(type)
    expect(ask).toThrow(message)
  })
})
