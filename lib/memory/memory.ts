import { FaultError, type FaultReason } from '../errors.js'

/**
 * A machine's physical memory as a dump holds it, by page frame. Frames are of the guest's page, whatever the dump's own block is.
 * A page of zeros is a page; one that is missing says why.
 */
export interface PhysicalMemory {
  readonly pageBytes: number
  /** One past the highest frame that the file knows of. */
  readonly frames: number
  /**
   * The bytes of a frame (a view into a bounded cache: valid until the next call, not to be written; it starts at a multiple of 8 bytes
   * of its buffer), or why there are none.
   * `absent`: no RAM there, or a part of the dump is missing. `excluded`: RAM that the dump tool left out.
   */
  page(frame: number): Uint8Array | FaultReason
  /** As {@link page} for linear passes, which would fill the cache with what is used once: see scanPages. */
  peek?(frame: number): Uint8Array | FaultReason
  /** Tells that every page will be asked for: other threads may start to decompress them. */
  readAhead?(): void
  /** Tells that these frames will be read in this order: other threads may decompress ahead. Returns what ends the pass. */
  startPass?(runs: readonly { start: number; end: number }[]): () => void
  /** Whether the file holds the frame, without reading it. */
  has(frame: number): boolean
  /** Runs of frames present in the file, in order: for linear scans. */
  presentRuns(): Iterable<{ start: number; end: number }>
}

/**
 * Memory by kernel virtual address: a dump's pages behind its page tables, or the sparse words that a crash session printed.
 * Addresses are canonical unsigned 64-bit values.
 */
export interface Memory {
  readonly littleEndian: boolean
  readonly pointerBytes: 4 | 8
  /** The bytes, or why the first unreadable one is missing. Never partly filled. */
  tryRead(address: bigint, bytes: number): Uint8Array | FaultReason
  /**
   * For many objects at once: `bytes` of each address into `out` (row i at i * bytes), `present[i]` 1 where all of them were readable.
   * Rows that were not are zero and `present[i]` is 0.
   */
  readMany(addresses: BigUint64Array, bytes: number, out: Uint8Array, present: Uint8Array): void
  /**
   * For memory that holds only words somebody printed: the stretches it holds (`end` exclusive), in address order, none touching another.
   * It spares asking for each word of a million listed objects of which three were read. Undefined for a dump.
   */
  heldRuns?(): Iterable<{ start: bigint; end: bigint }>
}

/** Reads `bytes` at `address`. @throws FaultError where any of them is missing. */
export function readBytes(memory: Memory, address: bigint, bytes: number, what?: string): Uint8Array {
  const found = memory.tryRead(address, bytes)
  if (typeof found === 'string') throw new FaultError(address, found, what)
  return found
}

/** An unsigned 64-bit word in the machine's byte order. @throws FaultError */
export function readU64(memory: Memory, address: bigint, what?: string): bigint {
  const bytes = readBytes(memory, address, 8, what)
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, memory.littleEndian)
}

/** An unsigned 32-bit word in the machine's byte order. @throws FaultError */
export function readU32(memory: Memory, address: bigint, what?: string): number {
  const bytes = readBytes(memory, address, 4, what)
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, memory.littleEndian)
}

/** A pointer of the machine's size. @throws FaultError */
export function readPointer(memory: Memory, address: bigint, what?: string): bigint {
  return memory.pointerBytes === 8 ? readU64(memory, address, what) : BigInt(readU32(memory, address, what))
}

/**
 * A NUL-terminated string of at most `limit` bytes, read up to the first missing byte's page. @throws FaultError where not even
 * its first byte is readable.
 */
export function readCString(memory: Memory, address: bigint, limit = 256, what?: string): string {
  const parts: Uint8Array[] = []
  let length = 0
  while (length < limit) {
    // In pieces that no page boundary cuts, and no longer than most names; where a piece is not whole, byte by byte.
    const at = address + BigInt(length)
    const piece = Math.min(limit - length, NAME_BYTES - Number(at % BigInt(NAME_BYTES)))
    let found = memory.tryRead(at, piece)
    if (typeof found === 'string') found = memory.tryRead(at, 1)
    if (typeof found === 'string') {
      if (length === 0) throw new FaultError(address, found, what)
      break
    }
    const end = found.indexOf(0)
    parts.push((end < 0 ? found : found.subarray(0, end)).slice())
    length += end < 0 ? found.length : end
    if (end >= 0) break
  }
  return Buffer.concat(parts).toString('latin1')
}

const NAME_BYTES = 32
