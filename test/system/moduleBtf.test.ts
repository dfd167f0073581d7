import { describe, expect, test } from 'vitest'
import { ModuleBtf } from '../../lib/system/moduleBtf.js'
import { Warnings } from '../../lib/warnings.js'
import { structTypes, varied, type TypesSpec } from '../builders/structTypes.js'
import { WordMemory } from '../builders/wordMemory.js'

const module = { name: 'testmod', address: 0xffffffffc0008000n, memory: [] }
const btfAt = 0xffff888001000000n
const bytes = Uint8Array.of(0x9f, 0xeb, 1, 0, 24, 0, 0, 0)

const spec: TypesSpec = {
  structs: {
    module: { bytes: 0x400, members: { btf_data: 0x300, btf_data_size: [0x308, 4] } },
    btf: { bytes: 0x100, members: { data: 0, data_size: [8, 4], kernel_btf: [12, 1], name: [16, 56] } },
    btf_module: { bytes: 64, members: { list: [0, 16], module: 16, btf: 24 } },
    idr: { bytes: 24, members: { 'idr_rt.xa_head': 8 } },
    xa_node: { bytes: 576, members: { slots: [40, 512, 'void *[64]'] } }
  }
}

/** The kernel's BTF of the module, its bytes elsewhere. */
function withBtf(memory: WordMemory, name = 'testmod', at = btfAt, fromKernel = 1): WordMemory {
  memory.word(at, at + 0x1000n).u32(at + 8n, bytes.length).write(at + 12n, Uint8Array.of(fromKernel)).write(at + 16n, new Uint8Array(56)).text(at + 16n, name)
  return memory.write(at + 0x1000n, bytes)
}

function held(memory: WordMemory, symbols: Readonly<Record<string, bigint>>, types = spec): { btf: Uint8Array | undefined; base?: Uint8Array; warnings: string[] } {
  const warnings = new Warnings()
  const found = new ModuleBtf(structTypes(types), { memory, symbol: (name) => symbols[name], warnings }).of(module)
  return { btf: found?.bytes, ...(found?.base === undefined ? {} : { base: found.base }), warnings: warnings.list().map(({ message }) => message) }
}

describe('BTF of a module', () => {
  test('by the list of modules\' BTF', () => {
    const list = 0xffffffff82000000n
    const entry = 0xffff888002000000n
    const memory = withBtf(new WordMemory()).word(list, entry).word(entry, list).word(entry + 16n, module.address).word(entry + 24n, btfAt)
    expect(held(memory, { btf_modules: list }).btf).toEqual(bytes)
    // A loop that never returns to the head ends.
    memory.word(entry, entry)
    expect(held(memory, { btf_modules: list }).btf).toEqual(bytes)
  })

  test('by its number, in a tree of two levels; a program\'s BTF of the same name is not it', () => {
    const idr = 0xffffffff82000000n
    const [top, leaf] = [0xffff888003000000n, 0xffff888004000000n]
    const memory = withBtf(withBtf(new WordMemory()), 'testmod', 0xffff888005000000n, 0)
    memory.word(idr + 8n, top | 2n).write(top + 40n, new Uint8Array(512)).write(leaf + 40n, new Uint8Array(512))
    memory.word(top + 40n, leaf | 2n).word(leaf + 40n + 24n, btfAt).word(leaf + 40n + 32n, 0xffff888005000000n).word(leaf + 40n + 40n, 0x1001n)
    expect(held(memory, { btf_idr: idr }).btf).toEqual(bytes)
    // A node that holds itself ends as well.
    memory.word(top + 48n, top | 2n)
    expect(held(memory, { btf_idr: idr }).btf).toEqual(bytes)
  })

  test('by the module itself, as long as it keeps it', () => {
    const memory = new WordMemory().word(module.address + 0x300n, 0xffff888006000000n).u32(module.address + 0x308n, bytes.length).write(0xffff888006000000n, bytes)
    expect(held(memory, {}).btf).toEqual(bytes)
    expect(held(memory.word(module.address + 0x300n, 0n), {}).btf).toBeUndefined()
  })

  test('of an impossible size', () => {
    const memory = new WordMemory().word(module.address + 0x300n, 0xffff888006000000n).u32(module.address + 0x308n, 0xf0000000)
    expect(held(memory, {})).toEqual({ btf: undefined, warnings: ['an impossible size of a module\'s BTF, 4026531840 bytes'] })
  })

  test('none, in a kernel that has no such members', () => {
    expect(held(new WordMemory(), {}, varied(spec, { module: { btf_data: undefined } })).btf).toBeUndefined()
  })
})
