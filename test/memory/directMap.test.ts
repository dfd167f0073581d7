import { describe, expect, test } from 'vitest'
import { Arm64PageWalk } from '../../lib/memory/arch/arm64.js'
import { X86PageWalk } from '../../lib/memory/arch/x86_64.js'
import { findDirectMap } from '../../lib/memory/directMap.js'
import { arm64Shape, PageTables, x86Shape } from '../builders/pageTables.js'
import { SparseMemory } from '../builders/sparseMemory.js'

const root = 0x100000
const MiB2 = 2 ** 21

/** 32 MiB of RAM at `ram`, all pages in the dump but every fifth. */
function ramAt(ram: number): SparseMemory {
  const physical = new SparseMemory()
  for (let frame = ram / 4096; frame < ram / 4096 + 8192; frame++) if (frame % 5 !== 0) physical.frame(frame)
  physical.frames = ram / 4096 + 8192
  return physical
}

function x86(base: bigint, mapped = 16): { physical: SparseMemory; walk: X86PageWalk; tables: PageTables } {
  const physical = ramAt(0)
  const tables = new PageTables(physical, x86Shape(4), root)
  for (let i = 0; i < mapped; i++) tables.map(base + BigInt(i * MiB2), i * MiB2, 2)
  // The image at its own distance, and vmalloc pages at many.
  tables.map(0xffffffff81000000n, MiB2, 2, false)
  for (let i = 0; i < 40; i++) tables.map(0xffffc90000000000n + BigInt(i * 4096), ((i * 7) % 40 + 300) * 4096)
  return { physical, tables, walk: new X86PageWalk(physical, { root, levels: 4, smeMask: 0n }) }
}

describe('x86-64 with its memory regions moved by KASLR', () => {
  const base = 0xffff8e8980000000n

  test('a candidate that the page tables confirm is taken', () => {
    const { physical, walk } = x86(base)
    expect(findDirectMap(physical, walk, [0xffff888000000000n, base], undefined)).toEqual({ start: base, end: base + 0x2000000n, physical: 0 })
  })

  test('without candidates the most common distance in the page tables is it', () => {
    const { physical, walk } = x86(base)
    expect(findDirectMap(physical, walk, [], 0xffffffff81000000n)?.start).toBe(base)
  })

  test('holes in it do no harm, as long as half of what is looked at is mapped', () => {
    const { physical, walk } = x86(base, 10)
    expect(findDirectMap(physical, walk, [base], undefined)?.start).toBe(base)
  })

  test('a candidate that one frame contradicts is refused', () => {
    const { physical, walk, tables } = x86(base)
    const wrong = 0xffff900000000000n
    for (let i = 0; i < 16; i++) tables.map(wrong + BigInt(i * MiB2), (i < 15 ? i : 3) * MiB2, 2)
    expect(findDirectMap(physical, walk, [wrong], undefined)?.start).toBe(base)
  })

  test('nothing mapped: nothing found', () => {
    const physical = ramAt(0)
    const walk = new X86PageWalk(physical, { root, levels: 4, smeMask: 0n })
    physical.frames = 8192
    expect(findDirectMap(physical, walk, [base], undefined)).toBeUndefined()
  })
})

test('arm64: RAM starts far up, and so does the map', () => {
  const ram = 0x40000000
  const physical = ramAt(ram)
  const tables = new PageTables(physical, arm64Shape(12, 48), ram + 0x100000)
  const base = 0xffff5d1e80000000n
  // Page by page, as the kernel maps it where it may change permissions.
  for (let at = 0; at < 0x2000000; at += 4096) tables.map(base + BigInt(ram + at), ram + at)
  const walk = new Arm64PageWalk(physical, { root: ram + 0x100000, pageShift: 12, vaBits: 48, lpa2: false, littleEndian: true })
  const expected = { start: base + BigInt(ram), end: base + BigInt(ram + 0x2000000), physical: ram }
  expect(findDirectMap(physical, walk, [base], undefined)).toEqual(expected)
  expect(findDirectMap(physical, walk, [0xffff000000000000n], undefined)).toEqual(expected)
})
