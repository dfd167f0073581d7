import type { ByteSource } from '../../lib/source/bytes.js'
import { randomFrom } from './random.js'

/** Writes numbers of a machine's byte order at fixed places. */
export class Bytes {
  readonly bytes: Uint8Array
  readonly view: DataView

  constructor(length: number, readonly littleEndian = true) {
    this.bytes = new Uint8Array(length)
    this.view = new DataView(this.bytes.buffer)
  }

  u16(at: number, value: number): this {
    this.view.setUint16(at, value, this.littleEndian)
    return this
  }

  u32(at: number, value: number): this {
    this.view.setUint32(at, value, this.littleEndian)
    return this
  }

  u64(at: number, value: number | bigint): this {
    this.view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), this.littleEndian)
    return this
  }

  text(at: number, text: string): this {
    this.bytes.set(Buffer.from(text, 'latin1'), at)
    return this
  }

  put(at: number, bytes: Uint8Array): this {
    this.bytes.set(bytes, at)
    return this
  }
}

/** Bytes of which most are zero, at any offset: files of many gigabytes that take no memory. Later pieces win. */
export function sparseSource(name: string, byteLength: number, pieces: readonly (readonly [number, Uint8Array])[]): ByteSource {
  return {
    name,
    byteLength,
    read(offset, length) {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, byteLength - offset)))
      for (const [at, piece] of pieces) {
        const from = Math.max(offset, at)
        const to = Math.min(offset + bytes.length, at + piece.length)
        if (from < to) bytes.set(piece.subarray(from - at, to - at), from - offset)
      }
      return bytes
    }
  }
}

/** A page that compresses a little, different for each number. */
export function samplePage(number: number, bytes = 4096): Uint8Array {
  const random = randomFrom(number + 1)
  const page = new Uint8Array(bytes)
  for (let i = 0; i < bytes;) {
    const run = 1 + Math.floor(random() * 24)
    const value = Math.floor(random() * 256)
    for (let j = 0; j < run && i < bytes; j++) page[i++] = random() < 0.25 ? Math.floor(random() * 256) : value
  }
  return page
}
