import { describe, expect, test } from 'vitest'
import { BtfKind, readBtf } from '../../lib/source/btf.js'
import { declarator } from '../../lib/type/declarator.js'
import { TypeGraph } from '../../lib/type/typeGraph.js'
import { BtfBuilder } from '../builders/btf.js'

function written(make: (btf: BtfBuilder) => number, name = 'it'): string {
  const btf = new BtfBuilder()
  const id = make(btf)
  return declarator(new TypeGraph(readBtf(btf.bytes())), id, name)
}

describe('declarations as C writes them', () => {
  const int = (btf: BtfBuilder): number => btf.int('int', 4, 1)
  test.each<[string, (btf: BtfBuilder) => number]>([
    ['int it', int],
    ['unsigned long it', (btf) => btf.int('long unsigned int', 8)],
    ['struct list_head *it', (btf) => btf.pointer(btf.forward('list_head'))],
    ['union either it', (btf) => btf.forward('either', true)],
    ['const char *it', (btf) => btf.pointer(btf.qualified(BtfKind.CONST, btf.int('char', 1, 1)))],
    ['char * const it', (btf) => btf.qualified(BtfKind.CONST, btf.pointer(btf.int('char', 1, 1)))],
    ['const volatile int *it', (btf) => btf.pointer(btf.qualified(BtfKind.CONST, btf.qualified(BtfKind.VOLATILE, int(btf))))],
    ['int it[3]', (btf) => btf.array(int(btf), 3)],
    ['int it[2][3]', (btf) => btf.array(btf.array(int(btf), 3), 2)],
    ['int it[]', (btf) => btf.array(int(btf), 0)],
    ['int *it[4]', (btf) => btf.array(btf.pointer(int(btf)), 4)],
    ['int (*it)[4]', (btf) => btf.pointer(btf.array(int(btf), 4))],
    ['void *(*it)(struct seq_file *, loff_t *)', (btf) => {
      const offset = btf.typedef('loff_t', btf.int('long long int', 8, 1))
      return btf.pointer(btf.prototype(btf.pointer(0), btf.pointer(btf.forward('seq_file')), btf.pointer(offset)))
    }],
    ['void (*it)(void)', (btf) => btf.pointer(btf.prototype(0))],
    ['int (*it)(int, ...)', (btf) => btf.pointer(btf.prototype(int(btf), int(btf), 0))],
    ['int (*(*it)(int))(void)', (btf) => btf.pointer(btf.prototype(btf.pointer(btf.prototype(int(btf))), int(btf)))],
    ['int (* const it)(void)', (btf) => btf.qualified(BtfKind.CONST, btf.pointer(btf.prototype(int(btf))))],
    ['int *it', (btf) => btf.pointer(btf.qualified(BtfKind.TYPE_TAG, int(btf), 'user'))],
    ['struct {...} it', (btf) => btf.struct('', 4, [])],
    ['enum state it', (btf) => btf.enum('state', { ONE: 1 })],
    ['enum wide it', (btf) => btf.enum64('wide', { ONE: 1n })]
  ])('%s', (text, make) => {
    expect(written(make)).toBe(text)
  })

  test('a type alone has no name', () => {
    expect(written((btf) => btf.pointer(btf.prototype(0, btf.pointer(0))), '')).toBe('void (*)(void *)')
    expect(written((btf) => btf.array(btf.int('char', 1), 4), '')).toBe('char[4]')
  })

  test('a type that is made of itself comes to an end', () => {
    const btf = new BtfBuilder()
    btf.typedef('loop', 1)
    btf.pointer(2)
    const proto = btf.prototype(3, 4, 4)
    btf.pointer(proto)
    const graph = new TypeGraph(readBtf(btf.bytes()))
    expect(declarator(graph, 1, 'it')).toBe('loop it')
    expect(declarator(graph, 2, 'it').length).toBeLessThan(200)
    expect(declarator(graph, proto, 'it').length).toBeLessThan(100_000)
  })
})
