import { describe, expect, test } from 'vitest'
import { openPhysical, type PhysicalDump } from '../../../lib/memory/openPhysical.js'
import { bytesOf } from '../../../lib/source/bytes.js'
import { Warnings } from '../../../lib/warnings.js'
import { samplePage, sparseSource } from '../../builders/bytes.js'
import { elfCore, type ElfOptions, type ElfPiece } from '../../builders/elfCore.js'
import { flattenedFile } from '../../builders/flattened.js'

async function open(pieces: readonly ElfPiece[], options: ElfOptions = {}, warnings = new Warnings()): Promise<PhysicalDump> {
  return openPhysical(bytesOf('core', elfCore(pieces, options)), { warnings, searchVmcoreinfo: false })
}

function shown(dump: PhysicalDump, frames: number): (number | string)[] {
  return Array.from({ length: frames }, (_, frame) => {
    const page = dump.physical.page(frame)
    return typeof page === 'string' ? page : page.every((byte) => byte === 0) ? 'zeros' : Buffer.compare(page, samplePage(frame)) === 0 ? frame : 'other'
  })
}

function pages(first: number, count: number): Uint8Array {
  return Buffer.concat(Array.from({ length: count }, (_, i) => samplePage(first + i)))
}

describe('pages of an ELF dump', () => {
  test('segments, holes, and what is in memory but not in the file', async () => {
    const dump = await open([
      { physical: 0x1000, data: pages(1, 2), virtual: 0 }, { physical: 0x5000, data: pages(5, 1), memoryBytes: 0x3000, virtual: -1n },
      { physical: 0x8000, data: new Uint8Array(4096) }
    ])
    expect(shown(dump, 10)).toEqual(['absent', 1, 2, 'absent', 'absent', 5, 'excluded', 'excluded', 'zeros', 'absent'])
    expect([...dump.physical.presentRuns()]).toEqual([{ start: 1, end: 3 }, { start: 5, end: 6 }, { start: 8, end: 9 }])
    expect(dump).toMatchObject({ format: 'elf', machine: 'x86_64', pointerBytes: 8, flattened: false })
    expect([dump.physical.frames, dump.physical.has(1), dump.physical.has(6)]).toEqual([9, true, false])
  })
  test('segments that share a page, and pages that are not whole', async () => {
    const data = pages(0, 3)
    const dump = await open([{ physical: 0, data: data.subarray(0, 0x9f8) }, { physical: 0x9f8, data: data.subarray(0x9f8, 0x2400) }])
    expect(shown(dump, 4)).toEqual([0, 1, 'absent', 'absent'])
    expect([...dump.physical.presentRuns()]).toEqual([{ start: 0, end: 2 }])
  })
  test('where segments overlap, the first with data counts, and data count before none', async () => {
    const dump = await open([
      { physical: 0x2000, data: new Uint8Array(0), memoryBytes: 0x2000 }, { physical: 0x1000, data: pages(1, 3) }, { physical: 0x2000, data: pages(7, 1) }
    ])
    expect(shown(dump, 4)).toEqual(['absent', 1, 2, 3])
  })
  test('beyond 4 GiB, in memory and in the file', async () => {
    const file = elfCore([{ physical: 2 ** 40, data: samplePage(2 ** 28) }])
    new DataView(file.buffer).setBigUint64(64 + 8, 2n ** 33n, true)
    const dump = await openPhysical(sparseSource('core', 2 ** 34, [[0, file.subarray(0, 64 + 56)], [2 ** 33, samplePage(2 ** 28)]]), { searchVmcoreinfo: false })
    expect(Buffer.compare(dump.physical.page(2 ** 28) as Uint8Array, samplePage(2 ** 28))).toBe(0)
    expect([...dump.physical.presentRuns()]).toEqual([{ start: 2 ** 28, end: 2 ** 28 + 1 }])
  })
  test('inside of a flattened file', async () => {
    const file = elfCore([{ physical: 0, data: pages(0, 3) }])
    const dump = await openPhysical(bytesOf('flat', flattenedFile([[100, file.subarray(100)], [0, file.subarray(0, 100)]])), { searchVmcoreinfo: false })
    expect(dump).toMatchObject({ format: 'elf', flattened: true })
    expect(shown(dump, 3)).toEqual([0, 1, 2])
  })
  test('pages of another size', async () => {
    const dump = await open([{ physical: 0x10000, data: pages(16, 16) }], { machine: 183, notes: [{ name: 'VMCOREINFO', content: 'OSRELEASE=6.1\nPAGESIZE=65536\n' }] })
    expect(dump).toMatchObject({ machine: 'aarch64', vmcoreinfoFrom: 'file', physical: { pageBytes: 65536, frames: 2 } })
    expect((dump.physical.page(1) as Uint8Array).length).toBe(65536)
  })
  test('cut off: promised pages are absent, excluded ones stay excluded', async () => {
    const warnings = new Warnings()
    const file = elfCore([{ physical: 0, data: pages(0, 4), memoryBytes: 0x6000 }])
    const dump = await openPhysical(bytesOf('core', file.subarray(0, file.length - 5000)), { warnings, searchVmcoreinfo: false })
    expect(shown(dump, 7)).toEqual([0, 1, 'absent', 'absent', 'excluded', 'excluded', 'absent'])
    expect(warnings.list().map(({ message }) => message)).toEqual([`core: cut off at offset 0x${(file.length - 5000).toString(16)}: the pages behind it are missing`])
  })
})

describe('ELF files that are no dumps', () => {
  test('without memory, of a Xen domain, of a process', async () => {
    await expect(open([])).rejects.toThrow('core: an ELF core without memory: found none, expected PT_LOAD segments with physical addresses')
    await expect(open([], { notes: [{ name: 'Xen', content: 'x' }] })).rejects.toThrow('found notes of a Xen domain, whose pages lie in sections')
    await expect(open([{ physical: 0, data: samplePage(0) }], { notes: [{ name: 'CORE', type: 3, content: 'x' }] }))
      .rejects.toThrow("core: the core dump of a process: expected the dump of a machine (vmcore)")
  })
  test('notes that lie behind the end are said', async () => {
    const warnings = new Warnings()
    const file = elfCore([{ physical: 0, data: samplePage(0) }], { notes: [{ name: 'CORE', content: 'x' }] })
    new DataView(file.buffer).setBigUint64(64 + 8, BigInt(file.length - 4), true)
    await openPhysical(bytesOf('core', file), { warnings, searchVmcoreinfo: false })
    expect(warnings.list()[0].message).toBe(`core: notes at offset 0x${(file.length - 4).toString(16)} lie behind the end of the file`)
  })
})
