import { createHash } from 'node:crypto'
import { basename, join } from 'node:path'
import { FormatError } from '../errors.js'
import { formatBytes } from '../util/units.js'
import type { Warnings } from '../warnings.js'
import { cacheFolder, fileChunks, openFile, pathKind, realPath, removeOlder, touchFile, writeFileFrom, type OpenFile, type Wrapping } from './file.js'

export interface UnwrapOptions {
  readonly signal?: AbortSignal
  /** Bytes unpacked so far; how many there will be isn't known. */
  readonly onProgress?: (done: number) => void
}

/** Unpacked files that nobody asked for in this time are removed when another one is made. */
const KEPT_MILLISECONDS = 30 * 24 * 3600 * 1000

/**
 * Opens the content of a gzip, xz or zstd file for reads anywhere in it: unpacks it once into the cache folder, as a file named after
 * the packed one's path, size and time of change, and says so.
 *
 * @param file the packed file, open; it stays open
 * @throws FormatError where the packed stream is damaged from its start on (otherwise it is read as far as it goes, and said to be incomplete); SlablabError where the cache can't be written
 */
export async function unwrap(file: OpenFile, wrapping: Wrapping, warnings: Warnings, options: UnwrapOptions = {}): Promise<OpenFile> {
  const folder = cacheFolder('unpacked')
  const key = createHash('sha256').update(JSON.stringify([realPath(file.name), file.byteLength, file.modified])).digest('hex').slice(0, 24)
  const target = join(folder, `${key}-${basename(file.name)}`)
  // Says that the unpacked file is not all, and why: whoever finds it in the cache later must know, too.
  const note = `${target}.torn`
  if (isThere(target)) [target, note].filter(isThere).forEach(touchFile)
  else {
    const bytes = await writeFileFrom(target, untilTorn(counted(fileChunks(file.name), options), note))
    removeOlder(folder, Date.now() - KEPT_MILLISECONDS)
    warnings.add(`${file.name}: ${wrapping}, unpacked once to ${target} (${formatBytes(bytes)}), which is used from now on`)
  }
  if (isThere(note)) warnings.lose(await readText(note))
  return { ...openFile(target), name: file.name }
}

/** The pieces before a stream breaks off or is damaged; then a note of it is written. Nothing at all before that is an error. */
async function* untilTorn(chunks: AsyncIterable<Uint8Array>, note: string): AsyncGenerator<Uint8Array> {
  let done = 0
  try {
    for await (const chunk of chunks) {
      yield chunk
      done += chunk.length
    }
  } catch (error) {
    if (!(error instanceof FormatError) || done === 0) throw error
    await writeFileFrom(note, textOf(`${error.message}: read as far as it goes, ${formatBytes(done)}; the rest is missing`))
  }
}

async function* textOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

async function readText(path: string): Promise<string> {
  const pieces: Uint8Array[] = []
  for await (const chunk of fileChunks(path)) pieces.push(chunk)
  return Buffer.concat(pieces).toString()
}

/** Where it can't even be told, the attempt to write says why. */
function isThere(path: string): boolean {
  try {
    return pathKind(path) === 'file'
  } catch {
    return false
  }
}

async function* counted(chunks: AsyncIterable<Uint8Array>, { signal, onProgress }: UnwrapOptions): AsyncGenerator<Uint8Array> {
  let done = 0
  for await (const chunk of chunks) {
    signal?.throwIfAborted()
    yield chunk
    done += chunk.length
    onProgress?.(done)
  }
}

/** The first bytes of what a gzip, xz or zstd file holds, as many as come at once. */
export async function unwrappedHead(path: string): Promise<Uint8Array> {
  for await (const chunk of fileChunks(path)) if (chunk.length > 0) return chunk
  return new Uint8Array(0)
}
