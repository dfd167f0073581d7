import { beforeAll, describe, expect, test } from 'vitest'
import { BtfKind, readBtf } from '../../lib/source/btf.js'
import { typesOf, type BtfTypes } from '../../lib/type/btfTypes.js'
import { StructMatcher, type StructMatch, type WordEvidence } from '../../lib/type/structMatch.js'
import { BtfBuilder } from '../builders/btf.js'
import { describeEvidence } from '../evidence.js'
import { realDumps, realTypes } from './realTypes.js'

const names = (match: StructMatch): string[] => match.candidates.map(({ type }) => type)

/** Smallest and largest payload that a general cache of a kernel takes. */
const slots = { 'x86_64-slub': [[17, 32], [65, 96], [33, 64]], 'x86_64-slub-6.12': [[17, 32], [65, 96], [33, 64]], 'arm64-slab': [[0, 128], [0, 128], [0, 128]] }

describeEvidence.each(realDumps)('the structs of $name', ({ name }) => {
  let types: BtfTypes
  let matcher: StructMatcher
  let seconds: number
  const [operations, session, node] = slots[name].map(([smallestBytes, slotBytes]) => ({ smallestBytes, slotBytes }))
  beforeAll(async () => {
    types = await realTypes(name)
    matcher = new StructMatcher(types)
    const start = process.cpuUsage()
    matcher.match(single(matcher), operations)
    const { user, system } = process.cpuUsage(start)
    seconds = (user + system) / 1e6
  })

  test('single_start, single_stop and single_next at 0, 8, 16 are a seq_operations and nothing else', () => {
    const match = matcher.match(single(matcher), operations)
    expect(names(match)).toEqual(['struct seq_operations'])
    expect(match.rivals).toBe(0)
    expect(match.candidates[0]).toMatchObject({ module: null, bytes: 32, shift: 0, fits: 3, contradictions: 0 })
    expect(match.candidates[0].evidence.map(({ member, structs }) => [member, structs])).toEqual([['start', 1], ['stop', 1], ['next', 1]])
    expect(match.candidates[0].evidence[0].text).toBe('single_start fits void *(*)(struct seq_file *, loff_t *)')
    expect(match.considered).toBeGreaterThan(2000)
  })

  test('so is single_start at 0 alone, in a slot of any size', () => {
    expect(names(matcher.match([matcher.functionAt(0, 'single_start', null)], { slotBytes: 8192 }))).toEqual(['struct seq_operations'])
  })

  test('in little time, the indexes included', () => {
    // Of the processor, not of the clock: tests run beside each other.
    expect(seconds).toBeLessThan(0.5)
    const start = process.cpuUsage()
    for (let i = 0; i < 20; i++) matcher.match(single(matcher), operations)
    const { user, system } = process.cpuUsage(start)
    expect((user + system) / 1e3 / 20).toBeLessThan(40)
  })

  test('the struct of a module, by its work function: as kernels have few such structs and the module three', () => {
    const match = matcher.match([matcher.functionAt(48, 'TestMod_SessionWork', 'testmod')], session)
    expect(match.candidates[0]).toMatchObject({ type: 'struct TestModSession', module: 'testmod' })
    expect(match.rivals).toBe(0)
    expect(match.candidates[0].evidence.map(({ kind, member }) => [kind, member])).toEqual([['function', 'work.func'], ['module', '']])
  })

  test('and without knowing the module, by list head, text and the task it points at', () => {
    const evidence: WordEvidence[] = [
      { offset: 0, kind: 'kin', target: 0 }, { offset: 8, kind: 'kin', target: 0 }, { offset: 16, kind: 'number' },
      { offset: 32, kind: 'kin', target: 32 }, { offset: 40, kind: 'kin', target: 32 }, matcher.functionAt(48, 'TestMod_SessionWork'),
      { offset: 56, kind: 'text' }, matcher.pointerAt(80, types.find('task_struct')!), { offset: 88, kind: 'number' }
    ]
    const match = matcher.match(evidence, session)
    expect(match.candidates[0]).toMatchObject({ type: 'struct TestModSession', contradictions: 0, fits: 9 })
    expect(match.rivals).toBe(0)
    expect(match.candidates[1].bits).toBeLessThan(match.candidates[0].bits - 10)
  })

  test('a pair that points at each other is one of a few', () => {
    const match = matcher.match([{ offset: 0, kind: 'kin', target: 0 }, { offset: 8, kind: 'number' }, { offset: 16, kind: 'text' }], node)
    expect(names(match).slice(0, match.rivals + 1)).toContain('struct TestModNode')
    expect(match.rivals).toBeLessThan(6)
  })

  test('operations behind a header are found inside', () => {
    const match = matcher.matchInside(single(matcher, 40), { slotBytes: 128 })
    expect(match.candidates[0]).toMatchObject({ type: 'struct seq_operations', shift: 40, fits: 3 })
    expect(match.rivals).toBe(0)
    expect(matcher.match(single(matcher, 40), { slotBytes: 128 }).candidates.every(({ bits }) => bits < match.candidates[0].bits)).toBe(true)
  })

  test('a generic callback alone leaves many rivals', () => {
    const match = matcher.match([matcher.functionAt(24, 'delayed_work_timer_fn', null)], { slotBytes: 8192 })
    const rcu = matcher.match([{ offset: 8, kind: 'function', prototypes: matcher.prototypes.ofFunction('call_rcu').map(() => -1) }], { slotBytes: 8192 })
    expect(match.candidates.every(({ bits }) => bits < 13)).toBe(true)
    expect(rcu.candidates).toEqual([])
    const release = matcher.prototypes.ofFunction('delayed_put_task_struct', null)
    const generic = matcher.match([{ offset: 8, kind: 'function', prototypes: release.map(({ prototype }) => prototype) }], { slotBytes: 8192 })
    expect(generic.rivals).toBeGreaterThan(10)
    expect(generic.candidates[0].bits).toBeLessThan(8)
  })

  test('static functions of one name are all taken, those of a module only where it is meant', () => {
    const { prototypes } = matcher
    expect(prototypes.ofFunction('single_start', null)).toHaveLength(1)
    expect(prototypes.text(prototypes.ofFunction('single_start', null)[0])).toBe('void *single_start(struct seq_file *, loff_t *)')
    expect(prototypes.ofFunction('TestMod_SessionWork', 'testmod')).toMatchObject([{ module: 'testmod', weak: false }])
    expect(prototypes.ofFunction('TestMod_SessionWork', null)).toEqual([])
    expect(prototypes.ofFunction('TestMod_SessionWork')).toHaveLength(1)
    expect(prototypes.ofFunction('single_start.isra.0', null)).toMatchObject([{ weak: true }])
    expect(prototypes.ofFunction('__cfi_single_start', null)).toMatchObject([{ weak: false }])
    expect(prototypes.ofFunction('no_such_function')).toEqual([])
  })
})

function single(matcher: StructMatcher, at = 0): WordEvidence[] {
  return ['single_start', 'single_stop', 'single_next'].map((name, i) => matcher.functionAt(at + 8 * i, name, null))
}

/** Structs that differ in one thing each. */
function someTypes(): { types: BtfTypes; matcher: StructMatcher } {
  const btf = new BtfBuilder()
  const int = btf.int('int', 4, 1)
  const long = btf.int('long unsigned int', 8)
  const char = btf.int('char', 1, 1)
  const text = btf.array(char, 16)
  const forward = btf.pointer(btf.forward('object'))
  const object = btf.struct('object', 24, [{ name: 'id', type: int, at: 0 }, { name: 'size', type: long, at: 64 }])
  const objectPointer = btf.pointer(btf.qualified(10, btf.typedef('object_t', object)))
  const get = btf.prototype(int, ['self', objectPointer])
  // The same to a caller: a declaration instead of the definition, and no name.
  const getToo = btf.prototype(btf.typedef('status', int), forward)
  const other = btf.prototype(long, objectPointer)
  const any = btf.pointer(0)
  btf.struct('ops', 16, [{ name: 'get', type: btf.pointer(get), at: 0 }, { name: 'put', type: btf.pointer(other), at: 64 }])
  const inner = btf.struct('inner', 16, [{ name: 'count', type: long, at: 0 }, { name: 'get', type: btf.pointer(getToo), at: 64 }])
  btf.struct('outer', 40, [{ name: 'before', type: long, at: 0 }, { name: 'parts', type: btf.array(inner, 2), at: 64 }])
  btf.struct('open', 48, [{ name: 'count', type: long, at: 0 }, { name: 'parts', type: btf.array(inner, 0), at: 48 * 8 }])
  btf.struct('hold', 16, [{ name: 'object', type: objectPointer, at: 0 }, { name: 'data', type: any, at: 64 }])
  btf.struct('linked', 24, [{ name: 'next', type: btf.nextId + 1, at: 0 }, { name: 'name', type: text, at: 64 }])
  btf.pointer(btf.nextId - 1)
  btf.union('either', 8, [{ name: 'get', type: btf.pointer(get), at: 0 }, { name: 'number', type: long, at: 0 }])
  btf.typedef('named_t', btf.struct('', 8, [{ name: 'put', type: btf.pointer(other), at: 0 }]))
  btf.struct('', 8, [{ name: 'put', type: btf.pointer(other), at: 0 }])
  btf.function('get_it', getToo)
  btf.function('put_it', other)
  const types = typesOf(readBtf(btf.bytes()))
  return { types, matcher: new StructMatcher(types) }
}

/** Structs of some sizes that start alike. */
function tablesOf(sizes: readonly number[]): StructMatcher {
  const btf = new BtfBuilder()
  const put = btf.prototype(btf.int('int', 4, 1), btf.pointer(0))
  const member = { name: 'put', type: btf.pointer(put), at: 64 }
  for (const bytes of sizes) btf.struct(`table_${bytes}`, bytes, [member])
  btf.function('put_it', put)
  return new StructMatcher(typesOf(readBtf(btf.bytes())))
}

describe('matching', () => {
  const { types, matcher } = someTypes()
  const slotBytes = 64

  test('prototypes are equal whatever their typedefs, qualifiers, parameter names and declarations', () => {
    expect(names(matcher.match([matcher.functionAt(0, 'get_it')], { slotBytes }))).toEqual(['union either', 'struct ops'])
    expect(names(matcher.match([matcher.functionAt(8, 'put_it')], { slotBytes }))).toEqual(['struct ops'])
  })

  test('embedded structs count, in arrays too, and name the member', () => {
    const match = matcher.match([matcher.functionAt(16, 'get_it')], { slotBytes })
    expect(names(match)).toEqual(['struct outer'])
    expect(match.candidates[0].evidence[0].member).toBe('parts[0].get')
    expect(matcher.match([matcher.functionAt(32, 'get_it')], { slotBytes }).candidates[0].evidence[0].member).toBe('parts[1].get')
  })

  test('so does the first element of an array of any length', () => {
    const match = matcher.match([matcher.functionAt(56, 'get_it')], { slotBytes })
    expect(names(match)).toEqual(['struct open'])
    expect(match.candidates[0].evidence[0].member).toBe('parts[0].get')
  })

  test('of structs that explain the words as well, the one is likelier that ends where the objects do', () => {
    const tables = tablesOf([16, 64])
    const best = (least: number, most: number): string => names(tables.match([tables.functionAt(8, 'put_it')], { slotBytes, used: { least, most } }))[0]
    expect(tables.match([tables.functionAt(8, 'put_it')], { slotBytes }).rivals).toBe(1)
    expect([best(16, 16), best(16, 60), best(24, 60), best(60, 60)]).toEqual(['struct table_16', 'struct table_16', 'struct table_64', 'struct table_64'])
  })

  test('a struct larger than the slot is none', () => {
    expect(names(matcher.match([matcher.functionAt(16, 'get_it')], { slotBytes: 32 }))).toEqual([])
  })

  test('a struct that would fit into a smaller slot comes later', () => {
    const evidence = [matcher.functionAt(0, 'get_it')]
    expect(names(matcher.match(evidence, { slotBytes, smallestBytes: 16 }))[0]).toBe('struct ops')
    expect(names(matcher.match(evidence, { slotBytes }))[0]).toBe('union either')
  })

  test('a word that cannot be in a member speaks against the struct', () => {
    const [ops] = matcher.match([matcher.functionAt(0, 'get_it'), { offset: 8, kind: 'text' }], { slotBytes }).candidates.filter(({ type }) => type === 'struct ops')
    expect(ops).toBeUndefined()
    const match = matcher.match([matcher.functionAt(0, 'get_it'), matcher.functionAt(8, 'get_it')], { slotBytes })
    expect(names(match)).not.toContain('struct ops')
  })

  test('pointers match what they point at: the start of an object, or a part of it', () => {
    const object = types.find('object')!
    expect(names(matcher.match([matcher.pointerAt(0, object)], { slotBytes }))).toEqual(['struct hold'])
    // An int stands at its start, a long behind it; no member is declared to point at these.
    expect(names(matcher.match([matcher.pointerAt(0, object, 8)], { slotBytes }))).toEqual([])
    expect(matcher.typesAt(object, 0)).toHaveLength(2)
  })

  test('pointers to its own kind', () => {
    const match = matcher.match([{ offset: 0, kind: 'kin', target: 0 }, { offset: 8, kind: 'text' }], { slotBytes })
    expect(names(match)[0]).toBe('struct linked')
    expect(match.candidates[0].evidence.map(({ kind, member }) => [kind, member])).toEqual([['kin', 'next'], ['text', 'name']])
  })

  test('a struct without a name is called by its typedef, and left out without one', () => {
    expect(names(matcher.match([matcher.functionAt(0, 'put_it')], { slotBytes }))).toEqual(['named_t'])
  })

  test('a function that BTF does not know fits any function pointer', () => {
    const match = matcher.match([matcher.functionAt(8, 'written_in_assembly')], { slotBytes })
    expect(names(match)).toEqual(['struct ops', 'struct inner'])
  })

  test('no evidence, no candidates', () => {
    expect(matcher.match([], { slotBytes })).toMatchObject({ candidates: [], rivals: 0 })
    expect(matcher.match([{ offset: 4000, kind: 'address' }], { slotBytes }).candidates).toEqual([])
    expect(matcher.matchInside([], { slotBytes }).candidates).toEqual([])
  })
})

/** A kernel and two modules: one made with another kernel's BTF, so that it carries a struct of the kernel, and both include one header. */
function copiedTypes(): StructMatcher {
  const btf = new BtfBuilder()
  const long = btf.int('long unsigned int', 8)
  const request = (to: BtfBuilder, name: string): void => {
    const other = to.struct(`${name}_peer`, 8, [{ name: 'id', type: long, at: 0 }])
    to.struct(name, 16, [{ name: 'peer', type: to.pointer(other), at: 0 }, { name: 'id', type: long, at: 64 }])
  }
  request(btf, 'request')
  const kernel = readBtf(btf.bytes())
  const modules = ['copier', 'other'].map((module) => {
    const own = new BtfBuilder(btf)
    if (module === 'copier') request(own, 'request')
    request(own, 'shared')
    // Of one name and size, and not the same.
    own.struct('private', 8, [{ name: module, type: long, at: 0 }])
    return [module, readBtf(own.bytes(), { base: kernel })] as const
  })
  return new StructMatcher(typesOf(kernel, modules))
}

describe('structs that modules carry copies of', () => {
  const matcher = copiedTypes()
  const id = (name: string): number => matcher.canonical.graph.ofKind(BtfKind.STRUCT).find((struct) => matcher.canonical.graph.name(struct) === name)!
  const matchOf = (name: string, module?: string): StructMatch =>
    matcher.match([matcher.pointerAt(0, id(`${name}_peer`)), { offset: 8, kind: 'address', module }], { slotBytes: 16 })

  test('a copy is no rival of the kernel\'s struct, and no struct of the module', () => {
    expect(matchOf('request', 'copier')).toMatchObject({ rivals: 0, candidates: [{ type: 'struct request', module: null }] })
    expect(matchOf('request', 'copier').candidates[0].evidence.map(({ kind }) => kind)).not.toContain('module')
  })

  test('one of a header that two modules include is one struct, and each declares it', () => {
    for (const module of ['copier', 'other']) {
      const match = matchOf('shared', module)
      expect([names(match), match.rivals]).toEqual([['struct shared'], 0])
      expect(match.candidates[0].evidence.find(({ kind }) => kind === 'module')?.text).toBe(`declared by ${module}, to which the object points`)
    }
  })

  test('two of a name with different members are two', () => {
    const match = matcher.match([{ offset: 0, kind: 'held', types: [matcher.canonical.of(id('private'))] }], { slotBytes: 8 })
    expect([names(match), match.rivals]).toEqual([['struct private', 'struct private'], 1])
  })
})
