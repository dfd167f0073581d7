import { FormatError, SlablabError } from '../errors.js'
import { appendToFile, fileChunks } from '../source/file.js'
import { readSnapshots } from '../source/snapshotReader.js'
import type { SnapshotFile } from '../source/snapshotFiles.js'
import { uptimeIn } from '../source/timestamp.js'
import { SnapshotHistory } from './snapshotHistory.js'

export interface RecordOptions {
  /** The file that snapshots are appended to; made where it is not there. */
  readonly target: string
  /** Milliseconds between the starts of two snapshots. */
  readonly interval: number
  /** How many snapshots are taken. Default: until aborted. */
  readonly count?: number
  /** Where slabs are read. Default /proc/slabinfo. */
  readonly source?: string
  /** Further files that are recorded with each snapshot where they can be read. Default /proc/meminfo. */
  readonly beside?: readonly string[]
  /** Where seconds since boot are read. Default /proc/uptime. */
  readonly uptime?: string
  readonly host?: string
  readonly signal?: AbortSignal
  /** Told of each snapshot after it lies on the disk. */
  readonly onSnapshot?: (taken: number, history: SnapshotHistory) => void
}

/**
 * Records a series of snapshots until it is aborted or has its count; returns how many. Each is appended in one write and on the disk before
 * the next: whoever kills the process leaves at worst a torn last snapshot, which readers leave out, and the next run goes on in the
 * same file. The format is that of the series slablab reads: a line `=== SNAPSHOT n uptime=… epoch=… utc=… host=…`, the files as they are.
 *
 * @throws SlablabError where the slabs can't be read, or the file not written
 * @example await recordSnapshots({ target: 'series.txt', interval: 60_000, count: 10 }) // 10
 */
export async function recordSnapshots(options: RecordOptions): Promise<number> {
  const { target, interval, count = Infinity, source = '/proc/slabinfo', beside = ['/proc/meminfo'], signal } = options
  const history = new SnapshotHistory()
  const start = performance.now()
  let taken = 0
  while (taken < count && signal?.aborted !== true) {
    const slabs = await readSlabs(source)
    const others = await Promise.all(beside.map(textOrNothing))
    const uptime = uptimeIn(await textOrNothing(options.uptime ?? '/proc/uptime'))
    const time = Date.now()
    const stamp = `=== SNAPSHOT ${taken} ${uptime === null ? '' : `uptime=${uptime} `}epoch=${(time / 1000).toFixed(3)} utc=${new Date(time).toISOString()}` +
      `${options.host === undefined ? '' : ` host=${options.host}`}`
    const text = [`${stamp}\n`, slabs, ...others].map((part) => (part === '' || part.endsWith('\n') ? part : `${part}\n`)).join('')
    appendToFile(target, text)
    history.add(snapshotFile(source, text, time))
    taken++
    options.onSnapshot?.(taken, history)
    if (taken < count) await pause(start + taken * interval - performance.now(), signal)
  }
  return taken
}

async function readSlabs(source: string): Promise<string> {
  let text: string
  try {
    text = await textOf(source)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') throw new SlablabError(`${source}: permission denied: it is for root only`, { cause: error })
    throw error
  }
  const { heads, firstLine } = readSnapshots(source, text)
  if (heads.length !== 1) {
    throw new FormatError(heads.length === 0 ? 'no snapshot' : `${heads.length} snapshots`, { source, found: firstLine === '' ? 'nothing' : firstLine, expected: 'what /proc/slabinfo shows' })
  }
  return text
}

function snapshotFile(source: string, text: string, modified: number): SnapshotFile {
  return { path: source, bytes: text.length, series: readSnapshots(source, text), modified, host: null, time: modified, uptime: null, merging: null }
}

async function textOf(path: string): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of fileChunks(path)) parts.push(part)
  return Buffer.concat(parts).toString()
}

/** What is recorded beside the slabs is welcome and never needed. */
async function textOrNothing(path: string): Promise<string> {
  return textOf(path).catch(() => '')
}

/** Ends early, without an error, on an abort. */
async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  if (milliseconds <= 0 || signal?.aborted === true) return
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    signal?.addEventListener('abort', done)
  })
}
