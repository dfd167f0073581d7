import { describe, expect, test } from 'vitest'
import { SlablabError } from '../../lib/errors.js'
import { BtfKind, readBtf } from '../../lib/source/btf.js'
import { BtfTypes, openBtf, typesOf } from '../../lib/type/btfTypes.js'
import { CanonicalTypes } from '../../lib/type/canonical.js'
import { declaration, memberDeclaration } from '../../lib/type/declaration.js'
import { layout } from '../../lib/type/layout.js'
import { membersAt } from '../../lib/type/memberAt.js'
import { NameIndex } from '../../lib/type/nameIndex.js'
import { PointerMembers } from '../../lib/type/pointerMembers.js'
import { relocateBtf } from '../../lib/type/relocateBtf.js'
import { TypeDeclaration } from '../../lib/type/typeDeclaration.js'
import { TypeGraph } from '../../lib/type/typeGraph.js'
import { WordKind, WordKinds } from '../../lib/type/wordKinds.js'
import { BtfBuilder, sampleTypes } from '../builders/btf.js'

const { btf, id } = sampleTypes()
const types = openBtf(btf.bytes())

describe('names', () => {
  test('sizes by tag, plain name and typedef', () => {
    expect(types.length).toBe(btf.nextId - 1)
    expect([types.sizeOf('thing'), types.sizeOf('struct thing'), types.sizeOf('u64'), types.sizeOf('enum state'), types.sizeOf('unsigned int')]).toEqual([64, 64, 8, 4, 4])
    expect([types.sizeOf('union thing'), types.sizeOf('enum thing'), types.sizeOf('nothing'), types.sizeOf('')]).toEqual([undefined, undefined, undefined, undefined])
    expect(types.btf).toBe(types)
  })

  test('a struct with members wins over its declaration, wherever that stands', () => {
    const btf = new BtfBuilder()
    btf.forward('later')
    const own = btf.struct('later', 8, [{ name: 'a', type: btf.int('int', 4), at: 0 }])
    const twice = openBtf(btf.bytes())
    expect(twice.findAll('later')).toEqual([own, own - 2])
    expect(twice.sizeOf('later')).toBe(8)
  })

  test('a name with no tag means the struct before the typedef', () => {
    const btf = new BtfBuilder()
    const int = btf.int('int', 4)
    btf.typedef('both', int)
    btf.struct('both', 16, [])
    expect(openBtf(btf.bytes()).sizeOf('both')).toBe(16)
  })

  test('enumerators of any enum, 64-bit ones too', () => {
    expect([types.enumerator('LOST'), types.enumerator('BAD'), types.enumerator('HUGE'), types.enumerator('nothing')]).toEqual([5n, -1n, 1n << 40n, undefined])
  })

  test('an index finds all of a name in order, and only whole names', () => {
    const strings = Buffer.from('\0abc\0ab\0abc\0end')
    const index = new NameIndex(strings, 6)
    for (const [offset, value] of [[1, 10], [5, 20], [8, 30], [12, 40], [0, 50], [99, 60]]) index.add(offset, value)
    expect([index.find('abc'), index.find('ab'), index.find('a'), index.find('end'), index.find('')]).toEqual([[10, 30], [20], [], [40], []])
  })
})

describe('members', () => {
  test('unnamed ones are looked through, elements and inner structs found', () => {
    expect(types.member('thing', 'text')).toEqual({ offset: 24, bytes: 8, bitOffset: null, bits: null, type: 'char[8]' })
    expect(types.member('struct thing', 'list.prev')).toMatchObject({ offset: 8, type: 'struct list_head *' })
    expect(types.member('thing', 'values[3]')).toMatchObject({ offset: 60, bytes: 4, type: 'int' })
    expect(types.member('thing', 'tail[5].prev')).toMatchObject({ offset: 152 })
    expect(types.member('thing', 'mode')).toEqual({ offset: 32, bytes: 4, bitOffset: 259, bits: 5, type: 'unsigned int' })
    expect(types.member('thing', 'tail')).toMatchObject({ offset: 64, bytes: 0, type: 'struct list_head[]' })
  })

  test.each(['nothing', 'list.nothing', 'values[4]', 'values.x', 'state[0]', 'list..next', '', 'name[x]'])('%s is none', (path) => {
    expect(types.member('thing', path)).toBeUndefined()
  })

  test('nothing of a type that is no struct', () => {
    expect(types.member('state', 'IDLE')).toBeUndefined()
    expect(types.member('nothing', 'a')).toBeUndefined()
  })

  test('all of a layout, nested', () => {
    expect([...layout(types.graph, id.thing)].map(({ path, depth, offset, bytes, bits }) => [path, depth, offset, bytes, bits])).toEqual([
      ['list', 0, 0, 16, null], ['list.next', 1, 0, 8, null], ['list.prev', 1, 8, 8, null], ['call', 0, 16, 8, null],
      ['number', 0, 24, 8, null], ['text', 0, 24, 8, null], ['flags', 0, 32, 4, 3], ['mode', 0, 32, 4, 5], ['ok', 0, 33, 1, null],
      ['state', 0, 36, 4, null], ['name', 0, 40, 8, null], ['values', 0, 48, 16, null], ['tail', 0, 64, 0, null]
    ])
  })

  test('what starts at an offset, the outermost first', () => {
    const at = (offset: number): string[] => membersAt(types.graph, id.thing, offset).map(({ path }) => path)
    expect([at(0), at(8), at(24), at(33), at(40), at(52), at(4), at(64), at(88)]).toEqual([
      ['list', 'list.next'], ['list.prev'], ['', 'number', 'text'], ['ok'], ['name'], ['values[1]'], [], ['tail', 'tail[0]', 'tail[0].next'], ['tail[1].prev']
    ])
  })

  test('which structs stand where in a struct, itself included', () => {
    const canonical = new CanonicalTypes(types.graph)
    const embedded = PointerMembers.of(canonical, 'embedded')
    const [list, thing] = [canonical.of(id.list), canonical.of(id.thing)]
    const at = (offset: number, struct: number): number[] => {
      const { structs, pointees } = embedded.at(offset)
      return [...pointees].filter((_, i) => structs[i] === struct)
    }
    expect([at(0, id.thing), at(8, id.thing), at(0, id.list), at(1 << 20, id.list)]).toEqual([[thing, list], [], [list], []])
    const [first, end] = embedded.rows(thing)
    expect([...embedded.structs.subarray(first, end)]).toContain(id.thing)
  })

  test('what each word may hold', () => {
    expect([...new WordKinds(types.graph).of(id.thing)]).toEqual([
      WordKind.DATA, WordKind.DATA, WordKind.FUNCTION, WordKind.WORD | WordKind.TEXT, WordKind.SMALL, WordKind.TEXT, WordKind.SMALL, WordKind.SMALL
    ])
    expect([...new WordKinds(types.graph).of(id.list)]).toEqual([WordKind.DATA, WordKind.DATA])
  })
})

describe('declarations', () => {
  test('bare, with offsets, and of members', () => {
    expect(declaration(types.graph, id.thing)).toBe(`struct thing {
    struct list_head list;
    int (*call)(struct list_head *, unsigned long);
    union {
        u64 number;
        char text[8];
    };
    unsigned int flags : 3;
    unsigned int mode : 5;
    _Bool ok;
    enum state state;
    char name[8];
    int values[4];
    struct list_head tail[];
}
SIZE: 64`)
    expect(declaration(types.graph, id.thing, { offsets: true })).toContain('\n   [0] struct list_head list;\n  [16] int (*call)(struct list_head *, unsigned long);\n       union {\n  [24]     u64 number;\n  [24]     char text[8];\n       };\n')
    expect(memberDeclaration(types.graph, id.thing, ['list.prev', 'mode', 'nothing'])).toBe('struct thing {\n   [8] struct list_head *list.prev;\n  [32] unsigned int mode : 5;\n}')
  })

  test('enums, typedefs and what has no members', () => {
    expect(declaration(types.graph, id.state)).toBe('enum state {IDLE, BUSY, LOST = 5}\nSIZE: 4')
    expect(declaration(types.graph, id.wide)).toBe('enum wide {SMALL = 1, HUGE = 1099511627776}\nSIZE: 8')
    expect(declaration(types.graph, id.u64)).toBe('typedef unsigned long u64;\nSIZE: 8')
    expect(declaration(types.graph, id.int)).toBe('int\nSIZE: 4')
    const btf = new BtfBuilder()
    const empty = btf.struct('empty', 0, [])
    const unnamed = btf.typedef('counter_t', btf.struct('', 4, [{ name: 'value', type: btf.int('int', 4, 1), at: 0 }]))
    const either = btf.typedef('either_t', btf.enum('', { A: 0, B: 1 }))
    const forward = btf.forward('later')
    const { graph } = openBtf(btf.bytes())
    expect(declaration(graph, empty)).toBe('struct empty {\n    <no data fields>\n}\nSIZE: 0')
    expect(declaration(graph, unnamed)).toMatch(/^typedef struct \{\n.*\n\} counter_t;\nSIZE: 4$/)
    expect(declaration(graph, either)).toBe('typedef enum {A, B} either_t;\nSIZE: 4')
    expect(declaration(graph, forward)).toBe('struct later')
  })

  test('unnamed structs within named members are written out with offsets, and as gdb does without', () => {
    const btf = new BtfBuilder()
    const int = btf.int('int', 4)
    const inner = btf.struct('', 4, [{ name: 'x', type: int, at: 0 }])
    const middle = btf.struct('', 8, [{ name: 'before', type: int, at: 0 }, { name: 'deep', type: inner, at: 32 }])
    const outer = btf.struct('outer', 24, [{ name: 'list', type: btf.array(middle, 2), at: 0 }, { name: 'last', type: btf.qualified(BtfKind.CONST, inner), at: 128 }])
    const { graph } = openBtf(btf.bytes())
    expect(declaration(graph, outer)).toBe('struct outer {\n    struct {\n        int before;\n        struct {...} deep;\n    } list[2];\n    const struct {\n        int x;\n    } last;\n}\nSIZE: 24')
    expect(declaration(graph, outer, { offsets: true })).toBe('struct outer {\n       struct {\n   [0]     int before;\n           struct {\n   [4]         int x;\n   [4]     } deep;\n   [0] } list[2];\n       const struct {\n  [16]     int x;\n  [16] } last;\n}\nSIZE: 24')
  })

  test('print themselves, as data too', () => {
    const declared = new TypeDeclaration(types.graph, id.list)
    expect(String(declared)).toBe('struct list_head {\n    struct list_head *next;\n    struct list_head *prev;\n}\nSIZE: 16')
    expect(JSON.parse(JSON.stringify(declared))).toEqual({
      type: 'list_head', bytes: 16, module: null, members: [
        { path: 'next', depth: 0, offset: 0, bytes: 8, bitOffset: null, bits: null, type: 'struct list_head *' },
        { path: 'prev', depth: 0, offset: 8, bytes: 8, bitOffset: null, bits: null, type: 'struct list_head *' }
      ]
    })
    expect(new TypeDeclaration(types.graph, id.thing, {}, 'list').members().map(({ path }) => path)).toEqual(['list', 'list.next', 'list.prev'])
  })
})

describe('canonical types', () => {
  test('are equal for what is the same to a caller', () => {
    const btf = new BtfBuilder()
    const int = btf.int('int', 4, 1)
    const thing = btf.struct('thing', 8, [])
    const forward = btf.forward('thing')
    const union = btf.forward('thing', true)
    const a = btf.prototype(int, ['one', btf.pointer(thing)])
    const b = btf.prototype(btf.typedef('status', btf.qualified(BtfKind.CONST, int)), btf.qualified(BtfKind.CONST, btf.pointer(btf.qualified(BtfKind.TYPE_TAG, btf.qualified(BtfKind.VOLATILE, forward), 'user'))))
    const dots = btf.prototype(int, btf.pointer(thing), 0)
    const other = btf.prototype(int, btf.pointer(union))
    const less = btf.prototype(int)
    const enumerated = btf.enum('state', { A: 0 })
    const wide = btf.enum64('state', { A: 0n })
    const canonical = new CanonicalTypes(openBtf(btf.bytes()).graph)
    expect(canonical.of(a)).toBe(canonical.of(b))
    expect(new Set([a, dots, other, less].map((id) => canonical.of(id))).size).toBe(4)
    expect(canonical.of(enumerated)).toBe(canonical.of(wide))
    expect(canonical.of(0)).not.toBe(canonical.of(int))
    expect(canonical.end).toBeGreaterThan(canonical.of(wide))
  })

  test('unnamed structs are equal by what they hold, also from another module', () => {
    const base = sampleTypes()
    const first = base.btf.struct('', 8, [{ name: 'x', type: base.id.int, at: 0 }])
    const kernel = readBtf(base.btf.bytes())
    const split = new BtfBuilder(base.btf)
    const same = split.struct('', 8, [{ name: 'x', type: base.id.int, at: 0 }])
    const different = split.struct('', 8, [{ name: 'y', type: base.id.int, at: 0 }])
    const canonical = new CanonicalTypes(typesOf(kernel, [['m', readBtf(split.bytes(), { base: kernel })]]).graph)
    expect(canonical.of(first)).toBe(canonical.of(same))
    expect(canonical.of(first)).not.toBe(canonical.of(different))
  })

  test('thousands of types keep their numbers while the tables grow', () => {
    const btf = new BtfBuilder()
    const ids = Array.from({ length: 9000 }, (_, i) => btf.pointer(btf.forward(`struct_number_${i}`)))
    const canonical = new CanonicalTypes(openBtf(btf.bytes()).graph)
    const numbers = ids.map((id) => canonical.of(id))
    expect(new Set(numbers).size).toBe(9000)
    expect(ids.map((id) => canonical.of(id))).toEqual(numbers)
  })
})

describe('types of a module split from a distilled base', () => {
  function distilled(change: (base: BtfBuilder) => void = () => {}): { base: BtfBuilder; split: BtfBuilder } {
    const base = new BtfBuilder()
    base.struct('list_head', 16, [])
    base.int('int', 4, 1)
    base.forward('thing')
    change(base)
    const split = new BtfBuilder(base)
    split.struct('mine', 32, [{ name: 'link', type: 1, at: 0 }, { name: 'count', type: 2, at: 128 }, { name: 'peer', type: split.nextId + 1, at: 192 }])
    split.pointer(3)
    return { base, split }
  }

  test('are put onto the kernel by name and size', () => {
    const kernel = readBtf(btf.bytes())
    const { base, split } = distilled()
    const relocated = relocateBtf(readBtf(split.bytes(), { base: readBtf(base.bytes()), name: 'mod' }), kernel)
    const both = typesOf(kernel, [['mod', relocated]])
    expect(both.member('mine', 'link')).toMatchObject({ offset: 0, type: 'struct list_head' })
    expect(both.member('mine', 'link.prev')).toMatchObject({ offset: 8 })
    expect(both.member('mine', 'count')).toMatchObject({ offset: 16, type: 'int' })
    expect(both.member('mine', 'peer')).toMatchObject({ offset: 24, type: 'struct thing *' })
    expect(both.graph.moduleOf(both.find('mine')!)).toBe('mod')
  })

  test.each([
    ['a type of another size', (base: BtfBuilder) => base.struct('state', 8, []), 'mod: its base type state (8 bytes) is not in this kernel'],
    ['a type that is not there', (base: BtfBuilder) => base.struct('gone', 8, []), 'mod: its base type gone (8 bytes) is not in this kernel'],
    ['a union for a struct', (base: BtfBuilder) => base.forward('list_head', true), 'mod: its base type list_head (0 bytes) is not in this kernel']
  ])('%s is an error', (_, change, message) => {
    const { base, split } = distilled((builder) => void change(builder))
    const read = readBtf(split.bytes(), { base: readBtf(base.bytes()), name: 'mod' })
    expect(() => relocateBtf(read, readBtf(btf.bytes()))).toThrow(message)
    expect(() => relocateBtf(read, readBtf(btf.bytes()))).toThrow(SlablabError)
  })

  test('BTF that is not split has nothing to relocate', () => {
    const kernel = readBtf(btf.bytes(), { name: 'vmlinux' })
    expect(() => relocateBtf(kernel, kernel)).toThrow('vmlinux is not split from anything: there is nothing to relocate')
  })
})

describe('graphs', () => {
  test('pointers are as wide as long, 8 bytes where there is none', () => {
    expect(types.graph.pointerBytes).toBe(8)
    const narrow = new BtfBuilder()
    narrow.int('long unsigned int', 4)
    expect(new BtfTypes(new TypeGraph(readBtf(narrow.bytes()))).graph.pointerBytes).toBe(4)
    expect(new TypeGraph(readBtf(new BtfBuilder().bytes())).pointerBytes).toBe(8)
  })

  test('sizes of what has none', () => {
    const btf = new BtfBuilder()
    const proto = btf.prototype(0)
    const forward = btf.forward('later')
    const array = btf.array(forward, 3)
    const graph = new TypeGraph(readBtf(btf.bytes()))
    expect([0, proto, forward, array].map((id) => graph.bytesOf(id))).toEqual([undefined, undefined, undefined, undefined])
  })
})
