import { FormatError } from '../errors.js'
import type { Warnings } from '../warnings.js'
import type { ByteSource } from './bytes.js'
import { cString, u64, viewOf } from './view.js'

/** Bits of `status` in the header and of `flags` in a page descriptor (makedumpfile diskdump_mod.h). */
export const COMPRESSED_ZLIB = 0x1
export const COMPRESSED_LZO = 0x2
export const COMPRESSED_SNAPPY = 0x4
export const STATUS_INCOMPLETE = 0x8
export const STATUS_EXCLUDED_VMEMMAP = 0x10
export const COMPRESSED_ZSTD = 0x20

/** Bytes of a page descriptor: offset, size, flags, page_flags. */
export const DESCRIPTOR_BYTES = 24

/** Part of a file. */
export interface FileRange {
  readonly offset: number
  readonly bytes: number
}

/** The headers of a kdump-compressed file or of one part of a split set (`struct disk_dump_header`, `struct kdump_sub_header`). */
export interface KdumpHeader {
  readonly signature: 'KDUMP' | 'DISKDUMP'
  readonly littleEndian: boolean
  /** Of a C long on the machine that was dumped. */
  readonly longBytes: 4 | 8
  readonly version: number
  /** `uname` of the machine; empty strings where the writer did not know (QEMU fills in the machine only). */
  readonly uname: Readonly<Record<'sysname' | 'nodename' | 'release' | 'version' | 'machine' | 'domainname', string>>
  /** Seconds since 1970, null where the writer left 0. */
  readonly time: number | null
  readonly status: number
  /** The dump's own unit of memory: usually the guest's page, a multiple of it in QEMU's arm64 dumps. */
  readonly blockBytes: number
  /** One past the highest block number. */
  readonly blocks: number
  readonly cpus: number
  /** What makedumpfile was told to leave out (`-d`), null where the file does not say. */
  readonly dumpLevel: number | null
  /** The blocks this part holds, in a split set. */
  readonly split: { readonly start: number; readonly end: number } | null
  /** First bitmap: RAM exists. Null where the file has one bitmap only. */
  readonly ramBitmap: FileRange | null
  /** Bitmap of the blocks in the file (in all parts together). */
  readonly pageBitmap: FileRange
  /** Where the descriptors begin, one per block that this part holds, in order. */
  readonly descriptorsAt: number
  readonly vmcoreinfo: FileRange | null
  readonly notes: FileRange | null
  readonly eraseinfo: FileRange | null
}

const UTSNAME_AT = 0x0c
const UTSNAME_BYTES = 65
const unameFields = ['sysname', 'nodename', 'release', 'version', 'machine', 'domainname'] as const

interface Layout {
  readonly longBytes: 4 | 8
  readonly timeAt: number
  readonly statusAt: number
  readonly sub: Readonly<Record<'dumpLevel' | 'split' | 'start' | 'end' | 'vmcoreinfo' | 'notes' | 'eraseinfo' |
    'start64' | 'end64' | 'blocks64', number>>
}

/** The headers are C structs of the dumped machine: 64-bit; 32-bit with 4-byte aligned off_t (i386); 32-bit with 8-byte aligned (arm). */
const layouts: readonly Layout[] = [
  {
    longBytes: 8, timeAt: 0x198, statusAt: 0x1a8,
    sub: {
      dumpLevel: 0x08, split: 0x0c, start: 0x10, end: 0x18, vmcoreinfo: 0x20, notes: 0x30, eraseinfo: 0x40,
      start64: 0x50, end64: 0x58, blocks64: 0x60
    }
  },
  {
    longBytes: 4, timeAt: 0x194, statusAt: 0x19c,
    sub: {
      dumpLevel: 0x04, split: 0x08, start: 0x0c, end: 0x10, vmcoreinfo: 0x14, notes: 0x20, eraseinfo: 0x2c,
      start64: 0x38, end64: 0x40, blocks64: 0x48
    }
  },
  {
    longBytes: 4, timeAt: 0x194, statusAt: 0x19c,
    sub: {
      dumpLevel: 0x04, split: 0x08, start: 0x0c, end: 0x10, vmcoreinfo: 0x18, notes: 0x28, eraseinfo: 0x38,
      start64: 0x48, end64: 0x50, blocks64: 0x58
    }
  }
]
const HEADER_BYTES = 0x1d0
const SUB_HEADER_BYTES = 0x68
/** The newest format is 6; a later one would add fields behind these. */
const LAST_VERSION = 64
const MIN_BLOCK_BYTES = 512
/** No machine has larger pages than 64 KiB, and the decoders' buffers end here. */
const MAX_BLOCK_BYTES = 1 << 17
/** 256 TiB in blocks of 4 KiB; the largest machines place memory at 64 TiB. */
const MAX_BLOCKS = 2 ** 36

/** The signature at the start of a kdump-compressed or diskdump file, else undefined. */
export function kdumpSignature(head: Uint8Array): 'KDUMP' | 'DISKDUMP' | undefined {
  const text = String.fromCharCode(...head.subarray(0, 8))
  return text === 'KDUMP   ' ? 'KDUMP' : text === 'DISKDUMP' ? 'DISKDUMP' : undefined
}

/** What the parts of one split dump have in common, the same machine, time and size; null where a dump is not split. */
export function splitDumpKey({ split, uname, time, blocks, blockBytes, pageBitmap }: KdumpHeader): string | null {
  return split === null ? null : JSON.stringify([uname, time, blocks, blockBytes, pageBitmap.bytes])
}

/**
 * Reads the headers of a kdump-compressed file; every size in the result lies inside of the file. What is wrong but not needed for the
 * pages (VMCOREINFO or notes behind the end) becomes null, with a warning.
 *
 * @throws FormatError where it is no such file, or its headers or bitmaps are cut off or can't be true
 */
export function readKdumpHeader(source: ByteSource, warnings: Warnings): KdumpHeader {
  const head = source.read(0, HEADER_BYTES)
  const signature = kdumpSignature(head)
  if (signature === undefined) {
    throw new FormatError('not a kdump-compressed file', { source: source.name, offset: 0, found: quoted(head.subarray(0, 8)), expected: "'KDUMP   '" })
  }
  if (head.length < HEADER_BYTES) {
    throw new FormatError('truncated in its header', { source: source.name, offset: head.length, expected: `${HEADER_BYTES} bytes` })
  }
  const view = viewOf(head)
  const place = placeOf(view, source)
  if (place === undefined) {
    throw new FormatError('impossible header', {
      source: source.name, offset: 8, found: `version ${view.getInt32(8, true)}, block size ${view.getInt32(0x1ac, true)}`,
      expected: 'a version from 0 on and a block size that is a power of two'
    })
  }
  const { layout, littleEndian } = place
  const at = layout.statusAt
  const u32 = (offset: number): number => view.getUint32(offset, littleEndian)
  const version = u32(8)
  const blockBytes = u32(at + 4)
  const subBlocks = u32(at + 8)
  const bitmapBytes = u32(at + 12) * blockBytes
  const bitmapAt = (1 + subBlocks) * blockBytes
  if (bitmapAt + bitmapBytes > source.byteLength) {
    throw new FormatError('truncated before the end of its bitmaps', {
      source: source.name, offset: bitmapAt, found: `${source.byteLength} bytes`, expected: `at least ${bitmapAt + bitmapBytes}`
    })
  }
  const sub = signature === 'KDUMP' ? readSub(source, blockBytes, version, place, warnings) : emptySub
  const blocks = Math.max(sub.blocks ?? 0, u32(at + 16))
  if (blocks > MAX_BLOCKS) {
    throw new FormatError('impossible number of blocks', { source: source.name, offset: blockBytes, found: `${blocks}`, expected: `at most ${MAX_BLOCKS}` })
  }
  const bits = bitmapBytes * 8
  // Two bitmaps where both have room for every block (crash and makedumpfile decide by the same comparison).
  const two = blocks * 2 <= bits
  const half = bitmapBytes / 2
  return {
    signature, littleEndian, longBytes: layout.longBytes, version,
    uname: unameOf(head),
    time: timeOf(view, place),
    status: u32(at), blockBytes,
    blocks: Math.min(blocks, two ? half * 8 : bits),
    cpus: u32(at + 0x24),
    dumpLevel: sub.dumpLevel, split: sub.split,
    ramBitmap: two ? { offset: bitmapAt, bytes: half } : null,
    pageBitmap: two ? { offset: bitmapAt + half, bytes: half } : { offset: bitmapAt, bytes: bitmapBytes },
    descriptorsAt: bitmapAt + bitmapBytes,
    vmcoreinfo: sub.vmcoreinfo, notes: sub.notes, eraseinfo: sub.eraseinfo
  }
}

interface Place {
  readonly layout: Layout
  readonly littleEndian: boolean
}

/** Byte order and word size are not written down: the pair under which the header makes sense is taken. */
function placeOf(view: DataView, source: ByteSource): Place | undefined {
  for (const littleEndian of [true, false]) {
    const version = view.getInt32(8, littleEndian)
    if (version < 0 || version > LAST_VERSION) continue
    for (const layout of layouts) {
      const blockBytes = view.getInt32(layout.statusAt + 4, littleEndian)
      if (blockBytes < MIN_BLOCK_BYTES || blockBytes > MAX_BLOCK_BYTES || (blockBytes & (blockBytes - 1)) !== 0) continue
      const subBlocks = view.getUint32(layout.statusAt + 8, littleEndian)
      if (subBlocks > 0x10000) continue
      const place = { layout, littleEndian }
      if (layout.longBytes === 8 || subRangesFit(source, blockBytes, version, place)) return place
    }
  }
  return undefined
}

/** Tells the two 32-bit layouts apart: only in the right one do the ranges lie inside of the file. */
function subRangesFit(source: ByteSource, blockBytes: number, version: number, { layout, littleEndian }: Place): boolean {
  const view = viewOf(source.read(blockBytes, SUB_HEADER_BYTES))
  if (version < 3 || view.byteLength < SUB_HEADER_BYTES) return true
  const offset = u64(view, layout.sub.vmcoreinfo, littleEndian)
  const bytes = view.getUint32(layout.sub.vmcoreinfo + 8, littleEndian)
  return offset === 0 ? bytes === 0 : offset >= blockBytes && offset + bytes <= source.byteLength
}

interface SubHeader {
  readonly dumpLevel: number | null
  readonly split: { readonly start: number; readonly end: number } | null
  readonly blocks: number | null
  readonly vmcoreinfo: FileRange | null
  readonly notes: FileRange | null
  readonly eraseinfo: FileRange | null
}

const emptySub: SubHeader = { dumpLevel: null, split: null, blocks: null, vmcoreinfo: null, notes: null, eraseinfo: null }

function readSub(source: ByteSource, blockBytes: number, version: number, { layout, littleEndian }: Place, warnings: Warnings): SubHeader {
  const bytes = source.read(blockBytes, SUB_HEADER_BYTES)
  if (bytes.length < SUB_HEADER_BYTES) {
    throw new FormatError('truncated in its sub-header', { source: source.name, offset: source.byteLength, expected: `${SUB_HEADER_BYTES} bytes at ${blockBytes}` })
  }
  const view = viewOf(bytes)
  const { sub, longBytes } = layout
  const long = (offset: number): number => (longBytes === 8 ? u64(view, offset, littleEndian) : view.getUint32(offset, littleEndian))
  const range = (since: number, offset: number, what: string): FileRange | null => {
    if (version < since) return null
    const found = { offset: u64(view, offset, littleEndian), bytes: long(offset + 8) }
    if (found.offset === 0 || found.bytes === 0) return null
    if (found.offset + found.bytes <= source.byteLength) return found
    warnings.add(`${source.name}: ${what} at offset 0x${found.offset.toString(16)}, ${found.bytes} bytes, lies behind the end of the file`)
    return null
  }
  const wide = version >= 6
  const isSplit = version >= 2 && view.getInt32(sub.split, littleEndian) !== 0
  return {
    dumpLevel: version >= 1 ? view.getInt32(sub.dumpLevel, littleEndian) : null,
    split: !isSplit ? null
      : wide ? { start: u64(view, sub.start64, littleEndian), end: u64(view, sub.end64, littleEndian) }
        : { start: long(sub.start), end: long(sub.end) },
    blocks: wide ? u64(view, sub.blocks64, littleEndian) : null,
    vmcoreinfo: range(3, sub.vmcoreinfo, 'VMCOREINFO'),
    notes: range(4, sub.notes, 'its notes'),
    eraseinfo: range(5, sub.eraseinfo, 'its list of erased data')
  }
}

function unameOf(head: Uint8Array): KdumpHeader['uname'] {
  const text = (i: number): string => cString(head.subarray(UTSNAME_AT + i * UTSNAME_BYTES, UTSNAME_AT + (i + 1) * UTSNAME_BYTES))
  return Object.fromEntries(unameFields.map((name, i) => [name, text(i)])) as KdumpHeader['uname']
}

function timeOf(view: DataView, { layout, littleEndian }: Place): number | null {
  const seconds = layout.longBytes === 8 ? u64(view, layout.timeAt, littleEndian) : view.getUint32(layout.timeAt, littleEndian)
  return seconds > 0 && seconds < 2 ** 40 ? seconds : null
}

function quoted(bytes: Uint8Array): string {
  return bytes.length === 0 ? 'nothing' : `'${Buffer.from(bytes).toString('latin1').replace(/[^\x20-\x7e]/g, '.')}'`
}
