import { describe, expect, test } from 'vitest'
import type { FaultReason } from '../../lib/errors.js'
import { BtfKind, readBtf } from '../../lib/source/btf.js'
import { quotedText } from '../../lib/type/cText.js'
import { enumText } from '../../lib/type/enumText.js'
import { TypeGraph } from '../../lib/type/typeGraph.js'
import { valueText, type ValueImage, type ValueStyle } from '../../lib/type/valueText.js'
import { BtfBuilder, sampleTypes } from '../builders/btf.js'

function imageOf(bytes: Uint8Array, hole?: readonly [from: number, to: number, reason: FaultReason]): ValueImage {
  return {
    address: 0xffff888000001000n,
    bytes,
    missing: (offset, length) => (hole !== undefined && offset < hole[1] && offset + length > hole[0] ? hole[2] : offset + length > bytes.length ? 'absent' : undefined)
  }
}

/** A value of the type that `make` adds last, of these bytes. */
function printed(make: (btf: BtfBuilder) => number, bytes: readonly number[], style: ValueStyle = {}, littleEndian = true): string {
  const btf = new BtfBuilder()
  const id = make(btf)
  return valueText(new TypeGraph(readBtf(btf.bytes({ littleEndian }))), id, imageOf(Uint8Array.from(bytes)), style)
}

const ff = (count: number): number[] => Array.from({ length: count }, () => 0xff)

describe('values as gdb prints them', () => {
  test.each<[string, (btf: BtfBuilder) => number, number[]]>([
    ['4294967295', (btf) => btf.int('unsigned int', 4), ff(4)],
    ['-1', (btf) => btf.int('int', 4, 1), ff(4)],
    ['18446744073709551615', (btf) => btf.int('long unsigned int', 8), ff(8)],
    ['-1', (btf) => btf.int('__int128', 16, 1), ff(16)],
    ["-1 '\\377'", (btf) => btf.int('char', 1, 1), ff(1)],
    ["65 'A'", (btf) => btf.int('unsigned char', 1), [65]],
    ["39 '\\''", (btf) => btf.int('unsigned char', 1), [39]],
    ['true', (btf) => btf.int('_Bool', 1, 4), [1]],
    ['false', (btf) => btf.int('_Bool', 1, 4), [0]],
    ['7', (btf) => btf.int('_Bool', 1, 4), [7]],
    ['1.5', (btf) => btf.add(BtfKind.FLOAT, 'double', 0, false, 8), [0, 0, 0, 0, 0, 0, 0xf8, 0x3f]],
    ['0x0', (btf) => btf.pointer(0), ff(8).fill(0)],
    ['0xff', (btf) => btf.pointer(0), [255, 0, 0, 0, 0, 0, 0, 0]],
    ['{1, 2, 3}', (btf) => btf.array(btf.int('short int', 2, 1), 3), [1, 0, 2, 0, 3, 0]],
    ['"abc"', (btf) => btf.array(btf.int('char', 1, 1), 4), [97, 98, 99, 0]],
    ['"abcd"', (btf) => btf.array(btf.int('char', 1, 1), 4), [97, 98, 99, 100]],
    ['"a\\000\\000"', (btf) => btf.array(btf.int('char', 1, 1), 4), [97, 0, 0, 0]],
    ['""', (btf) => btf.array(btf.int('char', 1, 1), 1), [0]],
    ['{false, true}', (btf) => btf.array(btf.int('_Bool', 1, 4), 2), [0, 1]],
    ['0xffff888000001000', (btf) => btf.array(btf.int('int', 4), 0), []],
    ['{<No data fields>}', (btf) => btf.struct('empty', 0, []), []],
    ['<incomplete type>', (btf) => btf.forward('later'), []]
  ])('%s', (text, make, bytes) => {
    expect(printed(make, bytes)).toBe(text)
  })

  test('long arrays end in dots, and runs of equal characters are shown whole', () => {
    const shorts = (btf: BtfBuilder): number => btf.array(btf.int('short int', 2, 1), 300)
    expect(printed(shorts, Array.from({ length: 600 }, () => 0))).toBe(`{${Array.from({ length: 256 }, () => 0).join(', ')}...}`)
    const text = (btf: BtfBuilder): number => btf.array(btf.int('char', 1, 1), 8)
    expect(printed(text, [97, 98, 99, 99, 99, 100, 101, 102], { elements: 3 })).toBe('"abccc"...')
    expect(printed(text, [97, 98, 0, 0, 0, 0, 0, 0], { elements: 3 })).toBe('"ab\\000\\000\\000\\000\\000"')
  })

  test('hexadecimal', () => {
    expect(printed((btf) => btf.int('int', 4, 1), ff(4), { radix: 16 })).toBe('0xffffffff')
    expect(printed((btf) => btf.array(btf.int('char', 1, 1), 2), [97, 0], { radix: 16 })).toBe('{0x61, 0x0}')
    expect(printed((btf) => btf.enum('e', { A: 1 }), [1, 0, 0, 0], { radix: 16 })).toBe('0x1')
  })

  test('pointers say what they point at, and a char pointer what stands there', () => {
    const style: ValueStyle = {
      symbol: (address) => (address === 0x10n ? 'start+4' : undefined),
      string: (address) => (address === 0x20n ? { bytes: Buffer.from('name') } : address === 0x30n ? { bytes: new Uint8Array(0), missing: 'not mapped' } : undefined)
    }
    const toChar = (btf: BtfBuilder): number => btf.pointer(btf.qualified(BtfKind.CONST, btf.int('char', 1, 1)))
    const at = (low: number): number[] => [low, 0, 0, 0, 0, 0, 0, 0]
    expect(printed((btf) => btf.pointer(0), at(0x10), style)).toBe('0x10 <start+4>')
    expect(printed(toChar, at(0x20), style)).toBe('0x20 "name"')
    expect(printed(toChar, at(0x30), style)).toBe('0x30 <not mapped>')
    expect(printed((btf) => btf.pointer(btf.int('int', 4)), at(0x20), style)).toBe('0x20')
    expect(printed(toChar, at(0x20), { ...style, elements: 4 })).toBe('0x20 "name"...')
  })

  test('structs, unions, bit fields and enums, nested', () => {
    const { btf, id } = sampleTypes()
    const bytes = new Uint8Array(64)
    bytes.set([1, 0, 0, 0, 0, 0, 0, 0, 2], 0)
    bytes.set(Buffer.from('union'), 24)
    bytes.set([0b11111_101, 1, 0, 0, 5], 32)
    bytes.set(Buffer.from('thing'), 40)
    bytes.set([9], 48)
    expect(valueText(new TypeGraph(readBtf(btf.bytes())), id.thing, imageOf(bytes))).toBe(`{
  list = {
    next = 0x1,
    prev = 0x2
  },
  call = 0x0,
  {
    number = 474315583093,
    text = "union\\000\\000"
  },
  flags = 5,
  mode = 31,
  ok = true,
  state = LOST,
  name = "thing\\000\\000",
  values = {9, 0, 0, 0},
  tail = 0xffff888000001040
}`)
  })

  test('what is missing says why, and the rest is there', () => {
    const { btf, id } = sampleTypes()
    const text = valueText(new TypeGraph(readBtf(btf.bytes())), id.thing, imageOf(new Uint8Array(64), [32, 48, 'excluded']))
    expect(text).toContain('  call = 0x0,')
    expect(text).toContain('  flags = <its page was excluded from the dump>,\n  mode = <its page was excluded from the dump>,\n  ok = <its page was excluded from the dump>,')
    expect(text).toContain('  name = <its page was excluded from the dump>,\n  values = {0, 0, 0, 0}')
    expect(valueText(new TypeGraph(readBtf(btf.bytes())), id.list, imageOf(new Uint8Array(8)))).toBe('{\n  next = 0x0,\n  prev = <not in the evidence>\n}')
  })

  test('bit fields of a big-endian machine start at the top', () => {
    const fields = (btf: BtfBuilder): number => {
      const int = btf.int('unsigned int', 4)
      return btf.struct('s', 4, [{ name: 'a', type: int, at: 0, bits: 4 }, { name: 'b', type: int, at: 4, bits: 12 }, { name: 'c', type: int, at: 16, bits: 16 }])
    }
    expect(printed(fields, [0x12, 0x34, 0x56, 0x78], {}, false)).toBe('{\n  a = 1,\n  b = 564,\n  c = 22136\n}')
    expect(printed(fields, [0x12, 0x34, 0x56, 0x78])).toBe('{\n  a = 2,\n  b = 833,\n  c = 30806\n}')
  })

  test('bit fields of the old encoding: the integer is narrower than its bytes', () => {
    expect(printed((btf) => {
      const narrow = btf.int('unsigned int', 4, 0, 3, 2)
      return btf.struct('s', 4, [{ name: 'a', type: narrow, at: 0 }, { name: 'b', type: btf.int('int', 4, 1, 4), at: 8 }])
    }, [0b11_101_01, 0x0f, 0, 0])).toBe('{\n  a = 5,\n  b = -1\n}')
  })
})

describe('enums', () => {
  const text = (values: Record<string, number>, value: bigint, signed = false): string => {
    const btf = new BtfBuilder()
    const id = btf.enum('e', values, signed)
    return enumText(new TypeGraph(readBtf(btf.bytes())), id, value)
  }
  test.each<[string, Record<string, number>, bigint]>([
    ['B', { A: 0, B: 1 }, 1n],
    ['2', { A: 0, B: 3, C: 5 }, 2n],
    ['(A | C)', { A: 1, B: 2, C: 4 }, 5n],
    ['(A | unknown: 0x40)', { A: 1, B: 2 }, 0x41n],
    ['0', { A: 1, B: 2 }, 0n],
    ['(unknown: 0x8)', { A: 1, B: 2 }, 8n],
    ['(LOW | MASK)', { LOW: 1, MASK: 0xf0 }, 0xf1n]
  ])('%s', (expected, values, value) => {
    expect(text(values, value)).toBe(expected)
  })

  test('signed ones are no flags', () => {
    expect(text({ BAD: -1, ONE: 1 }, 3n, true)).toBe('3')
    expect(text({ BAD: -1, ONE: 1 }, -1n, true)).toBe('BAD')
  })

  test('where no enum says that it is signed, all are: what pahole wrote before Linux 6.1', () => {
    const btf = new BtfBuilder()
    const id = btf.enum('old', { BAD: -1, GOOD: 0 })
    const graph = new TypeGraph(readBtf(btf.bytes()))
    expect(enumText(graph, id, -1n)).toBe('BAD')
    expect(valueText(graph, id, imageOf(Uint8Array.from(ff(4))))).toBe('BAD')
    btf.enum('new', { WORSE: -1 }, true)
    expect(valueText(new TypeGraph(readBtf(btf.bytes())), id, imageOf(Uint8Array.from(ff(4))))).toBe('BAD')
    expect(enumText(new TypeGraph(readBtf(btf.bytes())), id, 0xffffffffn)).toBe('BAD')
  })
})

describe('quoted text', () => {
  test.each([
    [[97, 10, 9, 7, 27], '"a\\n\\t\\a\\033"'],
    [[34, 92], '"\\"\\\\"'],
    [[0, 49, 50], '"\\000\\061\\062"'],
    [[0xc3, 0xa9], '"\\303\\251"']
  ])('%j', (bytes, text) => {
    expect(quotedText(Uint8Array.from(bytes), '"')).toBe(text)
  })
})
