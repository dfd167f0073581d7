import { describe, expect, test } from 'vitest'
import { Arm64PageWalk } from '../../../lib/memory/arch/arm64.js'
import { faultOf, UNMAPPED, type PageWalk } from '../../../lib/memory/arch/pageWalk.js'
import { X86PageWalk } from '../../../lib/memory/arch/x86_64.js'
import { arm64Shape, PageTables, x86Shape } from '../../builders/pageTables.js'
import { SparseMemory } from '../../builders/sparseMemory.js'

const root = 0x100000
const MiB2 = 2 ** 21
const GiB = 2 ** 30

function translate(walk: PageWalk, address: bigint): number | string {
  const high = walk.canonicalHigh(Number(address >> 32n))
  if (high < 0) return 'unmapped'
  const found = walk.physical(high, Number(address & 0xffffffffn))
  return found < 0 ? faultOf(found) : found
}

describe.each([4, 5] as const)('x86-64 with %i levels', (levels) => {
  const memory = new SparseMemory()
  const tables = new PageTables(memory, x86Shape(levels), root)
  const direct = levels === 4 ? 0xffff888000000000n : 0xff11000000000000n
  tables.map(direct, 0, 3)
  tables.map(direct + BigInt(GiB), GiB, 2)
  tables.map(direct + BigInt(GiB + MiB2), GiB + MiB2)
  // Beyond 4 GiB, where 32-bit arithmetic would fold.
  tables.map(direct + 0x123456789000n, 0x123456789000)
  tables.map(0xffffffff81000000n, 0x7000000, 2, false)
  const walk = new X86PageWalk(memory, { root, levels, smeMask: 0n })

  test('pages of 4 KiB, 2 MiB and 1 GiB', () => {
    expect(translate(walk, direct + 0x12345678n)).toBe(0x12345678)
    expect(translate(walk, direct + BigInt(GiB) + 0x1fffffn)).toBe(GiB + 0x1fffff)
    expect(translate(walk, direct + BigInt(GiB + MiB2) + 0xfffn)).toBe(GiB + MiB2 + 0xfff)
    expect(translate(walk, direct + 0x123456789abcn)).toBe(0x123456789abc)
    expect(translate(walk, 0xffffffff81000010n)).toBe(0x7000010)
  })

  test('nothing mapped, and addresses that are not canonical', () => {
    expect(translate(walk, direct + BigInt(GiB + MiB2) + 0x1000n)).toBe('unmapped')
    expect(translate(walk, 0x400000n)).toBe('unmapped')
    expect(translate(walk, levels === 4 ? 0xff11000000000000n : 0xfe00000000000000n)).toBe('unmapped')
    expect(translate(walk, 0x0100000000000000n)).toBe('unmapped')
  })

  test('mappings come in order, with their size and whether they may be written', () => {
    const found = [...walk.mappings(100)].map(({ address, physical, bytes, writable }) => [address, physical, bytes, writable])
    expect(found).toEqual([
      [direct, 0, GiB, true],
      [direct + BigInt(GiB), GiB, MiB2, true],
      [direct + BigInt(GiB + MiB2), GiB + MiB2, 4096, true],
      [direct + 0x123456789000n, 0x123456789000, 4096, true],
      [0xffffffff81000000n, 0x7000000, MiB2, false]
    ])
    const image = [...walk.mappings(100, { start: 0xffffffff80000000n, end: 1n << 64n })]
    expect(image.map(({ address }) => address)).toEqual([0xffffffff81000000n])
  })

  test('a budget ends the search', () => {
    expect([...walk.mappings(1)].length).toBeLessThan(5)
  })
})

test('memory encryption puts a bit into every entry', () => {
  const mask = 1n << 47n
  const memory = new SparseMemory()
  new PageTables(memory, x86Shape(4, mask), root).map(0xffff888000000000n, 0x200000, 2)
  expect(translate(new X86PageWalk(memory, { root, levels: 4, smeMask: mask }), 0xffff888000001234n)).toBe(0x201234)
  expect(translate(new X86PageWalk(memory, { root, levels: 4, smeMask: 0n }), 0xffff888000001234n)).toBe('absent')
})

test('entries that are not present but not zero (L1TF) map nothing', () => {
  const memory = new SparseMemory()
  const tables = new PageTables(memory, x86Shape(4), root)
  memory.u64(tables.entry(0xffffc90000000000n, 1), 0x000ffffffff00000n | 0x162n)
  expect(translate(new X86PageWalk(memory, { root, levels: 4, smeMask: 0n }), 0xffffc90000000000n)).toBe('unmapped')
})

describe.each([
  ['4K, 39 bits', 12, 39, 'plain'],
  ['4K, 48 bits', 12, 48, 'plain'],
  ['4K, 52 bits with LPA2, five levels', 12, 52, 'lpa2'],
  ['16K, 36 bits', 14, 36, 'plain'],
  ['16K, 47 bits', 14, 47, 'plain'],
  ['16K, 48 bits: a top table of two entries', 14, 48, 'plain'],
  ['16K, 52 bits with LPA2', 14, 52, 'lpa2'],
  ['64K, 42 bits', 16, 42, 'plain'],
  ['64K, 48 bits', 16, 48, 'plain'],
  ['64K, 52 bits with LPA', 16, 52, 'lpa']
] as const)('arm64 with %s', (_, pageShift, vaBits, wide) => {
  const pageBytes = 2 ** pageShift
  const blockBytes = pageBytes * 2 ** (pageShift - 3)
  const memory = new SparseMemory(pageBytes)
  const tables = new PageTables(memory, arm64Shape(pageShift, vaBits, wide), 0x1000000)
  const linear = BigInt.asUintN(64, -1n << BigInt(vaBits))
  // As high as the machine's memory may reach.
  const far = wide === 'plain' ? 2 ** 47 : 2 ** 51 + 2 ** 49 + 2 ** 48
  tables.map(linear + BigInt(blockBytes), 4 * blockBytes, 2)
  tables.map(linear + BigInt(3 * blockBytes), far + pageBytes)
  tables.map(BigInt.asUintN(64, -BigInt(pageBytes)), 5 * pageBytes, 1, false)
  const walk = new Arm64PageWalk(memory, { root: 0x1000000, pageShift, vaBits, lpa2: wide === 'lpa2', littleEndian: true })

  test('pages, blocks, and the top of the address space', () => {
    expect(translate(walk, linear + BigInt(blockBytes) + 0x12345n)).toBe(4 * blockBytes + 0x12345)
    expect(translate(walk, linear + BigInt(3 * blockBytes) + 0x123n)).toBe(far + pageBytes + 0x123)
    expect(translate(walk, 0xffffffffffffffffn)).toBe(5 * pageBytes + pageBytes - 1)
    expect(translate(walk, linear)).toBe('unmapped')
  })

  test('a tag in the top byte is taken off, an address outside of the tables\' reach is not', () => {
    const tagged = (linear & 0x00ffffffffffffffn) | (0x3cn << 56n)
    expect(translate(walk, tagged + BigInt(blockBytes))).toBe(4 * blockBytes)
    if (vaBits < 55) expect(translate(walk, linear - 1n)).toBe('unmapped')
    expect(translate(walk, 0x400000n)).toBe('unmapped')
  })

  test('mappings come in order', () => {
    expect([...walk.mappings(100)].map(({ address, physical, bytes, writable }) => [address, physical, bytes, writable])).toEqual([
      [linear + BigInt(blockBytes), 4 * blockBytes, blockBytes, true],
      [linear + BigInt(3 * blockBytes), far + pageBytes, pageBytes, true],
      [BigInt.asUintN(64, -BigInt(pageBytes)), 5 * pageBytes, pageBytes, false]
    ])
  })
})

test('arm64 with a first-level block of 1 GiB', () => {
  const memory = new SparseMemory()
  new PageTables(memory, arm64Shape(12, 48), root).map(0xffff000040000000n, 3 * GiB, 3)
  const walk = new Arm64PageWalk(memory, { root, pageShift: 12, vaBits: 48, lpa2: false, littleEndian: true })
  expect(translate(walk, 0xffff00007fffffffn)).toBe(4 * GiB - 1)
})

test('a block descriptor at the last level is reserved', () => {
  const memory = new SparseMemory()
  const tables = new PageTables(memory, arm64Shape(12, 48), root)
  memory.u64(tables.entry(0xffff000000000000n, 1), 0x5000n | 1n)
  const walk = new Arm64PageWalk(memory, { root, pageShift: 12, vaBits: 48, lpa2: false, littleEndian: true })
  expect(translate(walk, 0xffff000000000000n)).toBe('unmapped')
  expect([...walk.mappings(100)]).toEqual([])
})

test('a big-endian kernel has big-endian tables', () => {
  const memory = new SparseMemory(4096, 1 << 20, false)
  new PageTables(memory, arm64Shape(12, 48), root).map(0xffff000040000000n, 0x7000)
  const walk = new Arm64PageWalk(memory, { root, pageShift: 12, vaBits: 48, lpa2: false, littleEndian: false })
  expect(translate(walk, 0xffff000040000321n)).toBe(0x7321)
})

test('a table that is missing says why: it was excluded, is absent, or damaged', () => {
  for (const reason of ['excluded', 'absent', 'corrupt'] as const) {
    for (const make of [
      (memory: SparseMemory): [PageTables, PageWalk] => [
        new PageTables(memory, x86Shape(4), root), new X86PageWalk(memory, { root, levels: 4, smeMask: 0n })
      ],
      (memory: SparseMemory): [PageTables, PageWalk] => [
        new PageTables(memory, arm64Shape(12, 48), root),
        new Arm64PageWalk(memory, { root, pageShift: 12, vaBits: 48, lpa2: false, littleEndian: true })
      ]
    ]) {
      const memory = new SparseMemory()
      const [tables, walk] = make(memory)
      tables.map(0xffff888000000000n, 0x5000)
      memory.faults.set(Math.floor(tables.entry(0xffff888000000000n, 1) / 4096), reason)
      expect(translate(walk, 0xffff888000000000n)).toBe(reason)
      expect([...walk.mappings(100)]).toEqual([])
    }
  }
})

test('a table that points at itself ends the walk', () => {
  const memory = new SparseMemory()
  memory.frame(root / 4096)
  for (let index = 0; index < 512; index++) memory.u64(root + index * 8, BigInt(root) | 0x63n)
  const walk = new X86PageWalk(memory, { root, levels: 4, smeMask: 0n })
  expect(translate(walk, 0xffff888000000123n)).toBe(root + 0x123)
  let seen = 0
  for (const { bytes } of walk.mappings(50)) seen += bytes > 0 ? 1 : 0
  expect(seen).toBeLessThanOrEqual(50 * 512)
  expect(UNMAPPED).toBeLessThan(0)
})
