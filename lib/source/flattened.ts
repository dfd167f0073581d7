import { FormatError } from '../errors.js'
import { Growing } from '../util/growing.js'
import { intervalAt, intervalsCover, paintIntervals, type PaintedIntervals } from '../util/intervals.js'
import { Turn } from '../util/turn.js'
import type { Warnings } from '../warnings.js'
import type { ByteSource } from './bytes.js'
import { readInto } from './readAhead.js'
import { viewOf } from './view.js'

/*
 * makedumpfile's flattened format (`-F`, also what QEMU writes for kdump-*): a file as a stream of records, each with the offset it
 * belongs to. All numbers are big-endian whatever the machine (makedumpfile.h, struct makedumpfile_header and makedumpfile_data_header).
 */

const SIGNATURE = 'makedumpfile\0\0\0\0'
const HEADER_BYTES = 4096
const RECORD_HEADER_BYTES = 16
/** Header bytes read at once: records are large, and what follows a record's header is its data. */
const WINDOW = 4096
/** Records whose index fits into memory; QEMU writes about one for 16 KiB. */
const MOST_RECORDS = 1 << 25

/** Whether a file starts as a flattened one. */
export function isFlattened(head: Uint8Array): boolean {
  return String.fromCharCode(...head.subarray(0, SIGNATURE.length)) === SIGNATURE
}

export interface ReadFlattenedOptions {
  readonly signal?: AbortSignal
  /** Bytes of the flattened file looked through so far, and in all. */
  readonly onProgress?: (done: number, total: number) => void
}

/**
 * The file inside of a flattened file, for reads anywhere in it: the records are indexed, nothing is copied. A record written later
 * wins over earlier ones. What no record wrote reads as zeros, and `holds` tells it apart.
 *
 * @throws FormatError where it is no flattened file, or a record can't be true
 */
export async function readFlattened(source: ByteSource, warnings: Warnings, options: ReadFlattenedOptions = {}): Promise<ByteSource> {
  const head = source.read(0, 32)
  if (!isFlattened(head)) throw new FormatError('not a flattened file', { source: source.name, offset: 0, expected: "'makedumpfile'" })
  const headView = viewOf(head)
  const type = head.length < 32 ? 0n : headView.getBigInt64(16)
  const version = head.length < 32 ? 0n : headView.getBigInt64(24)
  if (type !== 1n || version !== 1n) {
    throw new FormatError('unknown kind of flattened file', { source: source.name, offset: 16, found: `type ${type}, version ${version}`, expected: 'type 1, version 1' })
  }
  const records = await readRecords(source, warnings, options)
  return new Unflattened(source, records.filePositions, paintIntervals(records.starts, records.ends), records.starts)
}

interface Records {
  readonly starts: Float64Array
  readonly ends: Float64Array
  readonly filePositions: Float64Array
}

async function readRecords(source: ByteSource, warnings: Warnings, { signal, onProgress }: ReadFlattenedOptions): Promise<Records> {
  const starts = new Growing(Float64Array, 1024)
  const ends = new Growing(Float64Array, 1024)
  const filePositions = new Growing(Float64Array, 1024)
  const window = new Uint8Array(WINDOW)
  const view = viewOf(window)
  const turn = new Turn(signal)
  let windowAt = 0
  let windowEnd = 0
  let at = HEADER_BYTES
  while (true) {
    if (at + RECORD_HEADER_BYTES > windowEnd || at < windowAt) {
      windowAt = at
      windowEnd = at + readInto(source, at, window, WINDOW)
      if (at + RECORD_HEADER_BYTES > windowEnd) {
        warnings.lose(`${source.name}: the flattened file ends at offset 0x${source.byteLength.toString(16)} without its end mark: it was cut off`)
        break
      }
    }
    const offset = view.getBigInt64(at - windowAt)
    const bytes = view.getBigInt64(at - windowAt + 8)
    if (offset === -1n && bytes === -1n) break
    if (offset < 0n || bytes < 0n || offset + bytes > Number.MAX_SAFE_INTEGER) {
      throw new FormatError('impossible record of a flattened file', { source: source.name, offset: at, found: `offset ${offset}, size ${bytes}` })
    }
    at += RECORD_HEADER_BYTES
    const available = Math.min(Number(bytes), Math.max(0, source.byteLength - at))
    if (starts.length >= MOST_RECORDS) {
      throw new FormatError('too many records to index', { source: source.name, offset: at, expected: `at most ${MOST_RECORDS}; makedumpfile -R makes a plain dump of it` })
    }
    starts.push(Number(offset))
    ends.push(Number(offset) + available)
    filePositions.push(at)
    at += Number(bytes)
    if (turn.over) {
      onProgress?.(Math.min(at, source.byteLength), source.byteLength)
      await turn.yield()
    }
  }
  return { starts: starts.taken(), ends: ends.taken(), filePositions: filePositions.taken() }
}

class Unflattened implements ByteSource {
  readonly name: string
  readonly byteLength: number
  readonly #source: ByteSource
  readonly #painted: PaintedIntervals
  /** Offset in the flattened file of what lies at 0 in this one, by interval. */
  readonly #shifts: Float64Array
  #last = 0

  constructor(source: ByteSource, filePositions: Float64Array, painted: PaintedIntervals, starts: Float64Array) {
    this.name = source.name
    this.#source = source
    this.#painted = painted
    this.#shifts = Float64Array.from(painted.owners, (owner) => filePositions[owner] - starts[owner])
    this.byteLength = painted.ends.at(-1) ?? 0
  }

  read(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, this.byteLength - offset)))
    const filled = this.readInto(offset, bytes, bytes.length)
    return filled === bytes.length ? bytes : bytes.slice(0, filled)
  }

  readInto(offset: number, target: Uint8Array, length: number): number {
    const wanted = Math.max(0, Math.min(length, this.byteLength - offset))
    const { starts, ends } = this.#painted
    let filled = 0
    let i = offset >= starts[this.#last] && offset < ends[this.#last] ? this.#last : intervalAt(this.#painted, offset)
    for (; filled < wanted; i++) {
      const at = offset + filled
      const hole = Math.min(starts[i] - at, wanted - filled)
      if (hole > 0) {
        target.fill(0, filled, filled + hole)
        filled += hole
        if (filled === wanted) break
      }
      this.#last = i
      const part = Math.min(ends[i] - (offset + filled), wanted - filled)
      const got = readInto(this.#source, offset + filled + this.#shifts[i], target.subarray(filled, filled + part), part)
      filled += got
      if (got < part) break
    }
    return filled
  }

  holds(offset: number, length: number): boolean {
    return intervalsCover(this.#painted, offset, offset + length)
  }
}
