import { describe, expect, test } from 'vitest'
import type { FaultReason } from '../../lib/errors.js'
import { readBtf } from '../../lib/source/btf.js'
import { readKernelBtf, typesWithModules, type TypeFacts } from '../../lib/system/kernelTypes.js'
import { typesOf, type BtfTypes } from '../../lib/type/btfTypes.js'
import { Warnings } from '../../lib/warnings.js'
import { BtfBuilder, sampleTypes } from '../builders/btf.js'
import { WordMemory } from '../builders/wordMemory.js'

const start = 0xffffffff82000000n

/** Memory with missing pages. */
class Holed extends WordMemory {
  constructor(readonly holes: ReadonlySet<bigint>) {
    super()
  }

  override tryRead(address: bigint, bytes: number): Uint8Array | FaultReason {
    for (let page = address & ~0xfffn; page < address + BigInt(bytes); page += 0x1000n) if (this.holes.has(page)) return 'excluded'
    return super.tryRead(address, bytes)
  }
}

function facts(memory: WordMemory, symbols: Readonly<Record<string, bigint>>): TypeFacts & { said: () => string[] } {
  const warnings = new Warnings()
  return { memory, symbol: (name) => symbols[name], warnings, said: () => warnings.list().map(({ message }) => message) }
}

describe('BTF of the kernel', () => {
  const bytes = sampleTypes().btf.bytes()
  const symbols = { __start_BTF: start, __stop_BTF: start + BigInt(bytes.length) }

  test('between its two symbols', () => {
    expect(readKernelBtf(facts(new WordMemory().write(start, bytes), symbols))?.endId).toBe(sampleTypes().btf.nextId)
  })

  test('none without the symbols, or with symbols that cannot be', () => {
    const memory = new WordMemory().write(start, bytes)
    expect(readKernelBtf(facts(memory, {}))).toBeUndefined()
    expect(readKernelBtf(facts(memory, { __start_BTF: start, __stop_BTF: start }))).toBeUndefined()
    const far = facts(memory, { __start_BTF: start, __stop_BTF: start + (1n << 40n) })
    expect(readKernelBtf(far)).toBeUndefined()
    expect(far.said()).toEqual(['no types: an impossible size of BTF, 1099511627776 bytes'])
  })

  test('none where other bytes stand there', () => {
    const other = facts(new WordMemory().write(start, new Uint8Array(bytes.length)), symbols)
    expect(readKernelBtf(other)).toBeUndefined()
    expect(other.said()[0]).toMatch(/^no types: BTF of the kernel at offset 0x0: not BTF/)
  })

  test('the types before a page that is missing', () => {
    const btf = new BtfBuilder()
    for (let i = 0; i < 600; i++) btf.int(`int${i}`, 4)
    const large = btf.bytes()
    const places = { __start_BTF: start, __stop_BTF: start + BigInt(large.length) }
    const holed = facts(new Holed(new Set([start + 0x1000n])).write(start, large), places)
    const types = typesOf(readKernelBtf(holed)!)
    expect(types.length).toBe(Math.floor((4096 - 24) / 16))
    expect(types.sizeOf('int100')).toBe(4)
    expect(holed.said()[0]).toBe(`types are known in part: 4096 of the ${large.length} bytes of the kernel's BTF are missing from the dump`)
    expect(holed.said()[1]).toMatch(/the type section ends within it; it and those behind it are not read/)
    const all = facts(new Holed(new Set(Array.from({ length: 8 }, (_, i) => start + BigInt(i) * 0x1000n))).write(start, large), places)
    expect(readKernelBtf(all)).toBeUndefined()
    expect(all.said()).toEqual(['no types: BTF of the kernel is missing from the dump'])
  })
})

describe('types of modules', () => {
  /** A kernel that keeps modules' BTF in `struct btf`, and in `struct module` while it loads them. */
  function kernelTypes(): { btf: BtfBuilder; types: BtfTypes } {
    const { btf, id } = sampleTypes()
    const pointer = btf.pointer(0)
    btf.struct('btf', 64, [
      { name: 'data', type: pointer, at: 0 }, { name: 'data_size', type: id.unsigned, at: 64 }, { name: 'start_id', type: id.unsigned, at: 96 }, { name: 'name', type: btf.array(id.char, 40), at: 128 }
    ])
    btf.struct('btf_module', 32, [{ name: 'list', type: id.list, at: 0 }, { name: 'module', type: pointer, at: 128 }, { name: 'btf', type: pointer, at: 192 }])
    btf.struct('module', 64, [
      { name: 'btf_data', type: pointer, at: 0 }, { name: 'btf_base_data', type: pointer, at: 64 },
      { name: 'btf_data_size', type: id.unsigned, at: 128 }, { name: 'btf_base_data_size', type: id.unsigned, at: 160 }
    ])
    return { btf, types: typesOf(readBtf(btf.bytes())) }
  }

  const head = 0xffffffff83000000n
  const [entry, own, data] = [0xffff888000010000n, 0xffff888000020000n, 0xffff888000030000n]
  const module = { name: 'mod', address: 0xffffffffc0000000n, memory: [] }

  function listed(split: Uint8Array, first: number): WordMemory {
    return new WordMemory()
      .word(head, entry).word(entry, head).word(entry + 16n, module.address).word(entry + 24n, own)
      .word(own, data).u32(own + 8n, split.length).u32(own + 12n, first).write(data, split)
  }

  test('count on from the kernel\'s', () => {
    const { btf, types } = kernelTypes()
    const split = new BtfBuilder(btf)
    split.struct('mine', 16, [{ name: 'list', type: types.find('list_head')!, at: 0 }])
    const given = facts(listed(split.bytes(), btf.nextId), { btf_modules: head })
    const both = typesWithModules(readBtf(btf.bytes()), types, [module], given)
    expect(both.member('mine', 'list.prev')).toMatchObject({ offset: 8 })
    expect(both.graph.modules.map(({ module }) => module)).toEqual(['mod'])
    expect(given.said()).toEqual([])
  })

  test('that count on from other types are left out: they would all mean something else', () => {
    const { btf, types } = kernelTypes()
    const split = new BtfBuilder(btf)
    split.struct('mine', 16, [])
    const given = facts(listed(split.bytes(), 95_069), { btf_modules: head })
    expect(typesWithModules(readBtf(btf.bytes()), types, [module], given)).toBe(types)
    expect(given.said()).toEqual([`types of module mod left out: they count on from 95068 types, and the kernel has ${btf.nextId - 1}`])
  })

  test('that are no BTF are left out', () => {
    const { btf, types } = kernelTypes()
    const given = facts(listed(new Uint8Array(64), btf.nextId), { btf_modules: head })
    expect(typesWithModules(readBtf(btf.bytes()), types, [module], given)).toBe(types)
    expect(given.said()[0]).toMatch(/^types of module mod left out: BTF of module mod at offset 0x0: not BTF/)
  })

  test('as the file of the module has them are put onto the kernel\'s', () => {
    const { btf, types } = kernelTypes()
    const base = new BtfBuilder()
    const list = base.struct('list_head', 16, [])
    const split = new BtfBuilder(base)
    split.struct('mine', 24, [{ name: 'list', type: list, at: 64 }])
    const memory = new WordMemory()
      .word(module.address, data).word(module.address + 8n, data + 0x1000n).u32(module.address + 16n, split.bytes().length).u32(module.address + 20n, base.bytes().length)
      .write(data, split.bytes()).write(data + 0x1000n, base.bytes())
    const both = typesWithModules(readBtf(btf.bytes()), types, [module], facts(memory, {}))
    expect(both.member('mine', 'list.prev')).toMatchObject({ offset: 16 })
  })
})
