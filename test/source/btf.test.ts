import { describe, expect, test } from 'vitest'
import { FormatError } from '../../lib/errors.js'
import { BtfKind, isBtf, readBtf } from '../../lib/source/btf.js'
import { TypeGraph } from '../../lib/type/typeGraph.js'
import { Warnings } from '../../lib/warnings.js'
import { BtfBuilder, sampleTypes } from '../builders/btf.js'
import { rawDump } from '../type/rawDump.js'

function dumpOf(bytes: Uint8Array, warnings = new Warnings()): string[] {
  return [...rawDump(new TypeGraph(readBtf(bytes, { warnings })))]
}

describe('kinds', () => {
  test('every kind is read, in either byte order', () => {
    const btf = new BtfBuilder()
    const int = btf.int('int', 4, 1)
    const list = btf.struct('list', 16, [{ name: 'next', type: 3, at: 0 }, { name: 'bits', type: int, at: 64, bits: 3 }])
    btf.pointer(list)
    btf.array(int, 7, int)
    btf.union('either', 4, [{ name: 'a', type: int, at: 0 }])
    btf.enum('few', { ONE: 1, LAST: 0xffffffff })
    btf.enum('signed', { MINUS: -1 }, true)
    btf.forward('later')
    btf.forward('or', true)
    btf.typedef('s32', int)
    btf.qualified(BtfKind.VOLATILE, int)
    btf.qualified(BtfKind.CONST, int)
    btf.qualified(BtfKind.RESTRICT, 3)
    const proto = btf.prototype(0, ['argument', int], 0)
    btf.function('call', proto, 1)
    const variable = btf.add(BtfKind.VAR, 'counter', 0, false, int, 1)
    btf.add(BtfKind.DATASEC, '.data..percpu', 1, false, 64, variable, 32, 4)
    btf.add(BtfKind.FLOAT, 'double', 0, false, 8)
    btf.add(BtfKind.DECL_TAG, 'tag', 0, false, list, 1)
    btf.qualified(BtfKind.TYPE_TAG, int, 'user')
    btf.enum64('wide', { SMALL: 1n, HUGE: 1n << 40n })
    expect(dumpOf(btf.bytes())).toEqual([
      "[1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED",
      "[2] STRUCT 'list' size=16 vlen=2",
      "\t'next' type_id=3 bits_offset=0",
      "\t'bits' type_id=1 bits_offset=64 bitfield_size=3",
      "[3] PTR '(anon)' type_id=2",
      "[4] ARRAY '(anon)' type_id=1 index_type_id=1 nr_elems=7",
      "[5] UNION 'either' size=4 vlen=1",
      "\t'a' type_id=1 bits_offset=0",
      "[6] ENUM 'few' encoding=UNSIGNED size=4 vlen=2",
      "\t'ONE' val=1",
      "\t'LAST' val=4294967295",
      "[7] ENUM 'signed' encoding=SIGNED size=4 vlen=1",
      "\t'MINUS' val=-1",
      "[8] FWD 'later' fwd_kind=struct",
      "[9] FWD 'or' fwd_kind=union",
      "[10] TYPEDEF 's32' type_id=1",
      "[11] VOLATILE '(anon)' type_id=1",
      "[12] CONST '(anon)' type_id=1",
      "[13] RESTRICT '(anon)' type_id=3",
      "[14] FUNC_PROTO '(anon)' ret_type_id=0 vlen=2",
      "\t'argument' type_id=1",
      "\t'(anon)' type_id=0",
      "[15] FUNC 'call' type_id=14 linkage=global",
      "[16] VAR 'counter' type_id=1, linkage=global",
      "[17] DATASEC '.data..percpu' size=64 vlen=1",
      "\ttype_id=16 offset=32 size=4 (VAR 'counter')",
      "[18] FLOAT 'double' size=8",
      "[19] DECL_TAG 'tag' type_id=2 component_idx=1",
      "[20] TYPE_TAG 'user' type_id=1",
      "[21] ENUM64 'wide' encoding=UNSIGNED size=8 vlen=2",
      "\t'SMALL' val=1ULL",
      "\t'HUGE' val=1099511627776ULL"
    ])
    expect(dumpOf(btf.bytes({ littleEndian: false }))).toEqual(dumpOf(btf.bytes()))
  })

  test('the signature of both byte orders is known, and nothing else is', () => {
    expect(isBtf(sampleTypes().btf.bytes())).toBe(true)
    expect(isBtf(sampleTypes().btf.bytes({ littleEndian: false }))).toBe(true)
    expect(isBtf(new Uint8Array(24))).toBe(false)
    expect(isBtf(Uint8Array.of(0x9f, 0xeb, 1))).toBe(false)
  })

  test('an unaligned blob is read as well as an aligned one', () => {
    const bytes = sampleTypes().btf.bytes()
    const shifted = new Uint8Array(bytes.length + 3)
    shifted.set(bytes, 3)
    expect(dumpOf(shifted.subarray(3))).toEqual(dumpOf(bytes))
  })
})

describe('what later kernels may bring', () => {
  test('a longer header is skipped', () => {
    const { btf } = sampleTypes()
    expect(dumpOf(btf.bytes({ headerBytes: 28 }))).toEqual(dumpOf(btf.bytes()))
  })

  test('kinds that are not known are skipped by the layout section', () => {
    const { btf } = sampleTypes()
    const known = dumpOf(btf.bytes())
    btf.add(30, 'future', 2, false, 7, 1, 2, 3, 4, 5)
    btf.int('after', 2)
    const warnings = new Warnings()
    const dump = dumpOf(btf.bytes({ layout: { 1: [4, 0], 30: [4, 8] } }), warnings)
    expect(warnings.list()).toEqual([])
    expect(dump.slice(0, known.length)).toEqual(known)
    expect(dump.at(-1)).toMatch(/INT 'after' size=2/)
  })

  test('without a layout the types before an unknown kind stay, and the place is told', () => {
    const { btf } = sampleTypes()
    const known = dumpOf(btf.bytes())
    const offset = btf.bytes().length
    btf.add(30, '', 0, false, 0)
    btf.int('after', 2)
    const warnings = new Warnings()
    expect(dumpOf(btf.bytes(), warnings)).toEqual(known)
    const end = 24 + wordsOf(sampleTypes().btf)
    expect(offset).toBeGreaterThan(end)
    expect(warnings.list()[0].message).toBe(
      `BTF: BTF type 20 at offset 0x${end.toString(16)}: unknown kind 30; it and those behind it are not read`)
  })

  test('a layout that cannot be (bytes that are no words) does not count', () => {
    const { btf } = sampleTypes()
    btf.add(30, '', 0, false, 0)
    const warnings = new Warnings()
    dumpOf(btf.bytes({ layout: { 30: [3, 0] } }), warnings)
    expect(warnings.list()[0].message).toContain('unknown kind 30')
  })
})

function wordsOf(btf: BtfBuilder): number {
  return new DataView(btf.bytes().buffer).getUint32(12, true)
}

describe('split BTF', () => {
  test('ids and names go on where the base ends', () => {
    const base = sampleTypes()
    const split = new BtfBuilder(base.btf)
    const own = split.struct('module_thing', 24, [{ name: 'list', type: base.id.list, at: 0 }, { name: 'mine', type: base.id.int, at: 128 }])
    const kernel = readBtf(base.btf.bytes())
    const module = readBtf(split.bytes(), { base: kernel, name: 'module' })
    expect([module.firstId, module.endId, module.firstString]).toEqual([own, own + 1, base.btf.stringBytes])
    const graph = new TypeGraph(kernel, [['mod', module]])
    expect(graph.name(own)).toBe('module_thing')
    expect(graph.string(graph.words[graph.body(own)])).toBe('list')
    expect(graph.string(graph.words[graph.body(own) + 3])).toBe('mine')
    expect(graph.words[graph.body(own) + 1]).toBe(base.id.list)
    expect(graph.moduleOf(own)).toBe('mod')
    expect(graph.moduleOf(base.id.list)).toBeNull()
  })

  test('types of several modules, whose ids are the same, are told apart', () => {
    const base = sampleTypes()
    const kernel = readBtf(base.btf.bytes())
    const modules = ['one', 'two'].map((name) => {
      const split = new BtfBuilder(base.btf)
      const struct = split.struct(`struct_${name}`, 8, [{ name: `member_${name}`, type: split.nextId + 1, at: 0 }])
      split.pointer(struct)
      return [name, readBtf(split.bytes(), { base: kernel })] as const
    })
    const graph = new TypeGraph(kernel, modules)
    const [one, two] = graph.modules.map(({ firstId }) => firstId)
    expect([graph.name(one), graph.name(two)]).toEqual(['struct_one', 'struct_two'])
    // The member's type is the pointer behind it, and that points back.
    for (const id of [one, two]) expect(graph.sizeOrType(graph.words[graph.body(id) + 1])).toBe(id)
    expect(graph.string(graph.words[graph.body(two)])).toBe('member_two')
    expect([graph.moduleOf(one), graph.moduleOf(two)]).toEqual(['one', 'two'])
  })
})

describe('bad input', () => {
  const good = (): Uint8Array => sampleTypes().btf.bytes()
  const withU32 = (at: number, value: number): Uint8Array => {
    const bytes = good()
    new DataView(bytes.buffer).setUint32(at, value, true)
    return bytes
  }

  test.each([
    ['too short', new Uint8Array(10), 'BTF at offset 0x0: too short for a BTF header: found 10 bytes, expected 24'],
    ['other magic', new Uint8Array(64), 'BTF at offset 0x0: not BTF: found magic 0x0, expected 0xeb9f in either byte order'],
    ['version', good().fill(2, 2, 3), 'BTF at offset 0x2: unknown BTF version: found 2, expected 1'],
    ['short header', withU32(4, 16), /wrong BTF header length: found 16, expected 24 to \d+/],
    ['long header', withU32(4, 0xffffffff), /wrong BTF header length: found 4294967295/],
    ['types behind the end', withU32(8, 0x7fffffff), /BTF type section starts behind the end: found \d+, expected at most \d+/],
    ['strings behind the end', withU32(16, 0x7fffffff), /BTF string section starts behind the end/],
    ['impossible length', withU32(12, 0x7fffffff), /BTF type section is impossibly long: found 2147483647 bytes/]
  ])('%s', (_, bytes, message) => {
    expect(() => readBtf(bytes)).toThrow(FormatError)
    expect(() => readBtf(bytes)).toThrow(message)
  })

  test('a blob that is cut in its strings keeps the names before the cut; one cut in its types has no names at all', () => {
    const bytes = good()
    const warnings = new Warnings()
    const types = wordsOf(sampleTypes().btf)
    const dump = dumpOf(bytes.subarray(0, 24 + types + 10), warnings)
    expect(dump.slice(0, 2)).toEqual(["[1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED", "[2] INT 'unsig' size=4 bits_offset=0 nr_bits=32 encoding=(none)"])
    expect(dump).toHaveLength(dumpOf(bytes).length)
    expect(warnings.list()).toEqual([{ message: `BTF: BTF string section is cut off: 10 of ${bytes.length - 24 - types} bytes are there`, times: 1 }])
    expect(() => readBtf(bytes.subarray(0, 24 + 60))).toThrow('BTF string section starts behind the end')
  })

  test('a type that reaches behind the section ends the reading', () => {
    const btf = new BtfBuilder()
    btf.int('int', 4)
    btf.add(BtfKind.STRUCT, 'endless', 0xffff, false, 4)
    const warnings = new Warnings()
    expect(dumpOf(btf.bytes(), warnings)).toHaveLength(1)
    expect(warnings.list()[0].message).toContain('its 65535 elements reach behind the type section')
  })

  test('references to types that do not exist become unknown, and are told', () => {
    const btf = new BtfBuilder()
    btf.pointer(77)
    btf.struct('s', 8, [{ name: 'a', type: 99, at: 0 }])
    const warnings = new Warnings()
    expect(dumpOf(btf.bytes(), warnings)).toEqual(["[1] PTR '(anon)' type_id=0", "[2] STRUCT 's' size=8 vlen=1", "\t'a' type_id=0 bits_offset=0"])
    expect(warnings.list()[0].message).toBe('BTF: BTF refers 2 times to types that do not exist, first at offset 0x20')
  })

  test('a name behind the strings is empty, and one without an end stops there', () => {
    const btf = new BtfBuilder()
    btf.int('abc', 4)
    const bytes = btf.bytes()
    new DataView(bytes.buffer).setUint32(24, 9999, true)
    expect(new TypeGraph(readBtf(bytes)).name(1)).toBe('')
    expect(new TypeGraph(readBtf(btf.bytes().subarray(0, -1), { warnings: new Warnings() })).name(1)).toBe('abc')
  })
})
