import type { FaultReason } from '../../errors.js'
import type { ByteSource } from '../../source/bytes.js'
import type { Decode } from '../../source/codec/codec.js'
import { decodeLzo } from '../../source/codec/lzo.js'
import { decodeSnappy } from '../../source/codec/snappy.js'
import { decodeZlib } from '../../source/codec/zlib.js'
import { decodeZstd } from '../../source/codec/zstd.js'
import { COMPRESSED_LZO, COMPRESSED_SNAPPY, COMPRESSED_ZLIB, COMPRESSED_ZSTD, type KdumpHeader } from '../../source/kdumpHeader.js'
import { ReadAhead } from '../../source/readAhead.js'
import type { Warnings } from '../../warnings.js'
import type { BlockStore, Run } from './blockStore.js'
import { FrameBitmap } from './frameBitmap.js'
import { PageDescriptors } from './pageDescriptors.js'

const COMPRESSED = COMPRESSED_ZLIB | COMPRESSED_LZO | COMPRESSED_SNAPPY | COMPRESSED_ZSTD
const decoders: Readonly<Record<number, Decode>> = {
  0: decodeRaw,
  [COMPRESSED_ZLIB]: decodeZlib,
  [COMPRESSED_LZO]: decodeLzo,
  [COMPRESSED_SNAPPY]: decodeSnappy,
  [COMPRESSED_ZSTD]: decodeZstd
}

/** Pages at the end of a dump that tell whether it was cut off. */
const LAST_PAGES = 512

/** One file of a dump: all of it, or one part of a split set. */
export interface KdumpPart {
  readonly source: ByteSource
  readonly header: KdumpHeader
}

interface OpenPart {
  readonly source: ByteSource
  readonly start: number
  readonly end: number
  readonly firstRank: number
  readonly descriptors: PageDescriptors
  readonly data: ReadAhead
}

/** The blocks of a kdump-compressed dump, from one file or from the parts of a split set in order ({@link joinParts}). */
export class KdumpBlocks implements BlockStore {
  readonly blockBytes: number
  readonly blocks: number
  readonly #parts: OpenPart[]
  readonly #pages: FrameBitmap
  readonly #first: KdumpPart
  readonly #warnings: Warnings
  #ram: FrameBitmap | undefined

  constructor(parts: readonly KdumpPart[], warnings: Warnings) {
    this.#first = parts[0]
    this.#warnings = warnings
    const { header, source } = this.#first
    this.blockBytes = header.blockBytes
    this.blocks = header.blocks
    this.#pages = new FrameBitmap(source, header.pageBitmap, header.blocks)
    this.#parts = parts.map((part) => {
      const { start, end } = part.header.split ?? { start: 0, end: header.blocks }
      return {
        source: part.source, start, end,
        firstRank: this.#pages.rank(start),
        descriptors: new PageDescriptors(part.source, part.header.descriptorsAt, part.header.littleEndian),
        data: new ReadAhead(part.source)
      }
    })
    for (const part of this.#parts) this.#sayCutOff(part)
  }

  has(block: number): boolean {
    return this.#pages.has(block) && this.#partOf(block) !== undefined
  }

  read(block: number, target: Uint8Array): FaultReason | undefined {
    if (!this.#pages.has(block)) return this.#whyMissing(block)
    const part = this.#partOf(block)
    if (part === undefined) return 'absent'
    const { descriptors, source } = part
    if (!descriptors.find(this.#pages.rank(block) - part.firstRank)) return this.#behindEnd(source)
    const { offset, bytes, flags } = descriptors
    if (offset === 0 || bytes === 0) {
      this.#warnings.add(`${source.name}: pages whose descriptors name no data`)
      return 'absent'
    }
    if (offset + bytes > source.byteLength) return this.#behindEnd(source)
    if (source.holds?.(offset, bytes) === false) return 'absent'
    const decode = decoders[flags & COMPRESSED] as Decode | undefined
    if (decode === undefined) return this.#corrupt(source, offset, `unknown compression 0x${flags.toString(16)}`)
    // Few writers keep a block that compression made larger, and none makes it much larger.
    if (bytes > this.blockBytes * 2) return this.#corrupt(source, offset, `${bytes} bytes for a block of ${this.blockBytes}`)
    const packed = part.data.view(offset, bytes)
    if (packed.length < bytes) return this.#behindEnd(source)
    return decode(packed, target) ? undefined : this.#corrupt(source, offset, `${bytes} bytes that do not give a block`)
  }

  *presentRuns(): Generator<Run> {
    for (const run of this.#pages.runs()) {
      let start = run.start
      let end = run.start
      for (const part of this.#parts) {
        if (part.start >= run.end || part.end <= end) continue
        if (part.start > end) {
          if (start < end) yield { start, end }
          start = part.start
        }
        end = Math.min(run.end, part.end)
      }
      if (start < end) yield { start, end }
    }
  }

  /**
   * Pages are written in their order, so a file that was cut off lacks the last ones. More than one is looked at: pages of zeros share
   * data near the start.
   */
  #sayCutOff({ source, end, firstRank, descriptors }: OpenPart): void {
    const pages = this.#pages.rank(end) - firstRank
    for (let last = pages - 1; last >= Math.max(0, pages - LAST_PAGES); last--) {
      if (descriptors.find(last) && descriptors.offset + descriptors.bytes <= source.byteLength) continue
      this.#behindEnd(source)
      return
    }
  }

  #partOf(block: number): OpenPart | undefined {
    for (const part of this.#parts) if (block >= part.start && block < part.end) return part
    return undefined
  }

  /** RAM that is not in the file was excluded; where one bitmap is all there is, the dump is whole and what it lacks is no RAM. */
  #whyMissing(block: number): FaultReason {
    const { source, header } = this.#first
    if (header.ramBitmap === null) return 'absent'
    this.#ram ??= new FrameBitmap(source, header.ramBitmap, header.blocks)
    return this.#ram.has(block) ? 'excluded' : 'absent'
  }

  #behindEnd(source: ByteSource): FaultReason {
    this.#warnings.lose(`${source.name}: pages whose data lie behind the end of the file (${source.byteLength} bytes)`)
    return 'absent'
  }

  #corrupt(source: ByteSource, offset: number, what: string): FaultReason {
    this.#warnings.add(`${source.name}: corrupt page at offset 0x${offset.toString(16)}: ${what}`)
    return 'corrupt'
  }
}

function decodeRaw(packed: Uint8Array, target: Uint8Array): boolean {
  if (packed.length !== target.length) return false
  target.set(packed)
  return true
}
