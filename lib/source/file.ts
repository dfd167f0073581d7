import {
  closeSync, createReadStream, fstatSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readdirSync, readSync, realpathSync, renameSync, rmSync,
  statSync, utimesSync, writeSync
} from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { Decompress } from 'fzstd'
import { FormatError, SlablabError } from '../errors.js'
import { naturalOrder } from '../util/naturalOrder.js'
import type { ByteSource } from './bytes.js'

/** An open file as a {@link ByteSource}; `close` it when done. */
export interface OpenFile extends ByteSource {
  /** Milliseconds since 1970. */
  readonly modified: number
  close(): void
}

/** Opens a file for reads anywhere in it. @throws the system's error, with its path, where it can't be opened. */
export function openFile(path: string): OpenFile {
  // Before it is opened: to open a pipe waits for its writer.
  const kind = statSync(path)
  if (kind.isDirectory()) throw new FormatError('a folder', { source: path, expected: 'a file' })
  if (!kind.isFile()) {
    throw new FormatError('a pipe or device, which can only be read once and in order', { source: path, expected: 'a file: save it to one first' })
  }
  const descriptor = openSync(path, 'r')
  const stat = fstatSync(descriptor)
  const readInto = (offset: number, target: Uint8Array, length: number): number => {
    const wanted = Math.max(0, Math.min(length, stat.size - offset))
    let filled = 0
    // A network file system may give less than was asked for.
    while (filled < wanted) {
      const got = readSync(descriptor, target, filled, wanted - filled, offset + filled)
      if (got === 0) break
      filled += got
    }
    return filled
  }
  return {
    name: path,
    byteLength: stat.size,
    modified: stat.mtimeMs,
    read(offset, length) {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, stat.size - offset)))
      const filled = readInto(offset, bytes, bytes.length)
      return filled === bytes.length ? bytes : bytes.slice(0, filled)
    },
    readInto,
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

/** Names standard input where a path is asked for. */
export const standardInput = '-'

/**
 * The file's content from its start, unwrapped if it is gzip, xz or zstd, in pieces of bounded size. Pipes, `/proc` files and `-`
 * (standard input) are read as they come.
 */
export async function* fileChunks(path: string): AsyncGenerator<Uint8Array> {
  if (path !== standardInput && statSync(path).isDirectory()) throw new FormatError('a folder', { source: path, expected: 'a file' })
  const raw: Readable = path === standardInput ? process.stdin : createReadStream(path, { highWaterMark: 1 << 20 })
  try {
    yield* unwrapped(raw, path)
  } finally {
    raw.destroy()
  }
}

/** A stream's content, unwrapped if it is gzip, xz or zstd. `name` is what errors call it. */
export async function* unwrapped(stream: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  const chunks = stream[Symbol.asyncIterator]()
  const head = await leadingChunk(chunks)
  const all = following(head, chunks)
  const wrapping = wrappingOf(head)
  try {
    if (wrapping === undefined) yield* all
    else if (wrapping === 'gzip') yield* gunzipped(all)
    else if (wrapping === 'xz') yield* unpackedXz(all)
    else yield* zstdChunks(all)
  } catch (error) {
    if (wrapping === undefined || (error instanceof Error && 'path' in error)) throw error
    throw new FormatError(`damaged ${wrapping} stream`, { source: name, found: (error as Error).message, cause: error })
  }
}

/** The first bytes, as many as tell the wrapping: a pipe may give them one by one. */
async function leadingChunk(chunks: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  let head: Uint8Array = new Uint8Array(0)
  while (head.length < 8) {
    const next = await chunks.next()
    if (next.done) break
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value])
  }
  return head
}

async function* following(head: Uint8Array, chunks: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (head.length > 0) yield head
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value
}

async function* gunzipped(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = Readable.from(chunks)
  const gunzip = createGunzip()
  source.on('error', (error) => gunzip.destroy(error))
  yield* source.pipe(gunzip) as AsyncIterable<Buffer>
}

/** Loaded when needed: the decoder is a WebAssembly module as text, which every start of the command line would read. */
async function* unpackedXz(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { default: xz } = await import('xz-decompress')
  yield* new xz.XzReadableStream(Readable.toWeb(Readable.from(chunks)) as never) as unknown as AsyncIterable<Uint8Array>
}

async function* zstdChunks(raw: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
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

/** What stands at a path: undefined where nothing does. @throws the system's error where it can't be told. */
export function pathKind(path: string): 'file' | 'folder' | undefined {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat === undefined ? undefined : stat.isDirectory() ? 'folder' : 'file'
}

/** Whether a path is a file with bytes at places, not a pipe or a device. */
export function isRegularFile(path: string): boolean {
  return statSync(path).isFile()
}

/** When a file was last changed, in milliseconds since 1970. */
export function modifiedTime(path: string): number {
  return statSync(path).mtimeMs
}

/** Paths of what a folder holds, in natural order: `slabinfo.2` before `slabinfo.10`. */
export function folderEntries(folder: string): string[] {
  const prefix = folder.endsWith('/') ? folder : `${folder}/`
  return readdirSync(folder).sort(naturalOrder).map((name) => prefix + name)
}

/**
 * Appends to a file in one write and makes it lie on the disk before returning: whoever kills the writer finds all of it or a torn
 * end, never a hole. A file that ends within a line (torn earlier) gets a line end first.
 */
export function appendToFile(path: string, text: string): void {
  const descriptor = openSync(path, 'a+')
  try {
    const { size } = fstatSync(descriptor)
    const last = new Uint8Array(1)
    const torn = size > 0 && readSync(descriptor, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a
    const bytes = Buffer.from(torn ? `\n${text}` : text)
    for (let written = 0; written < bytes.length;) written += writeSync(descriptor, bytes, written)
    // Pipes and terminals cannot be synchronised.
    if (fstatSync(descriptor).isFile()) fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/**
 * Writes a new file from pieces, whole or not at all: beside its place first, then renamed. Pieces of zeros become holes.
 * Makes the folders above it.
 *
 * @throws SlablabError where it can't be written, naming the path
 */
export async function writeFileFrom(path: string, chunks: AsyncIterable<Uint8Array>): Promise<number> {
  const partial = `${path}.partial-${process.pid}-${Math.random().toString(36).slice(2)}`
  let descriptor: number | undefined
  try {
    mkdirSync(dirname(path), { recursive: true })
    descriptor = openSync(partial, 'wx', 0o600)
    let bytes = 0
    for await (const chunk of chunks) {
      if (!isZero(chunk)) {
        for (let written = 0; written < chunk.length;) written += writeSync(descriptor, chunk, written, chunk.length - written, bytes + written)
      }
      bytes += chunk.length
    }
    ftruncateSync(descriptor, bytes)
    closeSync(descriptor)
    descriptor = undefined
    renameSync(partial, path)
    return bytes
  } catch (error) {
    if (descriptor !== undefined) {
      closeSync(descriptor)
      rmSync(partial, { force: true })
    }
    const { syscall, path: failed } = error as NodeJS.ErrnoException
    // What failed while the pieces were made has nothing to do with this file.
    if (!(error instanceof Error) || syscall === undefined || (failed !== undefined && failed !== partial && !path.startsWith(failed))) throw error
    throw new SlablabError(`${path}: could not be written: ${error.message}`, { cause: error })
  }
}

function isZero(bytes: Uint8Array): boolean {
  // Compared with itself one byte further: all bytes are equal, to the first.
  return bytes.length > 0 && bytes[0] === 0 && Buffer.compare(bytes.subarray(1), bytes.subarray(0, -1)) === 0
}

/** Removes the files of a folder that were last changed before a time, in milliseconds since 1970. What can't be removed stays. */
export function removeOlder(folder: string, time: number): void {
  for (const path of folderEntries(folder)) {
    try {
      if (statSync(path).mtimeMs < time) rmSync(path)
    } catch {
      // Another process took it away, or it is not ours to remove.
    }
  }
}

/** Removes a file, if it is there. */
export function removeFile(path: string): void {
  rmSync(path, { force: true })
}

/** Marks a file as changed now. */
export function touchFile(path: string): void {
  utimesSync(path, new Date(), new Date())
}

/** A folder for what can be made again: below XDG_CACHE_HOME, else ~/.cache. */
export function cacheFolder(name: string): string {
  const set = process.env.XDG_CACHE_HOME
  return join(set !== undefined && isAbsolute(set) ? set : join(homedir(), '.cache'), 'slablab', name)
}

/** A path without links and dots. @throws the system's error where nothing is there */
export function realPath(path: string): string {
  return realpathSync(path)
}
