import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { deflateSync } from 'node:zlib'
import { packingFlags } from './packers.js'

const PAGE = 4096
const DESCRIPTOR_BYTES = 24
const DESCRIPTORS = 1 << 16
const DATA_BYTES = 1 << 24
/** In the header: blocks of the sub-header, of the bitmaps, and of memory; in the sub-header: blocks of memory. */
const [SUB_BLOCKS, BITMAP_BLOCKS, BLOCKS, BLOCKS64] = [0x1b0, 0x1b4, 0x1b8, 0x60]

/** Where a page lies in the file: its place, its bytes and how they are packed. Several pages may lie at one. */
export type StoredPage = readonly [at: number, bytes: number, flags: number]

/** Writes a kdump-compressed file of any size: page by page, in the order of their frames, with the headers of another one. */
export class KdumpStream {
  readonly #file: number
  readonly #frames: number
  readonly #bitmap: Buffer
  readonly #head: Buffer
  readonly #descriptors = Buffer.alloc(DESCRIPTORS * DESCRIPTOR_BYTES)
  #pending = 0
  #descriptorsAt = 0
  #data: Buffer[] = []
  #dataBytes = 0
  #dataAt = 0

  /** @param present frames that the file is to hold: bit by bit, the lowest first */
  constructor(source: string, target: string, frames: number, present: Buffer) {
    const input = openSync(source, 'r')
    const read = (at: number, bytes: number): Buffer => {
      const buffer = Buffer.alloc(bytes)
      readSync(input, buffer, 0, bytes, at)
      return buffer
    }
    const subBlocks = read(0, PAGE).readUInt32LE(SUB_BLOCKS)
    this.#head = read(0, (1 + subBlocks) * PAGE)
    closeSync(input)
    this.#frames = frames
    this.#bitmap = Buffer.concat([present], Math.ceil(frames / 8 / PAGE) * PAGE)
    this.#head.writeUInt32LE((2 * this.#bitmap.length) / PAGE, BITMAP_BLOCKS)
    this.#head.writeUInt32LE(Math.min(frames, 0xffffffff), BLOCKS)
    this.#head.writeBigUInt64LE(BigInt(frames), PAGE + BLOCKS64)
    this.#descriptorsAt = this.#head.length + 2 * this.#bitmap.length
    let pages = 0
    for (const byte of present) for (let rest = byte; rest > 0; rest &= rest - 1) pages++
    this.#dataAt = this.#descriptorsAt + pages * DESCRIPTOR_BYTES
    this.#file = openSync(target, 'w')
  }

  /** Packs a page. */
  store(page: Uint8Array): StoredPage {
    const packed = deflateSync(page, { level: 1 })
    const [bytes, flags] = packed.length < page.length ? [packed, packingFlags.zlib] : [Buffer.from(page), packingFlags.raw]
    const at = this.#dataAt + this.#dataBytes
    this.#data.push(bytes)
    this.#dataBytes += bytes.length
    if (this.#dataBytes > DATA_BYTES) this.#flushData()
    return [at, bytes.length, flags]
  }

  /** The next frame of those present. */
  add([at, bytes, flags]: StoredPage): void {
    const place = this.#pending * DESCRIPTOR_BYTES
    this.#descriptors.writeBigUInt64LE(BigInt(at), place)
    this.#descriptors.writeUInt32LE(bytes, place + 8)
    this.#descriptors.writeUInt32LE(flags, place + 12)
    if (++this.#pending === DESCRIPTORS) this.#flushDescriptors()
  }

  close(): void {
    this.#flushDescriptors()
    this.#flushData()
    this.#write(this.#head, 0)
    this.#write(Buffer.alloc(this.#bitmap.length, 0xff, 'latin1').fill(0, Math.ceil(this.#frames / 8)), this.#head.length)
    this.#write(this.#bitmap, this.#head.length + this.#bitmap.length)
    closeSync(this.#file)
  }

  #flushDescriptors(): void {
    const bytes = this.#pending * DESCRIPTOR_BYTES
    this.#write(this.#descriptors.subarray(0, bytes), this.#descriptorsAt)
    this.#descriptorsAt += bytes
    this.#pending = 0
  }

  #flushData(): void {
    this.#write(Buffer.concat(this.#data), this.#dataAt)
    this.#dataAt += this.#dataBytes
    this.#data = []
    this.#dataBytes = 0
  }

  #write(bytes: Buffer, at: number): void {
    for (let done = 0; done < bytes.length;) done += writeSync(this.#file, bytes, done, bytes.length - done, at + done)
  }
}
