import { describe, expect, test } from 'vitest'
import type { TypeTable } from '../../lib/type/typeTable.js'
import { readModules, readModuleSymbols, type KernelModule, type ModuleFacts } from '../../lib/system/kernelModules.js'
import { Warnings } from '../../lib/warnings.js'
import { structTypes, varied, type TypesSpec } from '../builders/structTypes.js'
import { WordMemory } from '../builders/wordMemory.js'

const head = 0xffffffff82000000n
const base = 0xffffffffc0000000n

/** struct module as Linux 6.12 has it, as far as symbols and memory go. */
const modern: TypesSpec = {
  structs: {
    module: {
      bytes: 0x400,
      members: {
        state: [0, 4], list: [8, 16], name: [24, 56], syms: 0x60, num_syms: [0x68, 4],
        mem: [0x100, 7 * 32, 'struct module_memory[7]'], kallsyms: 0x200
      }
    },
    module_memory: { bytes: 32, members: { base: 0, size: [8, 4] } },
    mod_kallsyms: { bytes: 32, members: { symtab: 0, num_symtab: [8, 4], strtab: 16, typetab: 24 } },
    kernel_symbol: { bytes: 12, members: { value_offset: [0, 4], name_offset: [4, 4], namespace_offset: [8, 4] } }
  }
}
/** Before 6.4: one stretch, and exports as pointers where the architecture has no relative ones. */
const coreLayout = varied(modern, {
  module: { mem: undefined, 'core_layout.base': 0x100, 'core_layout.size': [0x108, 4] },
  kernel_symbol: { value_offset: undefined, name_offset: undefined, namespace_offset: undefined, value: 0, name: 8 }
})
/** Before 4.5: everything in struct module itself. */
const oldest = varied(coreLayout, {
  module: {
    'core_layout.base': undefined, 'core_layout.size': undefined, module_core: 0x100, core_size: [0x108, 4],
    kallsyms: undefined, symtab: 0x200, num_symtab: [0x208, 4], strtab: 0x210
  }
})

interface BuiltModule {
  readonly name: string
  readonly symbols: readonly (readonly [name: string, offset: number, letter: string])[]
  readonly exported?: readonly string[]
  readonly state?: number
}

/** A kernel's memory with modules on its list. */
function kernelWith(modules: readonly BuiltModule[], spec: TypesSpec): { memory: WordMemory; types: TypeTable } {
  const memory = new WordMemory()
  const places = modules.map((_, i) => base + BigInt(i * 0x10000) + 0x8000n)
  const links = places.map((place) => place + 8n)
  memory.word(head, links[0] ?? head).word(head + 8n, links.at(-1) ?? head)
  modules.forEach(({ name, symbols, exported = [], state = 0 }, i) => {
    const text = base + BigInt(i * 0x10000)
    const at = places[i]
    memory.u32(at, state).word(links[i], links[i + 1] ?? head).word(links[i] + 8n, links[i - 1] ?? head).text(at + 24n, name)
    const isOld = spec === oldest
    const relative = spec === modern
    memory.word(at + 0x100n, text).u32(at + 0x108n, 0x4000)
    for (let part = 1; part < 7 && relative; part++) memory.word(at + 0x100n + BigInt(part * 32), part === 2 ? text + 0x5000n : 0n).u32(at + 0x108n + BigInt(part * 32), part === 2 ? 0x100 : 0)
    const [symtab, strtab, typetab, exports, strings] = [0x9000n, 0xa000n, 0xb000n, 0xc000n, 0xd000n].map((offset) => text + offset)
    const table = isOld ? at + 0x200n : text + 0xe000n
    if (!isOld) memory.word(at + 0x200n, table).word(table + 24n, typetab)
    memory.word(table, symtab).u32(table + 8n, symbols.length + 1).word(table + 16n, strtab)
    let offset = 1
    memory.write(strtab, Uint8Array.of(0)).write(symtab, new Uint8Array(24)).write(typetab, Uint8Array.of(0x3f))
    symbols.forEach(([symbol, place, letter], row) => {
      const entry = symtab + BigInt((row + 1) * 24)
      memory.write(entry, new Uint8Array(24)).u32(entry, offset).word(entry + 8n, text + BigInt(place)).word(entry + 16n, 16n)
      if (isOld) memory.write(entry + 4n, Buffer.from(letter))
      memory.text(strtab + BigInt(offset), symbol).write(typetab + BigInt(row + 1), Buffer.from(letter))
      offset += symbol.length + 1
    })
    memory.write(strtab + BigInt(offset), new Uint8Array(600))
    memory.word(at + 0x60n, exports).u32(at + 0x68n, exported.length)
    exported.forEach((symbol, row) => {
      const value = text + BigInt(symbols.find(([candidate]) => candidate === symbol)![1])
      const nameAt = strings + BigInt(row * 64)
      memory.text(nameAt, symbol)
      if (relative) {
        const entry = exports + BigInt(row * 12)
        memory.u32(entry, Number(BigInt.asUintN(32, value - entry))).u32(entry + 4n, Number(BigInt.asUintN(32, nameAt - entry - 4n)))
      } else memory.word(exports + BigInt(row * 16), value).word(exports + BigInt(row * 16 + 8), nameAt)
    })
  })
  const structs = spec === modern ? spec : { ...spec, structs: { ...spec.structs, kernel_symbol: { ...spec.structs.kernel_symbol, bytes: 16 } } }
  return { memory, types: structTypes(structs) }
}

const two: BuiltModule[] = [
  { name: 'testmod', symbols: [['leak_show', 0x40, 't'], ['leak_open', 0x80, 't'], ['leak_list', 0x3000, 'd'], ['leak_cpu', -0x100, 'd']], exported: ['leak_open'] },
  { name: 'virtio_blk', symbols: [['init_vq', 0, 't']] }
]

function facts(built: { memory: WordMemory; types: TypeTable }): ModuleFacts {
  return { ...built, warnings: new Warnings() }
}

const messages = ({ warnings }: ModuleFacts): string[] => warnings.list().map(({ message }) => message)

describe.each([['mem[] (6.4 on)', modern], ['core_layout', coreLayout], ['module_core (before 4.5)', oldest]])('modules with %s', (_, spec) => {
  const known = facts(kernelWith(two, spec))
  const modules = readModules(known, head)

  test('the list, with the memory of each', () => {
    expect(modules.map(({ name, address }) => [name, address])).toEqual([['testmod', base + 0x8000n], ['virtio_blk', base + 0x18000n]])
    const stretches = [{ start: base, bytes: 0x4000 }, ...(spec === modern ? [{ start: base + 0x5000n, bytes: 0x100 }] : [])]
    expect(modules[0].memory).toEqual(stretches)
    expect(messages(known)).toEqual([])
  })

  test('symbols as kallsyms prints them: upper case where exported; the last one ends with the module\'s memory', () => {
    const symbols = readModuleSymbols(known, modules[0])
    expect(symbols.map(({ name, address, type, module }) => [name, address, type, module])).toEqual([
      ['leak_cpu', base - 0x100n, 'd', 'testmod'], ['leak_show', base + 0x40n, 't', 'testmod'],
      ['leak_open', base + 0x80n, 'T', 'testmod'], ['leak_list', base + 0x3000n, 'd', 'testmod']
    ])
    expect(symbols.map(({ bytes }) => bytes)).toEqual([null, null, null, 0x1000])
  })
})

describe('damaged modules', () => {
  const first = base + 0x8000n
  const damaged = (change: (memory: WordMemory) => void, modules = two): { known: ModuleFacts; read: KernelModule[] } => {
    const built = kernelWith(modules, modern)
    change(built.memory)
    const known = facts(built)
    return { known, read: readModules(known, head) }
  }

  test('a list that runs in a circle without its head', () => {
    const { known, read } = damaged((memory) => memory.word(base + 0x18008n, first + 8n))
    expect(read.map(({ name }) => name)).toEqual(['testmod', 'virtio_blk'])
    expect(messages(known)).toEqual(['module list is damaged behind virtio_blk: 2 modules read'])
  })

  test('a link into nowhere', () => {
    const { known, read } = damaged((memory) => memory.word(first + 8n, 0x1234n))
    expect(read.map(({ name }) => name)).toEqual(['testmod'])
    expect(messages(known)).toEqual(['module list ends at 0x000000000000122c: its memory is unmapped'])
  })

  test('a list whose head is gone', () => {
    const known = facts({ memory: new WordMemory(), types: structTypes(modern) })
    expect(readModules(known, head)).toEqual([])
    expect(messages(known)).toEqual(['module list is damaged behind its head: 0 modules read'])
  })

  test('no types, no modules: it is said', () => {
    const known = facts({ memory: kernelWith(two, modern).memory, types: structTypes({ structs: {} }) })
    expect(readModules(known, head)).toEqual([])
    expect(messages(known)).toEqual(['no modules: the layout of struct module is not in the evidence'])
  })

  test('a module that is being set up is passed over', () => {
    const { read } = damaged(() => undefined, [{ ...two[0], state: 3 }, two[1]])
    expect(read.map(({ name }) => name)).toEqual(['virtio_blk'])
  })

  test('an impossible number of symbols', () => {
    const { known, read } = damaged((memory) => memory.u32(base + 0xe008n, 0x7fffffff))
    expect(readModuleSymbols(known, read[0])).toEqual([])
    expect(messages(known)).toEqual(['symbols of module testmod left out: an impossible number of them, 2147483647'])
  })

  test('a symbol table that is not in the dump', () => {
    const { known, read } = damaged((memory) => memory.word(base + 0xe000n, 0xffffffffd0000000n))
    expect(readModuleSymbols(known, read[0])).toEqual([])
    expect(messages(known)).toEqual(['symbols of module testmod left out: their memory is unmapped'])
  })

  test('a string table that is not in the dump leaves symbols without names, so without symbols', () => {
    const { known, read } = damaged((memory) => memory.word(base + 0xe010n, 0xffffffffd0000000n))
    expect(readModuleSymbols(known, read[0])).toEqual([])
  })

  test('exports that are not in the dump leave all letters small', () => {
    const { known, read } = damaged((memory) => memory.word(first + 0x60n, 0xffffffffd0000000n))
    expect(readModuleSymbols(known, read[0]).map(({ type }) => type)).toEqual(['d', 't', 't', 'd'])
  })
})
