import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { dumpDetail } from '../../lib/memory/dumpDetail.js'
import { openPhysical } from '../../lib/memory/openPhysical.js'
import { bytesOf } from '../../lib/source/bytes.js'
import { Warnings } from '../../lib/warnings.js'
import { samplePage } from '../builders/bytes.js'
import { elfCore } from '../builders/elfCore.js'
import { flattenedFile } from '../builders/flattened.js'
import { kdumpFile, kdumpPieces, type KdumpOptions, type KdumpPage } from '../builders/kdump.js'
import { describeEvidence, evidence } from '../evidence.js'

const pages = new Map<number, KdumpPage>([0, 1, 2].map((frame) => [frame, { data: samplePage(frame), packing: 'zlib' }]))
const vmcoreinfo = 'OSRELEASE=6.1.0\nPAGESIZE=4096\nNUMBER(phys_base)=0\nCRASHTIME=1700000000\n'
const dumpBytes = (options: KdumpOptions = {}): Uint8Array => kdumpFile(pages, { vmcoreinfo, status: 1, ...options })

let folder: string
const at = (name: string): string => path.join(folder, name)
const file = (name: string, bytes: Uint8Array | string): string => {
  writeFileSync(at(name), bytes)
  return at(name)
}

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'slablab-open-'))
  vi.stubEnv('XDG_CACHE_HOME', at('cache'))
})
afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

async function firstPage(given: string | readonly string[], warnings = new Warnings()): Promise<boolean> {
  const dump = await openPhysical(given, { warnings })
  const page = dump.physical.page(1)
  dump.close()
  return typeof page !== 'string' && Buffer.compare(page, samplePage(1)) === 0
}

describe('openPhysical', () => {
  test('tells what the headers say', async () => {
    const dump = await openPhysical(file('vmcore', dumpBytes({ time: 1_700_000_001, uname: { nodename: 'host', machine: 'x86_64', release: '6.1.0' } })))
    expect(dump).toMatchObject({
      format: 'kdump-compressed', compression: 'zlib', flattened: false, littleEndian: true, pointerBytes: 8, machine: 'x86_64', release: '6.1.0',
      nodename: 'host', time: 1_700_000_001, dumpLevel: 31, vmcoreinfoFrom: 'file', cpus: [], qemuCpus: []
    })
    expect(dump.files).toEqual([{ file: at('vmcore'), bytes: statSync(at('vmcore')).size }])
    dump.close()
  })
  test('the machine by VMCOREINFO or the registers, where the header names none', async () => {
    const machine = async (options: KdumpOptions): Promise<string | null> => (await openPhysical(bytesOf('vmcore', kdumpFile(pages, options)))).machine
    expect(await machine({ vmcoreinfo })).toBe('x86_64')
    expect(await machine({ vmcoreinfo: 'OSRELEASE=6.1\nNUMBER(kimage_voffset)=0x0\n' })).toBe('aarch64')
    expect(await machine({ vmcoreinfo: 'OSRELEASE=6.1\n' })).toBeNull()
    expect(await machine({ vmcoreinfo, uname: { machine: 'Unknown' } })).toBe('x86_64')
  })
  test('no cache file, no open file left behind by a failure', async () => {
    await expect(openPhysical(file('text', 'hello\n'))).rejects.toThrow(`${at('text')}: not a dump of a machine's memory: found text, or a format without a mark of its own, expected a vmcore: kdump-compressed, flattened or ELF`)
    expect(existsSync(at('cache'))).toBe(false)
  })
  test('what is no dump is named, with what converts it', async () => {
    await expect(openPhysical(file('vmss', Uint8Array.of(0xd2, 0xbe, 0xd2, 0xbe, 0, 0)))).rejects.toThrow(/found VMware suspended state.*vmss2core/)
    await expect(openPhysical(file('empty', ''))).rejects.toThrow('found empty file')
    await expect(openPhysical(file('vmlinux', elfCore([], { type: 2 })))).rejects.toThrow('found vmlinux or a program (64-bit ELF, x86_64)')
    await expect(openPhysical(at('nothing'))).rejects.toThrow(`ENOENT: no such file or directory`)
    await expect(openPhysical(folder)).rejects.toThrow(`${folder}: a folder: expected a file`)
    await expect(openPhysical([])).rejects.toThrow('expected a dump file, got none')
  })
  test('a pipe', async () => {
    execFileSync('mkfifo', [at('pipe')])
    await expect(openPhysical(at('pipe'))).rejects.toThrow(`${at('pipe')}: a pipe or device, which can only be read once and in order: expected a file: save it to one first`)
  })
  test('several files that are no parts', async () => {
    const elf = file('core', elfCore([{ physical: 0, data: samplePage(0) }]))
    await expect(openPhysical([elf, elf])).rejects.toThrow(`${elf} is an ELF dump, which has no further parts: expected one file, got 2`)
    await expect(openPhysical([file('vmcore', dumpBytes()), elf])).rejects.toThrow('has no further parts')
  })
  test('parts given by path', async () => {
    const parts = [[2, 3], [0, 2]].map(([start, end]) => file(`part.${start}`, dumpBytes({ split: { start, end } })))
    expect(await firstPage(parts)).toBe(true)
  })
  test('a file that shrinks while it is open', async () => {
    const raw = file('shrinks', kdumpFile(new Map([...pages].map(([frame, page]) => [frame, { ...page, packing: 'raw' as const }])), { vmcoreinfo }))
    const dump = await openPhysical(raw)
    truncateSync(raw, 20_000)
    expect([dump.physical.page(0), dump.physical.page(2)]).toEqual(['absent', 'absent'])
    dump.close()
  })
})

describe('files beyond 4 GiB', () => {
  test('a sparse file with pages at its far end', async () => {
    const { pieces } = kdumpPieces(pages, { vmcoreinfo, dataAt: 2 ** 33 + 7 })
    const sparse = file('sparse', '')
    const { openSync, writeSync, closeSync } = await import('node:fs')
    const descriptor = openSync(sparse, 'r+')
    for (const [offset, bytes] of pieces) writeSync(descriptor, bytes, 0, bytes.length, offset)
    closeSync(descriptor)
    expect(await firstPage(sparse)).toBe(true)
    rmSync(sparse)
  })
})

const tools: [string, string, (bytes: Uint8Array) => Uint8Array][] = [
  ['gzip', 'gz', (bytes) => gzipSync(bytes)],
  ['xz', 'xz', (bytes) => execFileSync('xz', ['-c'], { input: bytes })],
  ['zstd', 'zst', (bytes) => execFileSync('zstd', ['-c', '-q'], { input: bytes })]
]

describe('packed dumps', () => {
  const cache = (): string[] => (existsSync(at('cache/slablab/unpacked')) ? readdirSync(at('cache/slablab/unpacked')) : [])
  beforeEach(() => rmSync(at('cache'), { recursive: true, force: true }))

  test.each(tools)('%s: unpacked once, and said so', async (wrapping, ending, pack) => {
    let packed: Uint8Array
    try {
      packed = pack(dumpBytes())
    } catch {
      expect.fail(`${wrapping} is not installed: the test of ${ending} files was left out`)
    }
    const warnings = new Warnings()
    const given = file(`vmcore.${ending}`, packed)
    const steps: string[] = []
    const dump = await openPhysical(given, { warnings, onProgress: (what, done, total) => steps.push(`${what} ${done} ${total}`) })
    expect(Buffer.compare(dump.physical.page(1) as Uint8Array, samplePage(1))).toBe(0)
    expect(dump.files).toEqual([{ file: given, bytes: packed.length }])
    dump.close()
    expect(cache()).toHaveLength(1)
    expect(Buffer.compare(readFileSync(at(`cache/slablab/unpacked/${cache()[0]}`)), dumpBytes())).toBe(0)
    expect(warnings.list().map(({ message }) => message)).toEqual([
      `${given}: ${wrapping}, unpacked once to ${at(`cache/slablab/unpacked/${cache()[0]}`)} (${(dumpBytes().length / 1024).toFixed(1)} KiB), which is used from now on`
    ])
    expect(steps.at(-1)).toBe(`unpacking ${given} ${dumpBytes().length} null`)
    const again = new Warnings()
    expect(await firstPage(given, again)).toBe(true)
    expect(again.list()).toEqual([])
    utimesSync(given, 1, 1)
    expect(await firstPage(given, again)).toBe(true)
    expect(cache()).toHaveLength(2)
  })
  test('a flattened or ELF dump in a gzip file', async () => {
    expect(await firstPage(file('flat.gz', gzipSync(flattenedFile([[0, dumpBytes()]]))))).toBe(true)
    expect(await firstPage(file('elf.gz', gzipSync(elfCore([{ physical: 0, data: Buffer.concat([samplePage(0), samplePage(1)]) }]))))).toBe(true)
  })
  test('holes stay holes', async () => {
    const size = 16 << 20
    await openPhysical(file('holes.gz', gzipSync(Buffer.concat([dumpBytes(), new Uint8Array(size)])))).then((dump) => dump.close())
    const { blocks, size: bytes } = statSync(at(`cache/slablab/unpacked/${cache()[0]}`))
    expect(bytes).toBe(dumpBytes().length + size)
    expect(blocks * 512).toBeLessThan(size / 8)
  })
  test('what is packed is looked at before it is unpacked', async () => {
    await expect(openPhysical(file('text.gz', gzipSync('hello')))).rejects.toThrow(`${at('text.gz')} (gzip): not a dump of a machine's memory`)
    expect(cache()).toEqual([])
  })
  test('a torn stream is read as far as it goes, and every opening says so', async () => {
    const packed = gzipSync(Buffer.concat([dumpBytes(), samplePage(1, 1 << 20)]))
    const cut = file('cut.gz', packed.subarray(0, packed.length - 100_000))
    for (const _opening of ['unpacks', 'finds it unpacked']) {
      const warnings = new Warnings()
      const dump = await openPhysical(cut, { warnings })
      expect(dump.physical.frames).toBe(3)
      dump.close()
      expect(warnings.list().map(({ message }) => message)).toContainEqual(expect.stringContaining(`${cut}: damaged gzip stream: found unexpected end of file`))
    }
  })
  test('a stream that is damaged from its start leaves nothing behind', async () => {
    const packed = gzipSync(dumpBytes())
    await expect(openPhysical(file('start.gz', packed.subarray(0, 12)))).rejects.toThrow(at('start.gz'))
    expect(cache()).toEqual([])
  })
  test('an abort leaves nothing behind', async () => {
    const abort = new AbortController()
    const given = file('large.gz', gzipSync(Buffer.concat([dumpBytes(), samplePage(1, 1 << 20)])))
    await expect(openPhysical(given, { signal: abort.signal, onProgress: () => abort.abort(new Error('enough')) })).rejects.toThrow('enough')
    expect(cache()).toEqual([])
  })
  test('what nobody used for a month is removed', async () => {
    mkdirSync(at('cache/slablab/unpacked'), { recursive: true })
    const old = file('cache/slablab/unpacked/old', 'x')
    const recent = file('cache/slablab/unpacked/recent', 'x')
    utimesSync(old, 1, 1)
    await firstPage(file('vmcore.gz', gzipSync(dumpBytes())))
    expect([existsSync(old), existsSync(recent), cache().length]).toEqual([false, true, 2])
  })
  test('a cache that can\'t be written', async () => {
    file('no-folder', 'x')
    vi.stubEnv('XDG_CACHE_HOME', at('no-folder'))
    await expect(openPhysical(file('vmcore.gz', gzipSync(dumpBytes())))).rejects.toThrow(/no-folder\/slablab\/unpacked\/.*: could not be written: ENOTDIR/)
    vi.stubEnv('XDG_CACHE_HOME', at('cache'))
  })
})

describe('dumpDetail', () => {
  const detail = async (name: string, bytes: Uint8Array): Promise<Awaited<ReturnType<typeof dumpDetail>>> => dumpDetail(file(name, bytes))
  test.each<[string, Uint8Array, string, boolean]>([
    ['plain', dumpBytes({ uname: { machine: 'x86_64' } }), 'kdump-compressed dump, zlib, level 31, x86_64, Linux 6.1.0, 3 pages of 4 KiB, taken 2023-11-14T22:13:20Z', true],
    ['flat', flattenedFile([[0, dumpBytes({ uname: { machine: 'x86_64' } })]]), 'flattened dump, holds a kdump-compressed dump, zlib, level 31, x86_64, Linux 6.1.0, 3 pages of 4 KiB, taken 2023-11-14T22:13:20Z', true],
    ['elf', elfCore([{ physical: 0, data: samplePage(0) }]), 'ELF core dump (64-bit ELF, x86_64), 1 page of 4 KiB, no VMCOREINFO in its headers', true],
    ['incomplete', dumpBytes({ status: 9 }), 'kdump-compressed dump, zlib, level 31, x86_64, Linux 6.1.0, 3 pages of 4 KiB, taken 2023-11-14T22:13:20Z, marked as incomplete: the disk was full when it was written', true],
    ['ppc', dumpBytes({ littleEndian: false, vmcoreinfo: 'OSRELEASE=6.1.0\n', status: 0, uname: { machine: 'ppc64' } }), 'kdump-compressed dump, not compressed, level 31, ppc64, Linux 6.1.0, 3 pages of 4 KiB', false],
    ['i386', dumpBytes({ layout: 'i386', vmcoreinfo: 'OSRELEASE=6.1.0\n', uname: { machine: 'i686' } }), 'kdump-compressed dump, zlib, level 31, i686, Linux 6.1.0, 3 pages of 4 KiB', false],
    ['cut', dumpBytes().subarray(0, 9000), 'kdump-compressed dump: at offset 0x2000: truncated before the end of its bitmaps: found 9000 bytes, expected at least 16384', false],
    ['process', elfCore([{ physical: 0, data: samplePage(0) }], { notes: [{ name: 'CORE', type: 3, content: 'x' }] }), 'ELF core dump (64-bit ELF, x86_64): the core dump of a process: expected the dump of a machine (vmcore)', false]
  ])('%s', async (name, bytes, expected, readable) => {
    const found = await detail(name, bytes)
    expect(found.detail).toBe(expected)
    expect(found.readable).toBe(readable)
    if (name === 'ppc' || name === 'i386') expect(found.hint).toBe('slablab knows 64-bit x86 and ARM machines; crash reads it, with its vmlinux')
  })
  test('a packed one is not unpacked', async () => {
    expect(await detail('vmcore.gz', gzipSync(dumpBytes()))).toEqual({ detail: 'dump', readable: true, hint: null })
  })
})

describeEvidence('the dumps of real machines', () => {
  test.each([
    ['x86_64-slub', 'x86_64', 2, 2, 18783], ['x86_64-slub-6.12', 'x86_64', 2, 2, 17500], ['x86_64-slub-debug', 'x86_64', 2, 2, 22695], ['arm64-slab', 'aarch64', 2, 0, 8853]
  ] as const)('%s', async (name, machine, cpus, qemuCpus, present) => {
    const warnings = new Warnings()
    const dump = await openPhysical(evidence(name, 'vmcore'), { warnings })
    expect(dump).toMatchObject({ machine, dumpLevel: 31, pointerBytes: 8, physical: { pageBytes: 4096 } })
    expect([dump.cpus.length, dump.qemuCpus.length]).toEqual([cpus, qemuCpus])
    expect(dump.vmcoreinfo?.text.trim().split('\n').filter((line) => !line.startsWith('CRASHTIME')))
      .toEqual(readFileSync(evidence(name, 'vmcoreinfo.txt'), 'latin1').trim().split('\n').filter((line) => !line.startsWith('CRASHTIME')))
    let pagesSeen = 0
    for (const { start, end } of dump.physical.presentRuns()) for (let frame = start; frame < end; frame++) if (typeof dump.physical.peek!(frame) !== 'string') pagesSeen++
    expect(pagesSeen).toBe(present)
    expect(warnings.list()).toEqual([])
    dump.close()
  })
})
