import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readWords } from '../../lib/dump/readWords.js'
import { openVmcore } from '../../lib/system/openVmcore.js'
import type { VmcoreSystem } from '../../lib/system/vmcoreSystem.js'
import { describeEvidence, evidence } from '../evidence.js'

/** What a crash session printed, prompts and the warning at its start taken off. */
function printed(...parts: string[]): string[] {
  return readFileSync(evidence(...parts), 'latin1').split('\n')
}

/** Lines as /proc/kallsyms prints them. */
function kallsymsLines(system: VmcoreSystem): string[] {
  return system.symbols.all().map(({ address, type, name, module }) =>
    `${address.toString(16).padStart(16, '0')} ${type} ${name}${module === null ? '' : `\t[${module}]`}`)
}

const datasets = ['x86_64-slub', 'x86_64-slub-6.12', 'x86_64-slub-debug', 'arm64-slab'] as const

describeEvidence('bare dumps', () => {
  describe.each(datasets)('%s', (dataset) => {
    let system: VmcoreSystem

    beforeAll(async () => {
      system = await openVmcore(evidence(dataset, 'vmcore'))
    })
    afterAll(() => system.close())

    test('its symbols are those of the guest\'s /proc/kallsyms: address, type, name, module, per-CPU ones too', () => {
      const truth = gunzipSync(readFileSync(evidence(dataset, 'kallsyms.gz'))).toString('latin1').trimEnd().split('\n')
      const ours = kallsymsLines(system)
      expect(ours.length).toBe(truth.length)
      const [inOurs, inTruth] = [new Set(ours), new Set(truth)]
      expect(truth.filter((line) => !inOurs.has(line))).toEqual([])
      expect(ours.filter((line) => !inTruth.has(line))).toEqual([])
    })

    test('its modules are those of the guest\'s /proc/modules, each within the memory it says', () => {
      const truth = readFileSync(evidence(dataset, 'modules'), 'utf8').trimEnd().split('\n').map((line) => line.split(' '))
      const modules = system.kernel.modules
      expect(modules.map(({ name }) => name)).toEqual(truth.map(([name]) => name))
      truth.forEach(([, bytes, , , , base], i) => {
        const { memory } = modules[i]
        expect(memory.some(({ start }) => start === BigInt(base))).toBe(true)
        expect(memory.reduce((sum, stretch) => sum + stretch.bytes, 0)).toBe(Number(bytes))
      })
    })

    test('types of the kernel and of the module', () => {
      expect(system.types?.sizeOf('seq_operations')).toBe(32)
      expect(system.types?.sizeOf('TestModSession')).toBe(96)
    })

    test('it opened without a word of complaint', () => {
      void system.kernel.pageStructRuns()
      expect(system.warnings.list()).toEqual([])
    })

    test('page structures and the direct map lead to each other', () => {
      const { kernel } = system
      for (const { start, end } of kernel.physical.presentRuns()) {
        for (const frame of [start, end - 1]) {
          const address = kernel.virtualOf(frame * kernel.pageBytes)
          expect(kernel.physicalOf(address)).toBe(frame * kernel.pageBytes)
          expect(address >= kernel.directMap.start && address < kernel.directMap.end).toBe(true)
          const struct = kernel.pageStructOf(frame)
          expect(struct && kernel.frameOfPageStruct(struct + 8n)).toBe(frame)
        }
      }
    })

    test('per-CPU memory: each CPU\'s run queue names its CPU', () => {
      const { kernel } = system
      expect(kernel.cpus).toEqual([0, 1])
      const cpu = kernel.types.member('rq', 'cpu')!
      for (const number of kernel.cpus) {
        const bytes = kernel.memory.tryRead(kernel.perCpu(kernel.symbol('runqueues')!, number) + BigInt(cpu.offset), 4) as Uint8Array
        expect(new DataView(bytes.buffer).getUint32(0, true)).toBe(number)
      }
      expect(() => kernel.perCpu(0n, 7)).toThrow('per-CPU area of CPU 7 at 0x0000000000000000: not in the evidence')
    })

    test('what is excluded, absent, or not mapped is told apart', () => {
      const { kernel } = system
      const { physical } = kernel
      let excluded: number | undefined
      for (let frame = 0; frame < physical.frames && excluded === undefined; frame++) if (physical.page(frame) === 'excluded') excluded = frame
      expect(kernel.memory.tryRead(kernel.virtualOf(excluded! * kernel.pageBytes), 8)).toBe('excluded')
      expect(kernel.memory.tryRead(kernel.directMap.end, 8)).toMatch(/^(unmapped|absent)$/)
      expect(kernel.memory.tryRead(0x1000n, 8)).toBe('unmapped')
    })
  })

  describe.each(['x86_64-slub', 'x86_64-slub-debug', 'arm64-slab'] as const)('crash on %s', (dataset) => {
    let system: VmcoreSystem

    beforeAll(async () => {
      system = await openVmcore(evidence(dataset, 'vmcore'))
    })
    afterAll(() => system.close())

    /** A word as crash's `rd -s` prints it. */
    const symbolic = (value: bigint): string => {
      const hit = system.symbols.at(value)
      if (hit === undefined) return value.toString(16).padStart(16, '0')
      return hit.offset === 0 ? hit.name : `${hit.name}+${hit.offset}`
    }
    const words = (address: bigint, count: number): bigint[] => {
      const bytes = system.memory.tryRead(address, count * 8) as Uint8Array
      const view = new DataView(bytes.buffer)
      return Array.from({ length: count }, (_, i) => view.getBigUint64(i * 8, true))
    }

    const rdFiles = dataset === 'arm64-slab' ? ['rd-one.txt', 'rd200.txt'] : ['seed-session.txt', 'rd200.txt']
    test.each(rdFiles)('rd: every word of %s', (file) => {
      let compared = 0
      for (const line of printed(dataset, 'crash', file)) {
        const found = /^([0-9a-f]{16}):  ([0-9a-f]{16})(?: ([0-9a-f]{16}))?(?:   |$)/.exec(line)
        if (found === null) continue
        const [, address, ...shown] = found.filter((part) => part !== undefined)
        expect(words(BigInt(`0x${address}`), shown.length)).toEqual(shown.map((word) => BigInt(`0x${word}`)))
        compared += shown.length
      }
      expect(compared).toBeGreaterThanOrEqual(16)
    })

    const symbolicFiles = dataset === 'arm64-slab' ? ['rd-one.txt'] : ['seed-session.txt', 'rd-s200.txt']
    test.each(symbolicFiles)('rd -s and rd -S: every symbol and offset of %s', (file) => {
      let compared = 0
      for (const line of printed(dataset, 'crash', file)) {
        // The dump of plain words has text behind three blanks.
        const found = /^([0-9a-f]{16}): {2}(\S+) +(\S+) *$/.exec(line)
        if (found === null) continue
        expect(words(BigInt(`0x${found[1]}`), 2).map(symbolic)).toEqual([found[2], found[3]])
        compared++
      }
      expect(compared).toBeGreaterThanOrEqual(10)
    })

    const symFiles = dataset === 'arm64-slab' ? ['sym.txt'] : ['seed-session.txt', 'mod-s.txt']
    test.each(symFiles)('sym: every answer of %s', (file) => {
      let compared = 0
      for (const line of printed(dataset, 'crash', file)) {
        // File and line come from DWARF, which a bare dump has not.
        const found = /^([0-9a-f]{16}) \((.)\) (\S+)(?: \[(\S+)\])?(?: \S+: \d+)? *$/.exec(line)
        if (found === null || (file === 'mod-s.txt' && found[4] === undefined)) continue
        const [, address, type, name, module] = found
        const hit = system.symbols.at(BigInt(`0x${address}`))
        expect([hit?.name, hit?.offset, hit?.module ?? undefined]).toEqual([name, 0, module])
        // A module's own symbol table has a global function in upper case; kallsyms, which is what a dump holds, only exported ones.
        expect(module === undefined ? hit?.type : hit?.type.toUpperCase()).toBe(type)
        compared++
      }
      expect(compared).toBeGreaterThanOrEqual(1)
    })

    test('bt: each frame lies in the function crash names', () => {
      for (const line of printed(dataset, 'crash', 'bt.txt')) {
        const found = /^ *#\d+ \[[0-9a-f]+\] (\S+) at ([0-9a-f]{16})/.exec(line)
        if (found !== null) expect(system.symbols.at(BigInt(`0x${found[2]}`))?.name).toBe(found[1])
      }
    })

    test('mod: the modules, where they lie', () => {
      const shown = printed(dataset, 'crash', 'mod.txt').map((line) => /^([0-9a-f]{16}) +(\S+) +([0-9a-f]{16}) +(\d+)/.exec(line)).filter((found) => found !== null)
      expect(shown.length).toBe(system.kernel.modules.length)
      for (const [, address, name, base, bytes] of shown) {
        const module = system.kernel.modules.find((candidate) => candidate.name === name)
        expect(module?.address).toBe(BigInt(`0x${address}`))
        expect(module?.memory).toEqual([{ start: BigInt(`0x${base}`), bytes: Number(bytes) }])
      }
    })

    test('kmem: a page\'s structure and physical address', () => {
      const file = dataset === 'arm64-slab' ? 'kmem-addr.txt' : 'seed-session.txt'
      const rows = printed(dataset, 'crash', file).map((line) => /^([0-9a-f]{16}) +([0-9a-f]+) .* slab$/.exec(line)).filter((found) => found !== null)
      expect(rows).toHaveLength(1)
      const [[, struct, physical]] = rows
      const { kernel } = system
      expect(kernel.pageStructOf(parseInt(physical, 16) / kernel.pageBytes)).toBe(BigInt(`0x${struct}`))
      expect(kernel.frameOfPageStruct(BigInt(`0x${struct}`))).toBe(parseInt(physical, 16) / kernel.pageBytes)
    })
  })

  test('crash\'s vtop on arm64-slab', async () => {
    const system = await openVmcore(evidence('arm64-slab', 'vmcore'))
    const [, address, physical] = /^([0-9a-f]{16}) +([0-9a-f]+) *$/m.exec(printed('arm64-slab', 'crash', 'vtop.txt').join('\n'))!
    expect(system.kernel.physicalOf(BigInt(`0x${address}`))).toBe(parseInt(physical, 16))
    system.close()
  })

  /** `sym -m` and `list` of a module whose own file crash had read: it holds symbols that the kernel drops after loading. */
  test('crash\'s sym -m and list of the test module', async () => {
    const system = await openVmcore(evidence('x86_64-slub', 'vmcore'))
    const lines = printed('x86_64-slub', 'crash', 'mod-s.txt')
    const shown = lines.map((line) => /^([0-9a-f]{16}) \((.)\) (\S+)$/.exec(line)).filter((found) => found !== null)
      .map(([, address, , name]) => `${address} ${name}`)
    const ours = new Set(system.symbols.all().filter(({ module }) => module === 'testmod').map(({ address, name }) => `${address.toString(16)} ${name}`))
    // crash makes this one up where a section starts.
    expect(shown.filter((symbol) => !ours.has(symbol))).toEqual(['ffffffffc043f3e8 __param'])
    expect(shown.length).toBeGreaterThan(40)

    const { kernel } = system
    const [head] = system.symbols.named('testmod_live_sessions')
    const member = (name: string): number => kernel.types.member('TestModSession', name)!.offset
    const sessions: [string, number, string][] = []
    const view = (address: bigint, bytes: number): DataView => new DataView((kernel.memory.tryRead(address, bytes) as Uint8Array).buffer)
    for (let link = view(head.address, 8).getBigUint64(0, true); link !== head.address; link = view(link, 8).getBigUint64(0, true)) {
      const session = link - BigInt(member('link'))
      const name = Buffer.from(view(session + BigInt(member('name')), 24).buffer).toString('latin1')
      sessions.push([session.toString(16), view(session + BigInt(member('counter')), 4).getUint32(0, true), name.replace(/\0.*/s, '')])
    }
    const listed: [string, number, string][] = []
    lines.forEach((line, i) => {
      const counter = /^ {2}counter = (\d+),/.exec(lines[i + 1] ?? '')
      const name = /^ {2}name = "([^\\"]*)/.exec(lines[i + 2] ?? '')
      if (/^[0-9a-f]{16}$/.test(line) && counter && name) listed.push([line, Number(counter[1]), name[1]])
    })
    expect(sessions).toEqual(listed)
    expect(sessions).toHaveLength(2000)
    system.close()
  })

  test('words with symbols and cache names, and what is missing', async () => {
    const system = await openVmcore(evidence('x86_64-slub', 'vmcore'))
    const [session] = readFileSync(evidence('x86_64-slub', 'crash', 'mod-s.txt'), 'latin1').match(/^[0-9a-f]{16}(?=\n {2}counter)/m)!
    const rows = readWords(system, session, 12).objects() as { address: string; value: string; symbol: string; module: string; cache: string; missing: string }[]
    expect(rows[0]).toMatchObject({ address: `0x${session}`, cache: 'kmalloc-96', symbol: null, missing: null })
    expect(rows[1]).toMatchObject({ symbol: 'testmod_live_sessions', module: 'testmod', cache: null })
    expect(rows[10]).toMatchObject({ cache: 'task_struct' })
    expect(rows.some(({ symbol, module }) => symbol === 'TestMod_SessionWork' && module === 'testmod')).toBe(true)
    expect(readWords(system, 'seq_read_iter+0x4', 1).objects()).toMatchObject([{ missing: null }])
    expect(readWords(system, 0x1000n, 1).objects()).toMatchObject([{ value: null, missing: 'unmapped' }])
    expect(() => readWords(system, 'no_such_thing', 1)).toThrow('expected an address or a symbol, got no_such_thing')
    expect(() => readWords(system, '0x10', 0)).toThrow('expected a number of words from 1 to 1048576, got 0')
    system.close()
  })
})
