import { describe, expect, test } from 'vitest'
import { objectsLike } from '../../lib/analysis/objectsLike.js'
import { describeSignatures, signatures } from '../../lib/analysis/signatures.js'
import { AddressColumn, describedTable } from '../../lib/table/columns.js'
import { hex } from '../../lib/util/hex.js'
import { directMap, leakSymbols, otherSeqOperations, seqOperations, session, text } from '../builders/leaks.js'
import { blockMemory, cacheNamed, machine, sparseMemory } from '../builders/machine.js'
import { randomFrom, shuffled } from '../builders/random.js'

interface Row {
  cache: string | null, objects: number, share: number, bytes: number | null, example: string, type: string | null, reach: number, reachBasis: string
  readObjects: number, askedObjects: number
  words: { offset: number, bytes: number, class: string, value: string | null, symbol: string | null, module: string | null, cache: string | null, missing: number, low: string | null, high: string | null }[]
}

const slot = 128

/** A machine with one cache of 128-byte slots that hold these words, stale words behind them as given. */
function machineOf(contents: readonly (readonly bigint[])[], more: { excludedPages?: number[], smaller?: boolean } = {}) {
  const bytes = new Uint8Array(contents.length * slot)
  const words = new BigUint64Array(bytes.buffer)
  contents.forEach((object, i) => words.set(object, i * slot / 8))
  const caches = [cacheNamed('kmalloc-128', { objectBytes: slot, slotBytes: slot, slabBytes: 4096 }), ...(more.smaller ? [cacheNamed('kmalloc-64')] : [])]
  const objects = contents.map((_, i) => ({ address: addressOf(i), cache: 0 }))
  return machine({
    kind: 'dump', architecture: 'x86_64', memory: blockMemory(directMap, bytes, new Set(more.excludedPages)), symbols: leakSymbols, caches, objects
  })
}

function addressOf(i: number): bigint {
  return directMap + BigInt(i * slot)
}

function rows(table: { objects(): object[] }): Row[] {
  return table.objects() as Row[]
}

describe('objects of one kind form one group', () => {
  test('a leaked struct of 32 bytes in slots of 128, whatever lies behind it', () => {
    const random = randomFrom(7)
    const stale = [0n, 1n, directMap + 0x40n, text('leftover'), 0xffffffff812345c0n, 0x123456789abn]
    const contents = Array.from({ length: 3000 }, () => [...seqOperations, ...Array.from({ length: 12 }, () => stale[Math.floor(random() * stale.length)])])
    const [group, ...others] = rows(signatures(machineOf(contents)))
    expect(others).toEqual([])
    expect(group).toMatchObject({ cache: 'kmalloc-128', objects: 3000, share: 1, bytes: 3000 * slot, type: 'seq_operations', reach: 32, reachBasis: 'struct seq_operations has 32 bytes' })
    expect(group.words.map(({ offset, symbol, module }) => [offset, symbol, module])).toEqual([
      [0, 'single_start', null], [8, 'single_stop', null], [16, 'single_next', null], [24, 'leaky_show', 'leaky']
    ])
  })

  test('what lies in the hole below the image of x86-64 is a number: capabilities look so', () => {
    const capabilities = [0xffffffff000001ffn, 0xffffffff7fffffffn, 0xffffffff80000000n]
    const [group] = rows(signatures(machineOf(Array.from({ length: 40 }, () => capabilities))))
    expect(group.words.slice(0, 3).map((word) => word.class)).toEqual(['other', 'other', 'kernel text'])
  })

  test('the reach of an unknown struct ends where the objects stop agreeing in kind', () => {
    const random = randomFrom(3)
    const stale = [0n, 77n, directMap + 0x40n, text('leftover'), 0x123456789abn]
    const contents = Array.from({ length: 400 }, (_, i) =>
      [0xffffffff812345c0n, BigInt(i), 0xffffffff82000000n, ...Array.from({ length: 13 }, () => stale[Math.floor(random() * stale.length)])])
    const [group, ...others] = rows(signatures(machineOf(contents)))
    expect(others).toEqual([])
    expect(group).toMatchObject({ reach: 24, reachBasis: 'behind it, the 400 objects no longer agree' })
    expect(group.words.map((word) => [word.class, word.symbol])).toEqual([['kernel text', 'delayed_work_timer_fn'], ['small integer', null], ['kernel data', 'init_net']])
  })

  test('what single_open was given divides: two files of a module are two leaks', () => {
    const contents = Array.from({ length: 50 }, (_, i) => (i % 5 === 0 ? otherSeqOperations : seqOperations))
    expect(rows(signatures(machineOf(contents))).map(({ objects, words }) => [objects, words[3].symbol])).toEqual([[40, 'leaky_show'], [10, 'leaky_other_show']])
  })

  test('a magic number beside a counter, pointers to itself, a name that differs', () => {
    const contents = Array.from({ length: 200 }, (_, i) => session(addressOf(i), i))
    const [group, ...others] = rows(signatures(machineOf(contents)))
    expect(others).toEqual([])
    expect(group.words.slice(0, 8).map(({ offset, bytes, class: kind, value }) => [offset, bytes, kind, value])).toEqual([
      [0, 8, 'empty list head', hex(0)], [8, 8, 'self pointer', hex(0)], [0x10, 4, 'other', hex(0x5e5510a7)], [0x14, 4, 'small integer', null],
      [0x18, 8, 'other', hex(0xfffffffe0n)], [0x20, 8, 'empty list head', hex(0x20)], [0x28, 8, 'self pointer', hex(0x20)],
      [0x30, 8, 'module text', hex(0xffffffffc0123800n)]
    ])
    expect(group.words[3]).toMatchObject({ low: hex(0), high: hex(199) })
  })

  test('dropped objects and their twins on a list are two groups', () => {
    const contents = Array.from({ length: 30 }, (_, i) => session(addressOf(i), i))
    for (let i = 20; i < 30; i++) contents[i].splice(0, 2, addressOf(20 + ((i + 1) % 10)), addressOf(20 + ((i + 9) % 10)))
    expect(rows(signatures(machineOf(contents))).map(({ objects, words: [{ class: kind }] }) => [objects, kind])).toEqual([[20, 'empty list head'], [10, 'slab pointer']])
  })

  test('kinds that begin alike divide by a constant of one, where another word tells them apart as well', () => {
    const request = (i: number): bigint[] => [addressOf(i), addressOf(i), BigInt(i), directMap - 0x5000n, directMap - 0x8000n]
    const work = (i: number): bigint[] => [addressOf(i), addressOf(i), 0xfffffffe0n, addressOf(i) + 0x18n, addressOf(i) + 0x18n]
    const contents = Array.from({ length: 40 }, (_, i) => (i % 4 === 0 ? work(i) : request(i)))
    expect(rows(signatures(machineOf(contents))).map(({ objects, words }) => [objects, words[3].class])).toEqual([[30, 'direct map pointer'], [10, 'empty list head']])
    // Without the constant, the words behind may be what former owners left; and so may they where it comes with either.
    const stale = contents.map((words, i) => [words[0], words[1], BigInt(i), ...words.slice(3)])
    expect(rows(signatures(machineOf(stale))).map(({ objects, reach }) => [objects, reach])).toEqual([[40, 24]])
    const flagged = stale.map((words, i) => [words[0], words[1], i % 3 === 0 ? 0xfffffffe0n : BigInt(i), ...words.slice(3)])
    expect(rows(signatures(machineOf(flagged)))).toMatchObject([{ objects: 40 }])
  })

  test('zeroed objects, strings and numbers do not mix', () => {
    const contents = [
      ...Array.from({ length: 20 }, () => []),
      ...Array.from({ length: 10 }, (_, i) => [text('/usr/lib'), text(`file-${i}`)]),
      ...Array.from({ length: 5 }, (_, i) => [BigInt(i + 1), 7n])
    ]
    // Every object of the cache has more than 64 bytes, so all these words are in use.
    expect(rows(signatures(machineOf(contents, { smaller: true }))).map(({ objects, reach, words: [{ class: kind }] }) => [objects, reach, kind]))
      .toEqual([[20, 128, 'zero'], [10, 65, 'ascii'], [5, 65, 'small integer']])
  })
})

test.each([0xff11000010000000n, 0xff42967a812c0000n])('x86-64 with five levels of page tables: pointers into a direct map at %x', (base) => {
  const own = (i: number): bigint => base + BigInt(i * slot)
  const contents = Array.from({ length: 20 }, (_, i) => [own(i), own(i), own((i + 1) % 20), 0xff0012345678n])
  const words = new BigUint64Array(contents.length * slot / 8)
  contents.forEach((object, i) => words.set(object, i * slot / 8))
  const [group, ...others] = rows(signatures(machine({
    kind: 'transcript', architecture: 'x86_64', memory: blockMemory(base, new Uint8Array(words.buffer)), symbols: leakSymbols,
    caches: [cacheNamed('kmalloc-128', { objectBytes: slot, slotBytes: slot, slabBytes: 4096 })], objects: contents.map((_, i) => ({ address: own(i), cache: 0 }))
  })))
  expect(others).toEqual([])
  expect(group.words.slice(0, 4).map((word) => word.class)).toEqual(['empty list head', 'self pointer', 'slab pointer', 'user pointer'])
})

describe('how objects are given', () => {
  const random = randomFrom(11)
  const contents = Array.from({ length: 400 }, (_, i) => {
    const kind = i % 7
    if (kind < 3) return [...seqOperations, ...Array.from({ length: 12 }, () => (random() < 0.5 ? 0n : BigInt(Math.floor(random() * 1e9)) << 8n))]
    if (kind === 3) return otherSeqOperations
    if (kind === 4) return session(addressOf(i), i)
    if (kind === 5) return [addressOf(i - 1), BigInt(i), text('node-a')]
    return Array.from({ length: 16 }, () => BigInt(Math.floor(random() * 2 ** 32)) << BigInt(Math.floor(random() * 32)))
  })
  const system = machineOf(contents)
  const addresses = contents.map((_, i) => addressOf(i))
  const expected = rows(signatures(system))

  test.each(Array.from({ length: 20 }, (_, seed) => seed))('their order changes nothing (shuffle %i)', (seed) => {
    expect(rows(signatures(system, shuffled(addresses, randomFrom(seed))))).toEqual(expected)
  })

  test('nor do repetitions, text, a table, or a filter on it', () => {
    expect(rows(signatures(system, [...addresses, ...addresses.slice(10, 90)]))).toEqual(expected)
    expect(rows(signatures(system, addresses.map(hex)))).toEqual(expected)
    const table = describedTable({ address: new AddressColumn(BigUint64Array.from(addresses)), rank: addresses.map((_, i) => i) })
    expect(rows(signatures(system, table))).toEqual(expected)
    const some = rows(signatures(system, table.filter((d: { rank: number }) => d.rank % 2 === 0)))
    expect(some).toEqual(rows(signatures(system, addresses.filter((_, i) => i % 2 === 0))))
  })

  test('each object is in one group, and groups know theirs', () => {
    const groups = describeSignatures(system)
    const members = groups.flatMap(({ group, signatures: all }) => [...all.addressesOf(group)])
    expect(members.sort()).toEqual([...addresses].sort())
    for (const { group, signatures: all } of groups) {
      expect(all.addressesOf(group)).toHaveLength(group.objects)
      expect(all.addressesOf(group)).toContain(group.example)
    }
  })

  test('a table without addresses, and what is no address', () => {
    expect(() => signatures(system, describedTable({ cache: ['kmalloc-128'] }))).toThrow('expected a table with an address column, got columns cache')
    expect(() => signatures(system, ['kmalloc-128'])).toThrow('expected an address, got kmalloc-128')
  })
})

describe('what the evidence does not hold', () => {
  test('objects on excluded pages are asked for and not read', () => {
    const system = machineOf(Array.from({ length: 64 }, () => seqOperations), { excludedPages: [1] })
    expect(rows(signatures(system))).toMatchObject([{ objects: 32, share: 1, readObjects: 32, askedObjects: 64 }])
  })

  test('an object held in part joins its kind, its missing words counted and not zero', () => {
    const words = new Map<bigint, bigint>()
    const put = (address: bigint, values: readonly bigint[]): void => values.forEach((value, i) => words.set(address + BigInt(i * 8), value))
    for (let i = 0; i < 4; i++) put(addressOf(i), [...seqOperations, ...Array.from({ length: 12 }, () => 0n)])
    put(addressOf(4), seqOperations)
    put(addressOf(6) + 0x40n, [1n])
    const system = machine({
      memory: sparseMemory(words), symbols: leakSymbols, caches: [cacheNamed('kmalloc-128', { slotBytes: slot })],
      objects: Array.from({ length: 10 }, (_, i) => ({ address: addressOf(i), cache: 0 }))
    })
    const [group, other] = describeSignatures(system)
    expect(group.group.objects).toBe(5)
    expect(group.group.words.filter(({ offset }) => offset >= 32).map(({ class: kind, missing, share }) => [kind, missing, share])).toEqual(Array.from({ length: 12 }, () => ['zero', 1, 1]))
    expect(group.signatures).toMatchObject({ objects: 10, readObjects: 6 })
    expect(other.group.words.map((word) => word.class)).toEqual([...Array.from({ length: 8 }, () => 'missing'), 'small integer', ...Array.from({ length: 7 }, () => 'missing')])
  })

  test('nothing read is no group, and no objects are none', () => {
    const system = machine({ memory: sparseMemory(new Map()), caches: [cacheNamed('kmalloc-128', { slotBytes: slot })], objects: [{ address: addressOf(0), cache: 0 }] })
    expect(rows(signatures(system))).toEqual([])
    expect(rows(signatures(system, []))).toEqual([])
  })
})

test('big-endian words mean the same', () => {
  const words = new Map(seqOperations.map((value, i) => [directMap + BigInt(i * 8), value]))
  words.set(directMap + 32n, text('abcdefgh'))
  const symbols = leakSymbols
  const of = (littleEndian: boolean): Row[] => rows(signatures(machine({
    memory: sparseMemory(words, littleEndian), symbols, architecture: 'x86_64', caches: [cacheNamed('kmalloc-64', { slotBytes: 40 })], objects: [{ address: directMap, cache: 0 }]
  })))
  expect(of(false)).toEqual(of(true))
})

describe('objects that a session read without listing them', () => {
  const put = (words: Map<bigint, bigint>, address: bigint, values: readonly bigint[]): void => values.forEach((value, i) => words.set(address + BigInt(i * 8), value))

  test('are taken stretch by stretch, their cache unknown', () => {
    const words = new Map<bigint, bigint>()
    for (let i = 0; i < 5; i++) put(words, directMap + BigInt(i * 4096), seqOperations)
    // Two neighbours that were read one after the other, a stretch that is no multiple, and code.
    put(words, directMap + 0x10000n, [...seqOperations, ...seqOperations])
    put(words, directMap + 0x20000n, [1n, 2n, 3n, 4n, 5n])
    put(words, 0xffffffff81234560n, [0x90909090n, 0n, 0n, 0n])
    const system = machine({ architecture: 'x86_64', memory: sparseMemory(words), symbols: leakSymbols })
    expect(rows(signatures(system))).toMatchObject([{ cache: null, objects: 7, share: 1, bytes: null, type: 'seq_operations', reach: 32 }])
  })

  test('a listed object is itself and not one more, and its slot tells how long an unlisted one is', () => {
    const words = new Map<bigint, bigint>()
    for (let i = 0; i < 4; i++) put(words, directMap + BigInt(i * 4096), [...seqOperations, ...seqOperations])
    const system = machine({
      architecture: 'x86_64', memory: sparseMemory(words), symbols: leakSymbols, caches: [cacheNamed('kmalloc-32', { slotBytes: 32 })], objects: [{ address: directMap, cache: 0 }]
    })
    expect(rows(signatures(system)).map(({ cache, objects, words: list }) => [cache, objects, list.length])).toEqual([[null, 3, 4], ['kmalloc-32', 1, 4]])
  })
})

describe('the objects of a group', () => {
  const system = machineOf([seqOperations, [1n, 2n], seqOperations, [3n, 4n]])

  test('are those that hold the same as one of them', async () => {
    expect((await objectsLike(system, addressOf(2), { cache: 'kmalloc-128' })).array('address')).toEqual([hex(addressOf(0)), hex(addressOf(2))])
    expect((await objectsLike(system, hex(addressOf(1)))).columnNames()).toEqual(['address', 'cache', 'slab', 'state', 'queued', 'rank'])
  })

  test('an address that is no object of theirs is wrong usage', async () => {
    await expect(objectsLike(system, 0x1000n, { cache: 'kmalloc-128' })).rejects.toThrow('0x0000000000001000 is no allocated object whose contents the evidence holds, or lies in another cache than kmalloc-128')
  })
})
