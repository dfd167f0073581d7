import { describe, expect, test } from 'vitest'
import { PageStructMap } from '../../lib/memory/pageStructMap.js'
import { readPageStructRuns, type PageStructFacts } from '../../lib/memory/pageStructs.js'
import { parseVmcoreinfo } from '../../lib/source/vmcoreinfo.js'
import { Warnings } from '../../lib/warnings.js'
import { WordMemory } from '../builders/wordMemory.js'

const vmemmap = 0xffffea0000000000n
const table = 0xffff888000100000n
const common = 'SIZE(mem_section)=16\nOFFSET(mem_section.section_mem_map)=0\nNUMBER(SECTION_SIZE_BITS)=27\n'
const sectionFrames = 32768

function facts(memory: WordMemory, info: string, more: Partial<PageStructFacts> = {}): PageStructFacts {
  return {
    memory, vmcoreinfo: parseVmcoreinfo(info), pageBytes: 4096, pageStructBytes: 64, frames: 6 * sectionFrames - 100,
    symbol: () => undefined, sizeOf: () => undefined, offset: () => undefined, ...more
  }
}

/** A section's word: the map less the section's first frame, and flags (present, has a map, online, early). */
function sectionWord(map: bigint, flags = 0xfn): bigint {
  return BigInt.asUintN(64, map) | flags
}

/** Page structures are there to be read. */
function withStructs(memory: WordMemory): WordMemory {
  for (let section = 0; section < 6; section++) memory.word(vmemmap + BigInt(section * sectionFrames * 64), 0n)
  return memory
}

describe('SPARSEMEM', () => {
  const sections = [0, 1, 3, 4]

  function extreme(roots: bigint): WordMemory {
    const memory = withStructs(new WordMemory())
    memory.word(roots, 0xffff888000200000n)
    for (let i = 0; i < 256; i++) {
      memory.word(0xffff888000200000n + BigInt(i * 16), sections.includes(i) ? sectionWord(vmemmap) : i === 2 ? sectionWord(0n, 1n) : 0n)
      memory.word(0xffff888000200000n + BigInt(i * 16 + 8), 0n)
    }
    return memory
  }

  const expected = [
    { start: 0, end: 2 * sectionFrames, address: vmemmap },
    { start: 3 * sectionFrames, end: 5 * sectionFrames, address: vmemmap + BigInt(3 * sectionFrames * 64) }
  ]

  test('a table of roots, where the symbol is that table', () => {
    const info = `SYMBOL(mem_section)=${table.toString(16)}\nLENGTH(mem_section)=2048\n${common}`
    const warnings = new Warnings()
    expect(readPageStructRuns(facts(extreme(table), info), warnings)).toEqual(expected)
    expect(warnings.list()).toEqual([])
  })

  test('a table of roots behind a pointer, as some kernels tell', () => {
    const memory = extreme(table)
    memory.word(0xffffffff82000000n, table)
    const info = `SYMBOL(mem_section)=ffffffff82000000\nLENGTH(mem_section)=2048\n${common}`
    expect(readPageStructRuns(facts(memory, info), new Warnings())).toEqual(expected)
  })

  test('the same by the kernel\'s symbol and types alone', () => {
    const memory = extreme(table)
    memory.word(0xffffffff82000000n, table)
    const found = readPageStructRuns(facts(memory, '', {
      symbol: (name) => (name === 'mem_section' ? 0xffffffff82000000n : undefined),
      sizeOf: (struct) => (struct === 'mem_section' ? 16 : undefined), offset: () => 0
    }), new Warnings())
    expect(found).toEqual(expected)
  })

  test('a flat table of sections', () => {
    const memory = withStructs(new WordMemory())
    for (let i = 0; i < 8; i++) memory.word(table + BigInt(i * 16), sections.includes(i) ? sectionWord(vmemmap) : 0n).word(table + BigInt(i * 16 + 8), 0n)
    const info = `SYMBOL(mem_section)=${table.toString(16)}\nLENGTH(mem_section)=8\n${common}`
    expect(readPageStructRuns(facts(memory, info), new Warnings())).toEqual(expected)
  })

  test('sections with maps of their own, without a virtual memory map', () => {
    const memory = new WordMemory()
    const maps = [0xffff888100000000n, 0xffff888200000000n]
    maps.forEach((map, i) => {
      memory.word(map, 0n).word(table + BigInt(i * 16), sectionWord(map - BigInt(i * sectionFrames * 64))).word(table + BigInt(i * 16 + 8), 0n)
    })
    const info = `SYMBOL(mem_section)=${table.toString(16)}\nLENGTH(mem_section)=2\n${common}`
    const runs = readPageStructRuns(facts(memory, info), new Warnings())
    expect(runs).toEqual([
      { start: 0, end: sectionFrames, address: maps[0] }, { start: sectionFrames, end: 2 * sectionFrames, address: maps[1] }
    ])
    const map = new PageStructMap([...runs].reverse().sort((a, b) => a.start - b.start), 64)
    expect(map.frameOf(maps[1] + 64n * 5n + 3n)).toBe(sectionFrames + 5)
  })

  test('runs end with the memory that the dump knows of', () => {
    const info = `SYMBOL(mem_section)=${table.toString(16)}\nLENGTH(mem_section)=2048\n${common}`
    expect(readPageStructRuns(facts(extreme(table), info, { frames: 100 }), new Warnings())).toEqual([{ start: 0, end: 100, address: vmemmap }])
  })

  test('a root that is missing from the dump is said', () => {
    const memory = extreme(table)
    memory.word(table + 8n, 0xffff888000300000n)
    const warnings = new Warnings()
    const info = `SYMBOL(mem_section)=${table.toString(16)}\nLENGTH(mem_section)=2048\n${common}`
    expect(readPageStructRuns(facts(memory, info, { frames: 300 * sectionFrames }), warnings)).toEqual(expected)
    expect(warnings.list()).toEqual([{ message: '1 pages of memory sections are not in the dump: frames are missing from every list', times: 1 }])
  })

  test('words that are no sections are not taken for such', () => {
    const memory = new WordMemory()
    for (let i = 0; i < 64; i++) memory.word(table + BigInt(i * 8), 0xdeadbeefcafebabfn + BigInt(i * 65536))
    const warnings = new Warnings()
    const info = `SYMBOL(mem_section)=${table.toString(16)}\nLENGTH(mem_section)=2048\n${common}`
    expect(readPageStructRuns(facts(memory, info), warnings)).toEqual([])
    expect(warnings.list()).toEqual([{ message: 'no memory section of the dump has page structures', times: 1 }])
  })
})

describe('without sections', () => {
  test('the virtual memory map that VMCOREINFO tells', () => {
    expect(readPageStructRuns(facts(new WordMemory(), `SYMBOL(vmemmap)=${vmemmap.toString(16)}\n`, { frames: 50 }), new Warnings()))
      .toEqual([{ start: 0, end: 50, address: vmemmap }])
  })

  test('arm64 tells where it starts, for memory from PHYS_OFFSET on', () => {
    const info = 'NUMBER(VMEMMAP_START)=0xfffffc0000000000\nNUMBER(PHYS_OFFSET)=0x40000000\n'
    const [run] = readPageStructRuns(facts(new WordMemory(), info, { frames: 0x50000 }), new Warnings())
    expect(run.address + 64n * 0x40000n).toBe(0xfffffc0000000000n)
  })

  const nodeOffsets: Readonly<Record<string, number>> = { node_mem_map: 0x10, node_start_pfn: 0x20, node_spanned_pages: 0x28 }
  const offset = (_: string, member: string): number | undefined => nodeOffsets[member]

  test('nodes, each with its map', () => {
    const memory = new WordMemory()
    const nodes = 0xffffffff82000000n
    ;[[0xffff888000001000n, 0xffff888010000000n, 0n, 500n], [0xffff888000002000n, 0xffff888020000000n, 1000n, 800n]].forEach(([node, map, start, spanned], i) => {
      memory.word(nodes + BigInt(i * 8), node).word(node + 0x10n, map).word(node + 0x20n, start).word(node + 0x28n, spanned)
    })
    memory.word(nodes + 16n, 0n)
    const info = `SYMBOL(node_data)=${nodes.toString(16)}\nLENGTH(node_data)=3\n`
    expect(readPageStructRuns(facts(memory, info, { offset, frames: 1500 }), new Warnings())).toEqual([
      { start: 0, end: 500, address: 0xffff888010000000n }, { start: 1000, end: 1500, address: 0xffff888020000000n }
    ])
  })

  test('the only node', () => {
    const node = 0xffffffff82000000n
    const memory = new WordMemory().word(node + 0x10n, 0xffff888010000000n).word(node + 0x20n, 16n).word(node + 0x28n, 500n)
    expect(readPageStructRuns(facts(memory, `SYMBOL(contig_page_data)=${node.toString(16)}\n`, { offset, frames: 1500 }), new Warnings()))
      .toEqual([{ start: 16, end: 516, address: 0xffff888010000000n }])
  })

  test('mem_map alone', () => {
    const memory = new WordMemory().word(0xffffffff82000000n, 0xffff888010000000n)
    expect(readPageStructRuns(facts(memory, 'SYMBOL(mem_map)=ffffffff82000000\n', { frames: 700 }), new Warnings()))
      .toEqual([{ start: 0, end: 700, address: 0xffff888010000000n }])
  })

  test('nothing at all', () => {
    expect(readPageStructRuns(facts(new WordMemory(), ''), new Warnings())).toEqual([])
  })
})

test('frames and addresses of their page structures', () => {
  const map = new PageStructMap([{ start: 10, end: 20, address: vmemmap }, { start: 40, end: 41, address: vmemmap + 0x10000n }], 56)
  expect(map.addressOf(9)).toBeUndefined()
  expect(map.addressOf(10)).toBe(vmemmap)
  expect(map.addressOf(19)).toBe(vmemmap + 504n)
  expect(map.addressOf(20)).toBeUndefined()
  expect(map.addressOf(40)).toBe(vmemmap + 0x10000n)
  expect(map.frameOf(vmemmap - 1n)).toBeUndefined()
  expect(map.frameOf(vmemmap + 559n)).toBe(19)
  expect(map.frameOf(vmemmap + 560n)).toBeUndefined()
  expect(map.frameOf(vmemmap + 0x10000n)).toBe(40)
})
