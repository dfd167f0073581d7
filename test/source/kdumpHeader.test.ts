import { describe, expect, test } from 'vitest'
import { bytesOf } from '../../lib/source/bytes.js'
import { readKdumpHeader, type KdumpHeader } from '../../lib/source/kdumpHeader.js'
import { Warnings } from '../../lib/warnings.js'
import { samplePage, sparseSource } from '../builders/bytes.js'
import { kdumpFile, kdumpPieces, type KdumpOptions, type KdumpPage } from '../builders/kdump.js'

const pages = new Map<number, KdumpPage>([[3, { data: samplePage(3), packing: 'zlib' }], [9, { data: samplePage(9) }]])

function header(options: KdumpOptions, warnings = new Warnings()): KdumpHeader {
  return readKdumpHeader(bytesOf('vmcore', kdumpFile(pages, options)), warnings)
}

describe('readKdumpHeader', () => {
  const options: KdumpOptions = {
    blocks: 100, dumpLevel: 17, time: 1_700_000_000, status: 1, vmcoreinfo: 'OSRELEASE=6.1\n', notes: Uint8Array.of(1, 2, 3), eraseinfo: 'erase x',
    uname: { sysname: 'Linux', nodename: 'host', release: '6.1.0', version: '#1', machine: 'x86_64', domainname: '(none)' }
  }

  test.each([
    ['64', true], ['64', false], ['i386', true], ['arm', true], ['arm', false]
  ] as const)('every field, of a %s machine, little-endian: %s', (layout, littleEndian) => {
    const read = header({ ...options, layout, littleEndian })
    expect(read).toMatchObject({
      signature: 'KDUMP', littleEndian, longBytes: layout === '64' ? 8 : 4, version: 6, status: 1, blockBytes: 4096, blocks: 100, cpus: 1,
      dumpLevel: 17, split: null, time: 1_700_000_000,
      uname: { sysname: 'Linux', nodename: 'host', release: '6.1.0', version: '#1', machine: 'x86_64', domainname: '(none)' }
    })
    expect([read.vmcoreinfo?.bytes, read.notes?.bytes, read.eraseinfo?.bytes]).toEqual([14, 3, 7])
    expect(read.descriptorsAt).toBe(4096 * 4)
    expect(read.ramBitmap).toEqual({ offset: 8192, bytes: 4096 })
    expect(read.pageBitmap).toEqual({ offset: 12288, bytes: 4096 })
  })

  test('fields that an older format did not have are unknown', () => {
    expect(header({ ...options, version: 0 })).toMatchObject({ dumpLevel: null, vmcoreinfo: null, notes: null, eraseinfo: null })
    expect(header({ ...options, version: 1, split: { start: 0, end: 5 } })).toMatchObject({ dumpLevel: 17, split: null })
    expect(header({ ...options, version: 4 })).toMatchObject({ eraseinfo: null, blocks: 100 })
  })

  test('the range of a part, in its wide form from version 6 on', () => {
    expect(header({ ...options, split: { start: 2, end: 50 } }).split).toEqual({ start: 2, end: 50 })
    expect(header({ ...options, version: 5, split: { start: 2, end: 50 } }).split).toEqual({ start: 2, end: 50 })
  })

  test('diskdump has no sub-header that we know', () => {
    expect(header({ ...options, signature: 'DISKDUMP' })).toMatchObject({ signature: 'DISKDUMP', dumpLevel: null, vmcoreinfo: null })
  })

  test('one bitmap, where it has no room for all blocks twice', () => {
    const read = header({ ...options, blocks: 30_000, oneBitmap: true })
    expect(read.ramBitmap).toBeNull()
    expect(read.pageBitmap).toEqual({ offset: 8192, bytes: 4096 })
  })

  test('blocks of other sizes, and unset times and names', () => {
    expect(header({ blockBytes: 65536 })).toMatchObject({ blockBytes: 65536, time: null, uname: { release: '' } })
  })

  test('more than 2^32 blocks', () => {
    const { pieces } = kdumpPieces(new Map(), { blocks: 10 })
    const file = sparseSource('vmcore', 2 ** 34, pieces)
    const sub = pieces.find(([at, bytes]) => at === 4096 && bytes.length === 0x68)![1]
    new DataView(sub.buffer).setBigUint64(0x60, 2n ** 33n, true)
    const head = pieces.find(([at]) => at === 0)![1]
    new DataView(head.buffer).setUint32(0x1b4, 2 ** 19, true)
    expect(readKdumpHeader(file, new Warnings())).toMatchObject({ blocks: 2 ** 33, pageBitmap: { offset: 8192 + 2 ** 30, bytes: 2 ** 30 } })
  })
})

describe('damaged headers', () => {
  const good = kdumpFile(pages)
  const source = (bytes: Uint8Array): ReturnType<typeof bytesOf> => bytesOf('vmcore', bytes)
  const changed = (at: number, value: number): Uint8Array => {
    const bytes = Uint8Array.from(good)
    new DataView(bytes.buffer).setUint32(at, value, true)
    return bytes
  }
  test('no such file', () => {
    expect(() => readKdumpHeader(source(Buffer.from('hello, world')), new Warnings())).toThrow("vmcore at offset 0x0: not a kdump-compressed file: found 'hello, w', expected 'KDUMP   '")
    expect(() => readKdumpHeader(source(new Uint8Array(0)), new Warnings())).toThrow('found nothing')
  })
  test('cut off', () => {
    expect(() => readKdumpHeader(source(good.subarray(0, 100)), new Warnings())).toThrow('vmcore at offset 0x64: truncated in its header: expected 464 bytes')
    expect(() => readKdumpHeader(source(good.subarray(0, 9000)), new Warnings())).toThrow('vmcore at offset 0x2000: truncated before the end of its bitmaps: found 9000 bytes, expected at least 16384')
    const noBitmap = changed(0x1b4, 0).subarray(0, 4100)
    new DataView(noBitmap.buffer).setUint32(0x1b0, 0, true)
    expect(() => readKdumpHeader(source(noBitmap), new Warnings())).toThrow('vmcore at offset 0x1004: truncated in its sub-header: expected 104 bytes at 4096')
  })
  test('impossible block size or version', () => {
    expect(() => readKdumpHeader(source(changed(0x1ac, 4095)), new Warnings())).toThrow('vmcore at offset 0x8: impossible header: found version 6, block size 4095')
    expect(() => readKdumpHeader(source(changed(8, 0x12345678)), new Warnings())).toThrow('impossible header')
  })
  test('more blocks than any machine has', () => {
    const bytes = Uint8Array.from(good)
    new DataView(bytes.buffer).setBigUint64(4096 + 0x60, 2n ** 40n, true)
    expect(() => readKdumpHeader(source(bytes), new Warnings())).toThrow('vmcore at offset 0x1000: impossible number of blocks: found 1099511627776, expected at most 68719476736')
  })
  test('VMCOREINFO behind the end is unknown, and said', () => {
    const bytes = kdumpFile(pages, { vmcoreinfo: 'OSRELEASE=6.1\n' })
    new DataView(bytes.buffer).setUint32(4096 + 0x20, 0x7fffffff, true)
    const warnings = new Warnings()
    expect(readKdumpHeader(source(bytes), warnings).vmcoreinfo).toBeNull()
    expect(warnings.list()).toEqual([{ message: 'vmcore: VMCOREINFO at offset 0x7fffffff, 14 bytes, lies behind the end of the file', times: 1 }])
  })
})
