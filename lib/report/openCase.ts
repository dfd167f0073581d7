import type { Dump } from '../dump/dump.js'
import { evidenceFiles, type EvidencePath } from '../dump/evidenceFiles.js'
import { openDump, type OpenDumpOptions } from '../dump/openDump.js'
import { FormatError, SlablabError } from '../errors.js'
import { openFile } from '../source/file.js'
import { readKdumpHeader, splitDumpKey } from '../source/kdumpHeader.js'
import { loadSeries, type Series } from '../table/loadSlabinfo.js'
import { Warnings } from '../warnings.js'
import { inputsOf } from './provenance.js'
import type { Input } from './reportModel.js'

/** Evidence of any kind, opened. */
export interface Case {
  readonly inputs: Promise<readonly Input[]>
  /** Dumps, each by itself, and all crash sessions together as one machine; with the files that each was opened from. */
  readonly machines: readonly { readonly dump: Dump; readonly files: readonly string[] }[]
  /** All snapshots together; null where there are none. */
  readonly series: Series | null
  /** Snapshot files in the order given, each with its own snapshots. */
  readonly snapshotFiles: readonly { readonly path: string; readonly series: Series }[]
  /** What could not be used or read whole: the report is partial where this is not empty. */
  readonly incomplete: readonly string[]
  readonly warnings: Warnings
  close(): void
}

export interface OpenCaseOptions {
  /** A file of types, for machines whose evidence carries none; as for `openDump`. */
  readonly btf?: string
  /** By how much the kernel was moved from where symbol files have it (KASLR). */
  readonly kaslrOffset?: bigint
  /** Collects recoverable trouble; the report's provenance lists it. */
  readonly warnings?: Warnings
  readonly signal?: AbortSignal
  readonly onProgress?: (what: string, done: number, of: number | null) => void
}

/**
 * Opens files of any mix: what each is, is found out. What can't be used is a warning as long as something can.
 *
 * @throws FormatError where nothing can be used, UsageError where there is no such file
 */
export async function openCase(paths: readonly string[], options: OpenCaseOptions = {}): Promise<Case> {
  const warnings = options.warnings ?? new Warnings()
  const files = await evidenceFiles(paths)
  const of = (role: EvidencePath['role']): string[] => files.filter((file) => file.role === role).map(({ path }) => path)
  const symbols = of('symbols')
  const failures: Error[] = []
  const unused = files.filter(({ role }) => role === undefined).map(({ path, kind }) => `${path}: not used: ${kind.text}${kind.hint === null ? '' : ` (${kind.hint})`}`)
  const attempt = async <T>(path: string, open: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await open()
    } catch (error) {
      if (!(error instanceof SlablabError)) throw error
      // What lies inside of a file does not know the file's name.
      const failure = error.message.includes(path) ? error : new SlablabError(`${path}: ${error.message}`, { cause: error })
      failures.push(failure)
      warnings.add(failure.message)
      return undefined
    }
  }
  const { btf, signal, kaslrOffset } = options
  const opening = {
    warnings, readAhead: true, ...(btf === undefined ? {} : { btf }), ...(symbols.length > 0 ? { symbols } : {}), ...(signal === undefined ? {} : { signal }), ...(kaslrOffset === undefined ? {} : { kaslrOffset })
  }
  const machines: { dump: Dump; files: string[] }[] = []
  const transcripts = of('transcript')
  for (const paths of [...joinSplit(of('dump')), ...(transcripts.length > 0 ? [transcripts] : [])]) {
    const dump = await attempt(paths[0], () => openMachine(paths, opening))
    if (dump !== undefined) machines.push({ dump, files: [...paths, ...symbols] })
  }
  const snapshotFiles: { path: string; series: Series }[] = []
  for (const path of of('snapshot')) {
    const series = await attempt(path, () => loadSeries(path, { warnings, ...(signal === undefined ? {} : { signal }) }))
    if (series !== undefined) snapshotFiles.push({ path, series })
  }
  if (machines.length === 0 && snapshotFiles.length === 0) throw nothingToReport(files, failures)
  // Snapshot files are read one by one, to keep the order in which they were given, and together, to be one series.
  const series = snapshotFiles.length === 0 ? null : snapshotFiles.length === 1 ? snapshotFiles[0].series
    : await loadSeries(snapshotFiles.map(({ path }) => path), { warnings })
  const { inputs, stop } = inputsOf(files.map(({ path, kind }) => ({ path, kind: kind.text })), signal)
  return {
    inputs, machines, series, snapshotFiles, warnings,
    incomplete: [
      ...unused, ...failures.map(({ message }) => message),
      ...machines.flatMap(({ dump: { system } }) => (system.incomplete ?? []).map((reason) => reason.includes(system.name) ? reason : `${system.name}: ${reason}`)),
      ...snapshotFiles.filter((file) => file.series.partial).map(({ path }) => `${path}: not all of it could be read`)
    ],
    close: () => {
      stop()
      for (const { dump } of machines) closeDump(dump)
    }
  }
}

/** Dumps, each with its file, or with its parts where it is split. */
function joinSplit(paths: readonly string[]): string[][] {
  const dumps = new Map<string, string[]>()
  for (const path of paths) {
    const key = splitKeyOf(path) ?? path
    dumps.set(key, [...dumps.get(key) ?? [], path])
  }
  return [...dumps.values()]
}

function splitKeyOf(path: string): string | null {
  const file = openFile(path)
  try {
    return splitDumpKey(readKdumpHeader(file, new Warnings()))
  } catch (error) {
    // Of another format, or damaged, which is told where it is opened.
    if (error instanceof FormatError) return null
    throw error
  } finally {
    file.close()
  }
}

/** A dump that does not even tell its caches is of no use here, and the other evidence is. */
async function openMachine(paths: readonly string[], options: OpenDumpOptions): Promise<Dump> {
  const dump = await openDump(paths, options)
  try {
    dump.system.caches()
    return dump
  } catch (error) {
    closeDump(dump)
    throw error
  }
}

function closeDump({ system }: Dump): void {
  if ('close' in system && typeof system.close === 'function') (system.close as () => void)()
}

function nothingToReport(files: readonly EvidencePath[], failures: readonly Error[]): Error {
  if (failures.length === 1) return failures[0]
  const [{ path, kind }] = files
  return new FormatError('nothing to report on', {
    source: files.length === 1 ? path : `${files.length} files`,
    found: files.length === 1 ? `${kind.text}${kind.hint === null ? '' : ` (${kind.hint})`}` : files.map((file) => file.kind.text).join(', '),
    expected: 'slabinfo, meminfo, a crash session or a dump'
  })
}
