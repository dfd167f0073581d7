import { describe, expect, test } from 'vitest'
import { bytesOf } from '../../lib/source/bytes.js'
import { readElfCore, readElfHeader, type ElfCore } from '../../lib/source/elfCore.js'
import { Warnings } from '../../lib/warnings.js'
import { elfCore, type ElfOptions, type ElfPiece } from '../builders/elfCore.js'

const pieces: ElfPiece[] = [
  { physical: 0x1000, data: new Uint8Array(4096) },
  { physical: 0x100000, data: new Uint8Array(8192), memoryBytes: 65536, virtual: -1n },
  { physical: 2 ** 45, data: new Uint8Array(10) }
]

function read(options: ElfOptions = {}, given = pieces, warnings = new Warnings()): ElfCore {
  return readElfCore(bytesOf('core', elfCore(given, options)), warnings)
}

describe('readElfCore', () => {
  test.each([[true, false], [false, false], [true, true], [false, true]])('64 bits, little-endian: %s, headers last: %s', (littleEndian, headersLast) => {
    const core = read({ littleEndian, headersLast, notes: [{ name: 'CORE', content: 'x' }] })
    expect(core).toMatchObject({ littleEndian, pointerBytes: 8, type: 4, machine: 'x86_64' })
    expect(core.segments.map(({ physical, fileBytes, memoryBytes }) => [physical, fileBytes, memoryBytes]))
      .toEqual([[0x1000, 4096, 4096], [0x100000, 8192, 65536], [2 ** 45, 10, 10]])
    expect(core.notes).toHaveLength(1)
  })
  test('32 bits', () => {
    const core = read({ bits: 32, machine: 40, notes: [{ name: 'CORE', content: 'x' }] }, pieces.slice(0, 2))
    expect(core).toMatchObject({ pointerBytes: 4, machine: 'arm', programHeaders: { count: 3, bytes: 32 } })
    expect(core.segments.map(({ physical, fileBytes, memoryBytes }) => [physical, fileBytes, memoryBytes])).toEqual([[0x1000, 4096, 4096], [0x100000, 8192, 65536]])
  })
  test.each([32, 64] as const)('the count of program headers in the first section header (%i bits)', (bits) => {
    expect(read({ bits, countInSection: true }, pieces.slice(0, 2)).segments).toHaveLength(2)
  })
  test('65,600 segments', () => {
    const many = Array.from({ length: 65_600 }, (_, i) => ({ physical: i * 4096, data: new Uint8Array(1) }))
    const core = read({ countInSection: true }, many)
    expect(core.segments).toHaveLength(65_600)
    expect(core.segments[65_599].physical).toBe(65_599 * 4096)
  })
  test('segments without a physical address are none', () => {
    expect(read({}, [{ physical: -1n, data: new Uint8Array(1) }, { physical: 0, data: new Uint8Array(0) }, ...pieces]).segments).toHaveLength(3)
  })
})

describe('damaged ELF files', () => {
  test('none', () => {
    expect(() => readElfHeader(bytesOf('core', Buffer.from('hello')))).toThrow('core at offset 0x0: not an ELF file')
    expect(() => readElfHeader(bytesOf('core', elfCore([]).subarray(0, 40)))).toThrow('core at offset 0x28: truncated in its ELF header')
    expect(() => readElfHeader(bytesOf('core', Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 3, 1])))).toThrow('impossible ELF header: found class 3, byte order 1')
  })
  test('no core', () => {
    expect(() => read({ type: 2 })).toThrow('core at offset 0x10: an ELF file that is no core dump: found type 2, expected type 4')
  })
  test('a machine without a name', () => {
    expect(read({ machine: 999 }).machine).toBe('machine 999')
  })
  test('cut off inside the program headers', () => {
    const warnings = new Warnings()
    const core = readElfCore(bytesOf('core', elfCore(pieces).subarray(0, 64 + 56 + 20)), warnings)
    expect(core.segments).toHaveLength(1)
    expect(warnings.list()).toEqual([{ message: 'core: only 1 of its 3 program headers are in the file', times: 1 }])
  })
  test('program headers too small, or counted behind the end', () => {
    const small = elfCore(pieces)
    new DataView(small.buffer).setUint16(54, 8, true)
    expect(() => readElfCore(bytesOf('core', small), new Warnings())).toThrow('impossible program headers: found 8 bytes each, expected at least 56')
    const far = elfCore(pieces)
    new DataView(far.buffer).setUint16(56, 0xffff, true)
    new DataView(far.buffer).setBigUint64(40, 1n << 40n, true)
    expect(() => readElfCore(bytesOf('core', far), new Warnings())).toThrow('core at offset 0x10000000000: the count of program headers lies behind the end of the file')
  })
  test('a segment beyond all memory is left out', () => {
    const warnings = new Warnings()
    expect(read({}, [{ physical: 2n ** 60n, data: new Uint8Array(1) }], warnings).segments).toEqual([])
    expect(warnings.list()[0].message).toBe('core: a segment beyond all memory, at 0x1000000000000000, was left out')
  })
  test('a count of four milliards in a small file', () => {
    const bytes = elfCore(pieces, { countInSection: true })
    new DataView(bytes.buffer).setUint32(64 + 44, 0xffffffff, true)
    const warnings = new Warnings()
    expect(readElfCore(bytesOf('core', bytes), warnings).segments.length).toBeGreaterThanOrEqual(3)
    expect(warnings.list()[0].message).toContain('of its 4294967295')
  })
})
