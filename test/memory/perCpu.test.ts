import { describe, expect, test } from 'vitest'
import { cpusOfMask, cpusOfOffsets, perCpuOffsets, possibleCpus } from '../../lib/memory/cpus.js'
import { findPerCpu, type PerCpuClues } from '../../lib/memory/findPerCpu.js'
import { VirtualMemory } from '../../lib/memory/virtualMemory.js'
import { X86PageWalk } from '../../lib/memory/arch/x86_64.js'
import { PageTables, x86Shape } from '../builders/pageTables.js'
import { SparseMemory } from '../builders/sparseMemory.js'
import { WordMemory } from '../builders/wordMemory.js'

const symbols: Readonly<Record<string, bigint>> = { nr_cpu_ids: 0xffffffff82000000n, __cpu_possible_mask: 0xffffffff82000100n, __per_cpu_offset: 0xffffffff82000800n }
const symbol = (name: string): bigint | undefined => symbols[name]

test('CPUs of a mask, over several words', () => {
  const bytes = new Uint8Array(16)
  bytes[0] = 0b101
  bytes[7] = 0x80
  bytes[8] = 1
  expect(cpusOfMask(bytes, true)).toEqual([0, 2, 63, 64])
  expect(cpusOfMask(Uint8Array.of(0, 0, 0, 0, 0x80, 0, 0, 3), false)).toEqual([0, 1, 31 + 0])
})

describe('possible CPUs', () => {
  test('by the mask, up to the number of CPU ids', () => {
    const memory = new WordMemory().u32(symbols.nr_cpu_ids, 66).word(symbols.__cpu_possible_mask, 0xfn).word(symbols.__cpu_possible_mask + 8n, 0xffn)
    expect(possibleCpus({ memory, symbol })).toEqual([0, 1, 2, 3, 64, 65])
  })

  test('by the older mask, and without a number', () => {
    const memory = new WordMemory().word(0x1000n, 0x5n)
    expect(possibleCpus({ memory, symbol: (name) => (name === 'cpu_possible_bits' ? 0x1000n : undefined) })).toEqual([0, 2])
  })

  test('unknown without a mask, with an empty one, or with one that is not in the dump', () => {
    expect(possibleCpus({ memory: new WordMemory(), symbol: () => undefined })).toBeUndefined()
    expect(possibleCpus({ memory: new WordMemory(), symbol })).toBeUndefined()
    expect(possibleCpus({ memory: new WordMemory().word(symbols.__cpu_possible_mask, 0n), symbol })).toBeUndefined()
  })

  test('an impossible number of CPUs is not believed', () => {
    const memory = new WordMemory().u32(symbols.nr_cpu_ids, 0xffffffff).word(symbols.__cpu_possible_mask, 3n)
    expect(possibleCpus({ memory, symbol })).toEqual([0, 1])
  })
})

describe('CPUs by their offsets', () => {
  const offsets = (values: readonly bigint[]): WordMemory => {
    const memory = new WordMemory()
    values.forEach((value, i) => memory.word(symbols.__per_cpu_offset + BigInt(i * 8), value))
    return memory
  }

  test('unused entries are 0, or all hold what they held at boot', () => {
    expect(cpusOfOffsets({ memory: offsets([0x1000n, 0x2000n, 0n, 0n]), symbol })).toEqual([0, 1])
    expect(cpusOfOffsets({ memory: offsets([0x1000n, 0x2000n, 0x9000n, 0x9000n]), symbol })).toEqual([0, 1])
    expect(cpusOfOffsets({ memory: offsets([0x1000n, 0x2000n]), symbol })).toEqual([0, 1])
    expect(cpusOfOffsets({ memory: offsets([0x1000n, 0x2000n, 0x3000n]).u32(symbols.nr_cpu_ids, 2), symbol })).toEqual([0, 1])
  })

  test('a kernel for one CPU has none', () => {
    expect(cpusOfOffsets({ memory: new WordMemory(), symbol: () => undefined })).toEqual([0])
    expect(perCpuOffsets({ memory: new WordMemory(), symbol: () => undefined }, [0]).size).toBe(0)
  })

  test('offsets of CPUs, those that can be read', () => {
    expect(perCpuOffsets({ memory: offsets([0x1000n, 0x2000n]), symbol }, [0, 1, 2])).toEqual(new Map([[0, 0x1000n], [1, 0x2000n]]))
  })
})

describe('per-CPU areas found without symbols', () => {
  const direct = 0xffff888000000000n
  const image = { start: 0xffffffff81000000n, end: 0xffffffff81010000n }

  function machine(cpus: number, base: bigint, more: { own?: boolean; table?: boolean; noOffset?: boolean } = {}): PerCpuClues & { areas: bigint[] } {
    const physical = new SparseMemory()
    const tables = new PageTables(physical, x86Shape(4), 0x100000)
    for (let page = 0; page < 16; page++) {
      physical.frame(0x400 + page)
      tables.map(image.start + BigInt(page * 4096), (0x400 + page) * 4096)
    }
    const memory = new VirtualMemory(physical, new X86PageWalk(physical, { root: 0x100000, levels: 4, smeMask: 0n }))
    const areas: bigint[] = []
    for (let cpu = 0; cpu < cpus; cpu++) {
      const place = 0x800000 + cpu * 0x10000
      const area = direct + BigInt(place)
      areas.push(area)
      for (let page = 0; page < 8; page++) physical.frame(place / 4096 + page)
      for (const at of [0x3040, 0x3080]) physical.u64(place + at, area + 0x3000n)
      physical.u64(place + 0x3000, BigInt(cpu) << 32n)
      if (more.own) physical.u64(place + 0x5000, area - base)
      if (more.table) physical.u64(0x405ff8 + cpu * 8, area - base)
    }
    // A page that looks like an area by its upper half only.
    physical.u64(0x700040, direct + 0x123n)
    physical.frames = 0x1000
    memory.useDirectMap({ start: direct, end: direct + 0x1000000n, physical: 0 })
    return {
      landmark: { offset: more.noOffset ? undefined : 0x3000, selfPointers: [0x40, 0x80], cpuNumber: 4 }, memory, physical, areas, image: [image], virtualOf: (place) => direct + BigInt(place), ownOffset: more.own ? 0x5000 : undefined
    }
  }

  test('x86-64 before 6.15: addresses count from 0', () => {
    const { areas, ...found } = machine(3, 0n, { own: true })
    expect(findPerCpu(found)).toEqual({ base: 0n, offsets: new Map(areas.map((area, cpu) => [cpu, area])) })
  })

  test('x86-64 since: they count from the image, and wrap around', () => {
    const base = 0xffffffff8100c000n
    const { areas, ...found } = machine(2, base, { own: true })
    const offsets = findPerCpu(found)!.offsets
    expect(BigInt.asUintN(64, base + 0x10n + offsets.get(1)!)).toBe(areas[1] + 0x10n)
  })

  test('elsewhere the table of offsets tells, also where it lies across a page border', () => {
    const base = 0xffffffff81004000n
    const { areas, ...found } = machine(4, base, { table: true })
    expect(findPerCpu(found)).toEqual({ base, offsets: new Map(areas.map((area, cpu) => [cpu, BigInt.asUintN(64, area - base)])) })
  })

  test('where BTF does not describe per-CPU variables, the structure is looked for everywhere and the table tells the offsets', () => {
    for (const base of [0n, 0xffffffff81004000n]) {
      const { areas, ...found } = machine(4, base, { table: true, noOffset: true })
      expect(findPerCpu(found)).toEqual({ base: undefined, offsets: new Map(areas.map((area, cpu) => [cpu, BigInt.asUintN(64, area - base)])) })
    }
  })

  test('a structure that points at itself only in part is another', () => {
    const { areas, ...found } = machine(2, 0n, { own: true })
    ;(found.physical as SparseMemory).u64(0x800000 + 0x3080, areas[1])
    expect([...findPerCpu(found)!.offsets.keys()]).toEqual([1])
  })

  test('no table, no base: nothing is claimed', () => {
    expect(findPerCpu(machine(2, 0xffffffff81004000n))).toBeUndefined()
    expect(findPerCpu(machine(0, 0n))).toBeUndefined()
  })
})
