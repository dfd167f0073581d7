import { Bytes } from './bytes.js'
import { pack, packingFlags, type Packing } from './packers.js'

/** A page of a dump: its bytes and how they are packed; or a descriptor that is given as it is. */
export interface KdumpPage {
  readonly data?: Uint8Array
  readonly packing?: Packing
  /** Replaces parts of the descriptor that would be right. */
  readonly descriptor?: { readonly offset?: number; readonly bytes?: number; readonly flags?: number }
  /** Replaces the packed bytes. */
  readonly packed?: Uint8Array
}

export interface KdumpOptions {
  readonly signature?: string
  readonly version?: number
  readonly littleEndian?: boolean
  readonly layout?: '64' | 'i386' | 'arm'
  readonly blockBytes?: number
  /** One past the highest block; the pages' unless given. */
  readonly blocks?: number
  /** Further blocks that are RAM and not in the file. */
  readonly excluded?: readonly number[]
  readonly oneBitmap?: boolean
  readonly uname?: Partial<Record<'sysname' | 'nodename' | 'release' | 'version' | 'machine' | 'domainname', string>>
  readonly time?: number
  readonly status?: number
  readonly dumpLevel?: number
  readonly split?: { readonly start: number; readonly end: number }
  readonly vmcoreinfo?: string
  readonly notes?: Uint8Array
  readonly eraseinfo?: string
  /** Where the packed pages begin; right behind the descriptors unless given (a sparse file is what a far one needs). */
  readonly dataAt?: number
}

const subLayouts = {
  '64': { level: 8, split: 0xc, start: 0x10, end: 0x18, vmcoreinfo: 0x20, notes: 0x30, erase: 0x40, start64: 0x50, end64: 0x58, blocks64: 0x60 },
  i386: { level: 4, split: 8, start: 0xc, end: 0x10, vmcoreinfo: 0x14, notes: 0x20, erase: 0x2c, start64: 0x38, end64: 0x40, blocks64: 0x48 },
  arm: { level: 4, split: 8, start: 0xc, end: 0x10, vmcoreinfo: 0x18, notes: 0x28, erase: 0x38, start64: 0x48, end64: 0x50, blocks64: 0x58 }
}

/** Pieces of a kdump-compressed file, each with its offset: for files with holes. */
export function kdumpPieces(pages: ReadonlyMap<number, KdumpPage>, options: KdumpOptions = {}): { pieces: [number, Uint8Array][]; byteLength: number } {
  const { littleEndian = true, layout = '64', blockBytes = 4096, version = 6 } = options
  const numbers = [...pages.keys()].sort((a, b) => a - b)
  const blocks = options.blocks ?? Math.max(0, ...numbers, ...(options.excluded ?? [])) + 1
  const long = layout === '64' ? 8 : 4
  const pieces: [number, Uint8Array][] = []

  // The file: header, sub-header with its texts behind it, bitmaps, descriptors, pages.
  const texts: [keyof typeof subLayouts['64'], Uint8Array | undefined][] = [
    ['vmcoreinfo', options.vmcoreinfo === undefined ? undefined : Buffer.from(options.vmcoreinfo, 'latin1')],
    ['notes', options.notes],
    ['erase', options.eraseinfo === undefined ? undefined : Buffer.from(options.eraseinfo, 'latin1')]
  ]
  const sub = new Bytes(0x68, littleEndian)
  const fields = subLayouts[layout]
  const number = (at: number, value: number): unknown => (long === 8 ? sub.u64(at, value) : sub.u32(at, value))
  let textAt = blockBytes + 0x68
  for (const [field, bytes] of texts) {
    if (bytes === undefined) continue
    sub.u64(fields[field], textAt)
    number(fields[field] + 8, bytes.length)
    pieces.push([textAt, bytes])
    textAt += bytes.length
  }
  const subBlocks = Math.ceil((textAt - blockBytes) / blockBytes)
  sub.u32(fields.level, options.dumpLevel ?? 31)
  if (options.split) {
    sub.u32(fields.split, 1)
    number(fields.start, options.split.start)
    number(fields.end, options.split.end)
    if (version >= 6) sub.u64(fields.start64, options.split.start).u64(fields.end64, options.split.end)
  }
  if (version >= 6) sub.u64(fields.blocks64, blocks)
  pieces.push([blockBytes, sub.bytes])

  const halfBlocks = Math.ceil(Math.ceil(blocks / 8) / blockBytes)
  const bitmapAt = (1 + subBlocks) * blockBytes
  const half = halfBlocks * blockBytes
  const bitmap = new Uint8Array(half)
  for (const block of numbers) bitmap[block >> 3] |= 1 << (block & 7)
  const ram = Uint8Array.from(bitmap)
  for (const block of options.excluded ?? []) ram[block >> 3] |= 1 << (block & 7)
  // One bitmap only is told by its size: it has no room for the blocks twice.
  const bitmapBlocks = options.oneBitmap ? halfBlocks : 2 * halfBlocks
  if (!options.oneBitmap) pieces.push([bitmapAt, ram])
  pieces.push([bitmapAt + (options.oneBitmap ? 0 : half), bitmap])

  const descriptorsAt = bitmapAt + bitmapBlocks * blockBytes
  const { start = 0, end = blocks } = options.split ?? {}
  const own = numbers.filter((block) => block >= start && block < end)
  const descriptors = new Bytes(own.length * 24, littleEndian)
  let dataAt = options.dataAt ?? descriptorsAt + descriptors.bytes.length
  own.forEach((block, i) => {
    const { data = new Uint8Array(blockBytes), packing = 'raw', packed = pack(packing, data), descriptor = {} } = pages.get(block)!
    descriptors.u64(i * 24, descriptor.offset ?? dataAt).u32(i * 24 + 8, descriptor.bytes ?? packed.length)
      .u32(i * 24 + 12, descriptor.flags ?? packingFlags[packing])
    pieces.push([dataAt, packed])
    dataAt += packed.length
  })
  pieces.push([descriptorsAt, descriptors.bytes])

  const head = new Bytes(0x1d0, littleEndian).text(0, options.signature ?? 'KDUMP   ').u32(8, version)
  ;(['sysname', 'nodename', 'release', 'version', 'machine', 'domainname'] as const).forEach((name, i) => head.text(0xc + i * 65, options.uname?.[name] ?? ''))
  const status = layout === '64' ? 0x1a8 : 0x19c
  if (layout === '64') head.u64(0x198, options.time ?? 0)
  else head.u32(0x194, options.time ?? 0)
  head.u32(status, options.status ?? 0).u32(status + 4, blockBytes).u32(status + 8, subBlocks).u32(status + 12, bitmapBlocks)
    .u32(status + 16, Math.min(blocks, 0xffffffff)).u32(status + 0x24, 1)
  pieces.push([0, head.bytes])
  return { pieces, byteLength: Math.max(...pieces.map(([at, bytes]) => at + bytes.length)) }
}

/** A kdump-compressed file of the given pages, by block number. */
export function kdumpFile(pages: ReadonlyMap<number, KdumpPage>, options: KdumpOptions = {}): Uint8Array {
  const { pieces, byteLength } = kdumpPieces(pages, options)
  const file = new Uint8Array(byteLength)
  for (const [at, bytes] of pieces) file.set(bytes, at)
  return file
}
