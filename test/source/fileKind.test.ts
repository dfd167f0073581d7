import { deflateRawSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { fileKind } from '../../lib/source/fileKind.js'
import { Bytes } from '../builders/bytes.js'
import { elfCore } from '../builders/elfCore.js'
import { flattenedFile } from '../builders/flattened.js'
import { kdumpFile } from '../builders/kdump.js'

const text = (string: string, at = 0): Uint8Array => new Bytes(1024).text(at, string).bytes
const u32 = (value: number): Uint8Array => new Bytes(1024).u32(0, value).bytes

describe('fileKind', () => {
  test.each<[string, Uint8Array, boolean]>([
    ['kdump-compressed', kdumpFile(new Map()), true],
    ['diskdump', kdumpFile(new Map(), { signature: 'DISKDUMP' }), true],
    ['kdump-flattened', flattenedFile([]), true],
    ['elf-core', elfCore([]), true],
    ['elf-core', elfCore([], { machine: 183 }), true],
    ['elf-core', elfCore([], { machine: 22, littleEndian: false }), false],
    ['elf-executable', elfCore([], { type: 2 }), true],
    ['elf-executable', elfCore([], { type: 3 }), true],
    ['elf-object', elfCore([], { type: 1 }), true],
    ['elf', elfCore([], { type: 77 }), false],
    ['elf', elfCore([]).subarray(0, 20), false],
    ['vmware-state', u32(0xbed2bed2), false],
    ['vmware-state', u32(0xbed3bed3), false],
    ['vmware-state', u32(0xbad1bad1), false],
    ['vmware-state', u32(0xbad2bad2), false],
    ['vmware-state', u32(0xbed0bed0), false],
    ['lkcd', new Bytes(1024).u64(0, 0xa8190173618f23edn).bytes, false],
    ['s390-dump', new Bytes(1024, false).u64(0, 0xa8190173618f23fdn).bytes, false],
    ['sadump', text('sadump\0\0'), false],
    ['qemu-savevm', text('QEVM'), false],
    ['libvirt-save', text('LibvirtQemudSave'), false],
    ['libvirt-save', text('LibvirtQemudPart'), false],
    ['qcow2', text('QFI\xfb'), false],
    ['hyperv-state', u32(0x01282014), false],
    ['disk-image', text('vhdxfile'), false],
    ['disk-image', text('KDMV'), false],
    ['lime', new Bytes(1024).u32(0, 0x4c694d45).bytes, false],
    ['avml', new Bytes(1024).u32(0, 0x4c4d5641).bytes, false],
    ['xen-core', u32(0xf00febed), false],
    ['xen-core', u32(0xf00febee), false],
    ['xen-save', text('LinuxGuestRecord'), false],
    ['xen-save', text('Xen saved domain, xl format'), false],
    ['windows-dump', text('PAGEDU64'), false],
    ['windows-dump', text('PAGEDUMP'), false],
    ['windows-dump', text('MDMP'), false],
    ['kernel-image', text('HdrS', 0x202), false],
    ['kernel-image', text('ARM\x64', 0x38), false],
    ['btf', text('\x9f\xeb\x01'), true],
    ['btf', text('\xeb\x9f\x01'), true],
    ['gzip', gzipSync('x'), true],
    ['xz', text('\xfd7zXZ\0'), true],
    ['zstd', text('\x28\xb5\x2f\xfd'), true],
    ['bzip2', text('BZh9'), false],
    ['lz4', text('\x04\x22\x4d\x18'), false],
    ['lzop', text('\x89LZO\0\r\n\x1a\n'), false],
    ['zip', text('PK\x03\x04'), false],
    ['7z', text('7z\xbc\xaf\x27\x1c'), false],
    ['pdf', text('%PDF-1.7'), false],
    ['image', text('\x89PNG'), false],
    ['image', text('\xff\xd8\xff'), false],
    ['zeros', new Uint8Array(4096), false],
    ['empty', new Uint8Array(0), false]
  ])('%s', (kind, head, readable) => {
    const found = fileKind(head)
    expect(found?.kind).toBe(kind)
    expect(found?.readable).toBe(readable)
    // What we can't read is of some use all the same, or at least somebody knows what to do.
    if (!readable && !['elf', 'pdf', 'image'].includes(kind)) expect(found?.hint).toBeTruthy()
  })
  test('a tar archive', () => {
    expect(fileKind(text('ustar', 257))?.kind).toBe('tar')
  })
  test('text, and what has no mark, is none', () => {
    expect(fileKind(Buffer.from('slabinfo - version: 2.1\n'))).toBeUndefined()
    expect(fileKind(deflateRawSync(Buffer.from('hello hello hello')))).toBeUndefined()
    for (let length = 1; length < 16; length++) expect(fileKind(new Uint8Array(length).fill(0x41))).toBeUndefined()
  })
})
