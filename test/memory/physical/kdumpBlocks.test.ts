import { describe, expect, test } from 'vitest'
import type { FaultReason } from '../../../lib/errors.js'
import { openPhysical, type PhysicalDump } from '../../../lib/memory/openPhysical.js'
import { bytesOf } from '../../../lib/source/bytes.js'
import { Warnings } from '../../../lib/warnings.js'
import { samplePage, sparseSource } from '../../builders/bytes.js'
import { flattenedFile } from '../../builders/flattened.js'
import { kdumpFile, kdumpPieces, type KdumpOptions, type KdumpPage } from '../../builders/kdump.js'
import { packings } from '../../builders/packers.js'

async function open(pages: ReadonlyMap<number, KdumpPage>, options: KdumpOptions = {}, warnings = new Warnings()): Promise<PhysicalDump> {
  return openPhysical(bytesOf('vmcore', kdumpFile(pages, options)), { warnings, searchVmcoreinfo: false })
}

/** What a frame gives: its number if its page is samplePage(number), the reason where there is none. */
function shown(dump: PhysicalDump, frames: number): (number | FaultReason | 'other')[] {
  return Array.from({ length: frames }, (_, frame) => {
    const page = dump.physical.page(frame)
    if (typeof page === 'string') return page
    return Buffer.compare(page, samplePage(frame, dump.physical.pageBytes)) === 0 ? frame : 'other'
  })
}

const mixed = new Map<number, KdumpPage>(packings.map((packing, i) => [i * 3 + 1, { data: samplePage(i * 3 + 1), packing }]))

describe('pages of a kdump-compressed file', () => {
  test.each([true, false])('of all packings in one file, excluded and absent ones told apart (little-endian: %s)', async (littleEndian) => {
    const dump = await open(mixed, { littleEndian, blocks: 16, excluded: [2, 15] })
    expect(shown(dump, 17)).toEqual(['absent', 1, 'excluded', 'absent', 4, 'absent', 'absent', 7, 'absent', 'absent', 10, 'absent', 'absent', 13, 'absent', 'excluded', 'absent'])
    expect([...dump.physical.presentRuns()]).toEqual([1, 4, 7, 10, 13].map((start) => ({ start, end: start + 1 })))
    expect(dump.physical).toMatchObject({ frames: 16, pageBytes: 4096 })
    expect([dump.physical.has(1), dump.physical.has(2), dump.physical.has(99)]).toEqual([true, false, false])
  })
  test.each(['i386', 'arm'] as const)('of a 32-bit machine (%s)', async (layout) => {
    const dump = await open(mixed, { layout, vmcoreinfo: 'OSRELEASE=5.10\nPAGESIZE=4096\n' })
    expect(dump.pointerBytes).toBe(4)
    expect(dump.vmcoreinfo?.value('OSRELEASE')).toBe('5.10')
    expect(shown(dump, 3)).toEqual(['absent', 1, 'absent'])
  })
  test('a page of zeros is a page', async () => {
    const dump = await open(new Map([[0, { data: new Uint8Array(4096), packing: 'zlib' }], [1, { data: new Uint8Array(4096) }]]))
    expect([dump.physical.page(0), dump.physical.page(1)].every((page) => typeof page !== 'string' && page.every((byte) => byte === 0))).toBe(true)
  })
  test('pages may share their data, as zero pages do', async () => {
    const shared = await open(new Map<number, KdumpPage>([[0, { data: samplePage(0) }]]))
    expect(shown(shared, 1)).toEqual([0])
    const { pieces } = kdumpPieces(new Map([[0, { data: samplePage(0) }]]))
    const at = Math.max(...pieces.filter(([, bytes]) => bytes.length === 4096).map(([offset]) => offset))
    const dump = await open(new Map<number, KdumpPage>([[0, { data: samplePage(0) }], [1, { data: samplePage(0), descriptor: { offset: at } }]]))
    const page = dump.physical.page(1)
    expect(typeof page !== 'string' && page.length).toBe(4096)
  })
  test('one bitmap: what is not in it is no RAM', async () => {
    const dump = await open(mixed, { blocks: 30_000, oneBitmap: true })
    expect(shown(dump, 5)).toEqual(['absent', 1, 'absent', 'absent', 4])
  })
  test('diskdump', async () => {
    expect((await open(mixed, { signature: 'DISKDUMP' })).format).toBe('diskdump')
  })
  test('data and descriptors beyond 4 GiB', async () => {
    for (const dataAt of [2 ** 32 - 2048, 2 ** 32 + 5, 2 ** 40]) {
      const { pieces, byteLength } = kdumpPieces(mixed, { dataAt })
      const dump = await openPhysical(sparseSource('vmcore', byteLength, pieces), { searchVmcoreinfo: false })
      expect(shown(dump, 14).filter((frame) => typeof frame === 'number')).toEqual([1, 4, 7, 10, 13])
    }
  })
})

describe('blocks that are no pages', () => {
  const vmcoreinfo = (bytes: number): string => `OSRELEASE=6.1\nPAGESIZE=${bytes}\n`
  test('several pages in a block, as QEMU dumps arm64', async () => {
    const block = (number: number): Uint8Array => Buffer.concat(Array.from({ length: 16 }, (_, i) => samplePage(number * 16 + i)))
    const dump = await open(new Map<number, KdumpPage>([[1, { data: block(1), packing: 'zlib' }], [3, { data: block(3), packing: 'lzo' }]]), {
      blockBytes: 65536, blocks: 5, excluded: [4], vmcoreinfo: vmcoreinfo(4096)
    })
    expect(dump.physical).toMatchObject({ pageBytes: 4096, frames: 80 })
    expect(shown(dump, 80)).toEqual([
      ...Array<string>(16).fill('absent'), ...Array.from({ length: 16 }, (_, i) => 16 + i), ...Array<string>(16).fill('absent'),
      ...Array.from({ length: 16 }, (_, i) => 48 + i), ...Array<string>(16).fill('excluded')
    ])
    expect([...dump.physical.presentRuns()]).toEqual([{ start: 16, end: 32 }, { start: 48, end: 64 }])
    expect([dump.physical.has(31), dump.physical.has(32)]).toEqual([true, false])
    for (const frame of [16, 31, 48, 17]) expect(Buffer.compare(dump.physical.peek!(frame) as Uint8Array, samplePage(frame))).toBe(0)
  })
  test('a page in several blocks: there if all of them are', async () => {
    const page = samplePage(1, 16384)
    const blocks = new Map<number, KdumpPage>([4, 5, 6, 7].map((block, i) => [block, { data: page.subarray(i * 4096, i * 4096 + 4096), packing: 'zlib' }]))
    blocks.set(8, { data: samplePage(8) })
    const dump = await open(blocks, { blocks: 13, excluded: [9, 10, 11], vmcoreinfo: vmcoreinfo(16384) })
    expect(dump.physical).toMatchObject({ pageBytes: 16384, frames: 4 })
    expect(shown(dump, 5)).toEqual(['absent', 1, 'excluded', 'absent', 'absent'])
    expect([...dump.physical.presentRuns()]).toEqual([{ start: 1, end: 2 }])
    expect([dump.physical.has(1), dump.physical.has(2)]).toEqual([true, false])
  })
  test('the page size of VMCOREINFO counts only if it can be one', async () => {
    expect((await open(mixed, { vmcoreinfo: 'OSRELEASE=6.1\nPAGESIZE=4097\n' })).physical.pageBytes).toBe(4096)
  })
})

describe('split dumps', () => {
  const all = new Map<number, KdumpPage>(Array.from({ length: 30 }, (_, i) => [i, { data: samplePage(i), packing: packings[i % 5] }]))
  const part = (start: number, end: number, options: KdumpOptions = {}): ReturnType<typeof bytesOf> =>
    bytesOf(`part.${start}`, kdumpFile(all, { time: 5, blocks: 32, split: { start, end }, ...options }))
  const openParts = async (parts: ReturnType<typeof bytesOf>[], warnings = new Warnings()): Promise<PhysicalDump> => {
    // Paths are what several files are given as; the parts of a test are in memory.
    return openPhysical(parts as unknown as string[], { warnings, searchVmcoreinfo: false })
  }

  test('parts in any order, notes from whichever has them', async () => {
    const warnings = new Warnings()
    const dump = await openParts([part(20, 32), part(0, 7, { vmcoreinfo: 'OSRELEASE=6.1\n' }), part(7, 20)], warnings)
    expect(shown(dump, 32)).toEqual([...Array.from({ length: 30 }, (_, i) => i), 'absent', 'absent'])
    expect([...dump.physical.presentRuns()]).toEqual([{ start: 0, end: 30 }])
    expect(dump.vmcoreinfo?.value('OSRELEASE')).toBe('6.1')
    expect(dump.files.map(({ file }) => file)).toEqual(['part.20', 'part.0', 'part.7'])
    expect(warnings.list()).toEqual([])
  })
  test('a missing part: its pages are absent, and it is said', async () => {
    const warnings = new Warnings()
    const dump = await openParts([part(20, 32), part(0, 7)], warnings)
    expect(shown(dump, 32)).toEqual([...Array.from({ length: 7 }, (_, i) => i), ...Array<string>(13).fill('absent'), ...Array.from({ length: 10 }, (_, i) => 20 + i), 'absent', 'absent'])
    expect([...dump.physical.presentRuns()]).toEqual([{ start: 0, end: 7 }, { start: 20, end: 30 }])
    expect([dump.physical.has(6), dump.physical.has(7)]).toEqual([true, false])
    expect(warnings.list().map(({ message }) => message)).toEqual(['a part of the split dump is missing: pages 0x7 to 0x14, 13 of them dumped'])
  })
  test('one part alone, and an empty last part', async () => {
    const warnings = new Warnings()
    expect(shown(await openParts([part(7, 20), part(32, 32)], warnings), 21).slice(6)).toEqual(['absent', ...Array.from({ length: 13 }, (_, i) => 7 + i), 'absent'])
    expect(warnings.list()).toHaveLength(2)
  })
  test('the same part twice', async () => {
    const warnings = new Warnings()
    await openParts([part(0, 7), part(0, 7), part(7, 32)], warnings)
    expect(warnings.list()).toEqual([{ message: 'part.0: the same part as part.0, not used', times: 1 }])
  })
  test('files that don\'t belong together', async () => {
    await expect(openParts([part(0, 7), part(7, 32, { time: 6 })])).rejects.toThrow('part.7: a part of another dump: expected the dump that part.0 is a part of')
    await expect(openParts([part(0, 7), part(6, 32)])).rejects.toThrow('part.6: its range overlaps that of part.0: found pages 0x6 to 0x20, expected a start from 0x7 on')
    await expect(openParts([part(0, 7), bytesOf('other', kdumpFile(all))])).rejects.toThrow('other: not a part of a split dump: expected one file, or the parts of one split dump')
    await expect(openParts([part(9, 7)])).rejects.toThrow('part.9: impossible range of a part: found pages 0x9 to 0x7')
  })
})

describe('damaged pages', () => {
  const page = (number: number, other: Partial<KdumpPage> = {}): [number, KdumpPage] => [number, { data: samplePage(number), packing: 'zlib', ...other }]
  test('each is lost alone, and said', async () => {
    const warnings = new Warnings()
    const dump = await open(new Map([
      page(0), page(1, { packed: Uint8Array.of(1, 2, 3) }), page(2, { descriptor: { offset: 0 } }), page(3, { descriptor: { bytes: 0 } }),
      page(4, { descriptor: { offset: 2 ** 50 } }), page(5, { descriptor: { flags: 0x40 | 3 } }), page(6, { descriptor: { bytes: 9000 } }),
      page(7, { packing: 'raw', packed: samplePage(7).subarray(0, 100) }),
      ...[8, 9, 10, 11].map((number) => page(number, { packing: 'raw' }))
    ]), {}, warnings)
    expect(shown(dump, 12)).toEqual([0, 'corrupt', 'absent', 'absent', 'absent', 'corrupt', 'corrupt', 'corrupt', 8, 9, 10, 11])
    expect(warnings.list().map(({ message }) => message.replace(/offset 0x[0-9a-f]+/, 'offset').replace(/\(\d+ bytes\)/, '(n bytes)'))).toEqual([
      // Whether the file was cut off is looked at when it is opened.
      'vmcore: pages whose data lie behind the end of the file (n bytes)',
      'vmcore: corrupt page at offset: 3 bytes that do not give a block',
      'vmcore: pages whose descriptors name no data',
      'vmcore: corrupt page at offset: unknown compression 0x43',
      'vmcore: corrupt page at offset: 9000 bytes for a block of 4096',
      'vmcore: corrupt page at offset: 100 bytes that do not give a block'
    ])
    expect(warnings.list()[2].times).toBe(2)
    expect(warnings.list()[1].message).toMatch(/at offset 0x4[0-9a-f]{3}:/)
  })
  test('cut off: what is there is read', async () => {
    const file = kdumpFile(new Map(Array.from({ length: 20 }, (_, i) => page(i, { packing: 'raw' }))))
    const warnings = new Warnings()
    const dump = await openPhysical(bytesOf('vmcore', file.subarray(0, file.length - 10_000)), { warnings, searchVmcoreinfo: false })
    expect(warnings.losses()).toEqual([`vmcore: pages whose data lie behind the end of the file (${file.length - 10_000} bytes)`])
    expect(shown(dump, 20)).toEqual([...Array.from({ length: 17 }, (_, i) => i), 'absent', 'absent', 'absent'])
    const descriptors = await openPhysical(bytesOf('vmcore', file.subarray(0, 4096 * 4 + 24 * 5 + 3)), { searchVmcoreinfo: false })
    expect(shown(descriptors, 20)).toEqual(Array<string>(20).fill('absent'))
  })
  test('marked as incomplete, without page structures, erased', async () => {
    const warnings = new Warnings()
    await open(new Map([page(0)]), { status: 1 | 8 | 0x10, eraseinfo: 'erase struct.member size 8\n' }, warnings)
    expect(warnings.losses()).toEqual(['vmcore: marked as incomplete: the disk was full when it was written'])
    expect(warnings.list().map(({ message }) => message)).toEqual([
      'vmcore: marked as incomplete: the disk was full when it was written',
      'vmcore: page structures were left out of it (makedumpfile -e)',
      'vmcore: data were erased from it (makedumpfile --config): they read as X'
    ])
  })
  test('notes of an impossible size', async () => {
    const { pieces } = kdumpPieces(new Map([page(0)]), { notes: Uint8Array.of(1) })
    const sub = pieces.find(([at, bytes]) => at === 4096 && bytes.length === 0x68)![1]
    new DataView(sub.buffer).setBigUint64(0x38, 2n ** 33n, true)
    await expect(openPhysical(sparseSource('vmcore', 2 ** 34, pieces))).rejects.toThrow('impossible size of notes: found 8589934592 bytes, expected at most 67108864')
  })
  test('a flattened file that was cut off: pages in its holes are absent', async () => {
    const file = kdumpFile(new Map(Array.from({ length: 4 }, (_, i) => page(i, { packing: 'raw' }))))
    const dataAt = 4096 * 4 + 4 * 24
    const records: [number, Uint8Array][] = [[0, file.subarray(0, dataAt + 4096)], [dataAt + 3 * 4096, file.subarray(dataAt + 3 * 4096)]]
    const dump = await openPhysical(bytesOf('flat', flattenedFile(records)), { searchVmcoreinfo: false })
    expect(dump.flattened).toBe(true)
    expect(shown(dump, 4)).toEqual([0, 'absent', 'absent', 3])
  })
})
