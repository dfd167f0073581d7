import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { Decompress } from 'fzstd'
import xz from 'xz-decompress'
import { Readable } from 'node:stream'
import { FormatError } from '../errors.js'
import type { ByteSource } from './bytes.js'

/** An open file as a {@link ByteSource}; `close` it when done. */
export interface OpenFile extends ByteSource {
  /** Milliseconds since 1970. */
  readonly modified: number
  close(): void
}

/** Opens a file for reads anywhere in it. @throws the system's error, with its path, where it can't be opened. */
export function openFile(path: string): OpenFile {
  const descriptor = openSync(path, 'r')
  const stat = fstatSync(descriptor)
  if (stat.isDirectory()) {
    closeSync(descriptor)
    throw new FormatError('a folder', { source: path, expected: 'a file' })
  }
  return {
    name: path,
    byteLength: stat.size,
    modified: stat.mtimeMs,
    read(offset, length) {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, stat.size - offset)))
      let filled = 0
      // A network file system may give less than was asked for.
      while (filled < bytes.length) {
        const got = readSync(descriptor, bytes, filled, bytes.length - filled, offset + filled)
        if (got === 0) break
        filled += got
      }
      return filled === bytes.length ? bytes : bytes.slice(0, filled)
    },
    close: () => closeSync(descriptor)
  }
}

export type Wrapping = 'gzip' | 'xz' | 'zstd'

/** What a file is wrapped in, by its first bytes. */
export function wrappingOf(head: Uint8Array): Wrapping | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip'
  if (head[0] === 0xfd && head[1] === 0x37 && head[2] === 0x7a && head[3] === 0x58 && head[4] === 0x5a) return 'xz'
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return 'zstd'
  return undefined
}

/** The file's content from its start, unwrapped if it is gzip, xz or zstd, in pieces of bounded size. */
export async function* fileChunks(path: string): AsyncGenerator<Uint8Array> {
  const file = openFile(path)
  const wrapping = wrappingOf(file.read(0, 8))
  file.close()
  const raw = createReadStream(path, { highWaterMark: 1 << 20 })
  try {
    if (wrapping === undefined) yield* raw as AsyncIterable<Buffer>
    else if (wrapping === 'gzip') yield* raw.pipe(createGunzip()) as AsyncIterable<Buffer>
    else if (wrapping === 'xz') yield* new xz.XzReadableStream(Readable.toWeb(raw) as never) as unknown as AsyncIterable<Uint8Array>
    else yield* zstdChunks(raw)
  } catch (error) {
    if (error instanceof Error && 'path' in error) throw error
    throw new FormatError(`damaged ${wrapping} stream`, { source: path, found: (error as Error).message, cause: error })
  } finally {
    raw.destroy()
  }
}

async function* zstdChunks(raw: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array> {
  let ready: Uint8Array[] = []
  const stream = new Decompress((chunk) => ready.push(chunk))
  for await (const piece of raw) {
    stream.push(piece)
    yield* ready
    ready = []
  }
  stream.push(new Uint8Array(0), true)
  yield* ready
}
