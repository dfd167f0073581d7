import { FormatError } from '../errors.js'
import { isTar, tarHeadBytes, tarMembers, type ArchiveMember } from './archive.js'
import { fileChunks, folderEntries, modifiedTime, pathKind, standardInput, unwrapped } from './file.js'
import { plainText } from './plainText.js'
import { SnapshotReader } from './snapshotReader.js'
import type { SnapshotSeries } from './snapshotSeries.js'
import { isOfSosReport, sosFacts, sosPaths, sosRoot, type SosFacts } from './sosReport.js'

/** What one file (or one sos report, or one member of an archive) told, and what is known of it from around it. */
export interface SnapshotFile extends SosFacts {
  /** Its path; of a member, the archive's and its own. */
  readonly path: string
  /** Bytes of text read. */
  readonly bytes: number
  readonly series: SnapshotSeries
  /** When it was last changed, in milliseconds since 1970; null for a pipe. */
  readonly modified: number | null
}

export interface SnapshotFilesOptions {
  /** Told of files that could not be read, or not whole, when others of the same folder or archive could. */
  readonly problem: (error: FormatError) => void
  readonly onBytes?: (bytes: number) => void
  readonly signal?: AbortSignal
}

const nothingKnown: SosFacts = { host: null, time: null, uptime: null, merging: null }

/** Larger members of an archive are no text we look for. */
const largestMember = 512 << 20
/** How deep a folder is searched. */
const mostFolders = 4
/** Names under which people keep such texts in archives. */
const likelyName = /slab|meminfo|dmesg|oom|messages|free/i

/**
 * All snapshots at a path: a text (plain, gzip, xz, zstd; `-` is standard input), a folder of them, an sos report unpacked or packed, a tar
 * of snapshots.
 *
 * @throws FormatError where it holds none, saying what it holds; the system's error where it can't be read
 */
export async function readSnapshotFiles(path: string, options: SnapshotFilesOptions): Promise<SnapshotFile[]> {
  if (path !== standardInput && pathKind(path) === 'folder') {
    const files = await readFolder(path, options, mostFolders)
    if (files.length === 0) throw new FormatError('no snapshots in this folder', { source: path, expected })
    return files
  }
  const { head, chunks } = await peek(fileChunks(path), tarHeadBytes)
  if (isTar(head)) return readArchive(path, chunks, options)
  return [await readText(path, chunks, path === standardInput ? null : modifiedTime(path), nothingKnown, options)]
}

const expected = 'slabinfo, slabtop -o, an OOM report, meminfo or free'

async function readText(
  path: string, chunks: AsyncIterable<Uint8Array>, modified: number | null, facts: SosFacts, options: SnapshotFilesOptions
): Promise<SnapshotFile> {
  const reader = new SnapshotReader(path, modified === null ? {} : { latest: modified })
  const decoder = new TextDecoder()
  let bytes = 0
  let damage: FormatError | undefined
  try {
    for await (const chunk of plainText(chunks)) {
      options.signal?.throwIfAborted()
      if (bytes === 0 && chunk.subarray(0, 4096).includes(0)) throw new FormatError('binary, not text', { source: path, expected })
      bytes += chunk.length
      options.onBytes?.(chunk.length)
      reader.push(decoder.decode(chunk, { stream: true }))
    }
  } catch (error) {
    // What an archive gave before it broke off is still evidence.
    if (!(error instanceof FormatError) || bytes === 0) throw error
    damage = error
  }
  const series = reader.finish(damage !== undefined)
  if (series.heads.length === 0 && series.memory.length === 0) throw damage ?? nothingIn(path, bytes, series.firstLine)
  if (damage !== undefined) options.problem(damage)
  return { path, bytes, series, modified, ...facts }
}

function nothingIn(path: string, bytes: number, firstLine: string): FormatError {
  if (bytes === 0) return new FormatError('empty', { source: path, expected })
  const denied = /permission denied|operation not permitted/i.test(firstLine)
  return new FormatError('no snapshot', {
    source: path, line: 1, found: firstLine === '' ? 'blank lines' : firstLine,
    expected: denied ? `${expected}: /proc/slabinfo is for root only, take it with sudo` : expected
  })
}

async function readFolder(folder: string, options: SnapshotFilesOptions, depth: number): Promise<SnapshotFile[]> {
  const base = folder.replace(/\/+$/, '')
  if (pathKind(`${base}/proc/slabinfo`) === 'file' || pathKind(`${base}/sos_commands`) === 'folder') return [await readSosFolder(base, options)]
  const files: SnapshotFile[] = []
  for (const path of folderEntries(folder)) {
    const name = path.slice(path.lastIndexOf('/') + 1)
    if (name.startsWith('.')) continue
    try {
      if (pathKind(path) === 'folder') {
        if (depth > 1) files.push(...await readFolder(path, options, depth - 1))
      } else files.push(...await readSnapshotFiles(path, options))
    } catch (error) {
      options.signal?.throwIfAborted()
      // Other files may lie in the folder; one that is named as a snapshot and is none is worth a word.
      if (likelyName.test(name)) options.problem(asFormatError(path, error))
    }
  }
  return files
}

function asFormatError(path: string, error: unknown): FormatError {
  return error instanceof FormatError ? error : new FormatError((error as Error).message, { source: path, cause: error })
}

async function readSosFolder(root: string, options: SnapshotFilesOptions): Promise<SnapshotFile> {
  const texts = new Map<string, Uint8Array>()
  for (const path of Object.values(sosPaths).flat()) {
    try {
      if (pathKind(`${root}/${path}`) === 'file') texts.set(path, await wholeFile(`${root}/${path}`))
    } catch {
      // A dangling link, or not ours to read: the report's other files count.
    }
  }
  return readSos(root, modifiedTime(root), texts, options)
}

async function wholeFile(path: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of fileChunks(path)) parts.push(part)
  return Buffer.concat(parts)
}

/** The slabs and the memory of one report as one text; its log only where it has no list of caches. */
async function readSos(root: string, modified: number | null, texts: ReadonlyMap<string, Uint8Array>, options: SnapshotFilesOptions): Promise<SnapshotFile> {
  const decoder = new TextDecoder()
  const facts = sosFacts((path) => (texts.has(path) ? decoder.decode(texts.get(path)) : undefined))
  const wanted = [sosPaths.meminfo, sosPaths.free, texts.has('proc/slabinfo') ? sosPaths.slabinfo : sosPaths.log]
  const found = wanted.map((paths) => paths.map((path) => texts.get(path)).find((text) => text !== undefined && text.length > 0))
  return readText(root, pieces(found), modified, facts, options)
}

async function* pieces(texts: readonly (Uint8Array | undefined)[]): AsyncGenerator<Uint8Array> {
  const lineEnd = Uint8Array.of(0x0a)
  for (const text of texts) {
    if (text === undefined) continue
    yield text
    yield lineEnd
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function readArchive(path: string, chunks: AsyncIterable<Uint8Array>, options: SnapshotFilesOptions): Promise<SnapshotFile[]> {
  const members: ArchiveMember[] = []
  try {
    const wanted = (member: string): boolean => sosRoot(member) !== undefined || likelyName.test(member)
    for await (const member of tarMembers(chunks, path, wanted, largestMember)) {
      options.signal?.throwIfAborted()
      members.push(member)
    }
  } catch (error) {
    if (!(error instanceof FormatError) || members.length === 0) throw error
    options.problem(error)
  }
  const files: SnapshotFile[] = []
  const reports = new Set(members.filter((member) => isOfSosReport(member.path)).map((member) => sosRoot(member.path) ?? ''))
  for (const root of reports) {
    const ofReport = members.filter((member) => member.path.startsWith(root))
    const texts = new Map(ofReport.map((member) => [member.path.slice(root.length), member.bytes]))
    const modified = ofReport.reduce<number | null>((latest, member) => (member.modified === null ? latest : Math.max(latest ?? 0, member.modified)), null)
    files.push(await readSos(`${path}:${root.replace(/\/$/, '')}`, modified, texts, options))
  }
  for (const member of members) {
    if (reports.size > 0 && [...reports].some((root) => member.path.startsWith(root))) continue
    const name = `${path}:${member.path}`
    try {
      files.push(await readText(name, unwrapped(once(member.bytes), name), member.modified, nothingKnown, options))
    } catch (error) {
      options.signal?.throwIfAborted()
      if (/slab/i.test(member.path)) options.problem(asFormatError(name, error))
    }
  }
  if (files.length === 0) throw new FormatError('no snapshots in this archive', { source: path, expected: `${expected}, or an sos report` })
  return files
}

/** The first bytes of a stream, and the stream with them still in it. */
async function peek(stream: AsyncIterable<Uint8Array>, length: number): Promise<{ head: Uint8Array; chunks: AsyncIterable<Uint8Array> }> {
  const chunks = stream[Symbol.asyncIterator]()
  const first: Uint8Array[] = []
  let read = 0
  let broken: { error: unknown } | undefined
  while (read < length) {
    try {
      const next = await chunks.next()
      if (next.done) break
      first.push(next.value)
      read += next.value.length
    } catch (error) {
      broken = { error }
      break
    }
  }
  if (broken !== undefined && read === 0) throw broken.error
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      yield* first
      if (broken !== undefined) throw broken.error
      for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value
    } finally {
      await chunks.return?.()
    }
  }
  return { head: Buffer.concat(first), chunks: all() }
}
