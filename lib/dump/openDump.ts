import { FormatError } from '../errors.js'
import { bytesOf } from '../source/bytes.js'
import { readBtfFile } from '../source/btfFile.js'
import { readTranscript } from '../source/crash/readTranscript.js'
import { fileChunks, openFile, wrappingOf } from '../source/file.js'
import { SymbolTable } from '../symbol/symbolTable.js'
import { openVmcore } from '../system/openVmcore.js'
import { placeSymbols, readSymbolFile, type SymbolFile } from '../system/symbolFile.js'
import { kernelOffsetOf, transcriptSystem } from '../system/transcriptSystem.js'
import { openBtf } from '../type/btfTypes.js'
import { visible } from '../util/visible.js'
import { Warnings } from '../warnings.js'
import { compareWithSnapshots } from './compareWithSnapshots.js'
import { dumpOf, type Dump } from './dump.js'
import { evidenceFiles, type EvidencePath, type EvidenceRole } from './evidenceFiles.js'
import { textStream } from './textStream.js'

export interface OpenDumpOptions {
  /** Files of symbols: System.map, a copy of /proc/kallsyms, nm's output, vmlinux, modules. They may also stand among the files. */
  readonly symbols?: string | readonly string[]
  /** A file of types, for a dump whose kernel carries none: BTF, or a vmlinux (by pahole, where it has DWARF only). */
  readonly btf?: string
  /** By how much the kernel was moved from its link addresses (KASLR), for symbol files; 0n says that it was not. */
  readonly kaslrOffset?: bigint
  /** Collects recoverable trouble: parts of the evidence that could not be used, statements that disagree. */
  readonly warnings?: Warnings
  /** The most memory for a dump's decompressed pages. */
  readonly cacheBytes?: number
  /** Whether everything in a dump will be asked for: then other threads start to decompress it at once. */
  readonly readAhead?: boolean
  readonly signal?: AbortSignal
  /** Bytes read of the files so far, unwrapped. */
  readonly onProgress?: (progress: { readonly file: string; readonly bytes: number }) => void
}

/**
 * Opens the evidence of one machine: a vmcore (several files are the parts of a split one), or crash sessions in any number of files, or a
 * folder of either; gzip, xz and zstd are unwrapped. What a file is tells its content. Files of symbols name what a session leaves
 * nameless, and slabinfo is compared with what the session says.
 *
 * @throws FormatError where nothing in the files can be opened, SlablabError where there is no such file or it may not be read
 *
 * @example
 * const dump = await openDump('datasets/seq-operations/session.crash.txt')
 * dump.caches().objects() // [{ cache: 'kmalloc-128', allocated: 1723323, … }]
 */
export async function openDump(fileOrFiles: string | readonly string[], options: OpenDumpOptions = {}): Promise<Dump> {
  const warnings = options.warnings ?? new Warnings()
  const files = await evidenceFiles(typeof fileOrFiles === 'string' ? [fileOrFiles] : fileOrFiles)
  const of = (role: EvidenceRole): string[] => files.filter((file) => file.role === role).map(({ path }) => path)
  const symbolFiles = [...of('symbols'), ...typeof options.symbols === 'string' ? [options.symbols] : options.symbols ?? []]
  const dumps = of('dump')
  const transcripts = of('transcript')
  if (dumps.length === 0 && transcripts.length === 0) throw nothingToOpen(files, typeof fileOrFiles === 'string' ? fileOrFiles : fileOrFiles.join(', '))
  warnOfUnused(files, warnings)
  if (dumps.length > 0) {
    for (const path of transcripts) warnings.add(`${path}: a crash session beside a dump: not used, for the dump holds all that it shows`)
    const read = await readSymbolFiles(symbolFiles, warnings)
    const symbols = read.flatMap(({ addresses, groups }) => (addresses === 'sections' ? [] : groups.map((group) => group.symbols)))
    const btf = options.btf === undefined ? undefined : await readBtfFile(options.btf, warnings, options.signal)
    return dumpOf(await openVmcore(dumps.length === 1 ? dumps[0] : dumps, {
      ...(btf ? { btf: btf.bytes } : {}),
      warnings, signal: options.signal, cacheBytes: options.cacheBytes, readAhead: options.readAhead,
      ...(symbols.length > 0 ? { symbols: symbols.reduce((all, some) => all.merge(some)) } : {})
    }))
  }
  return dumpOf(await openTranscripts(transcripts, symbolFiles, of('snapshot'), warnings, options))
}

async function openTranscripts(
  paths: readonly string[], symbolPaths: readonly string[], snapshots: readonly string[], warnings: Warnings, options: OpenDumpOptions
): Promise<ReturnType<typeof transcriptSystem>> {
  const { signal, onProgress, kaslrOffset } = options
  const transcript = await readTranscript(paths.map((file) => ({ file, chunks: textStream(file, fileChunks(file)) })), { signal, onProgress })
  const symbolFiles = await readSymbolFiles(symbolPaths, warnings)
  const btf = options.btf === undefined ? undefined : await readBtfFile(options.btf, warnings, signal)
  const system = transcriptSystem(transcript, {
    warnings,
    ...(btf ? { types: openBtf(btf.bytes, { name: btf.name, warnings }) } : {}),
    symbols: (shown) => symbolFiles
      .map((file) => placeSymbols(file, shown, { kaslrOffset, statedOffset: kernelOffsetOf(transcript) }, warnings))
      .reduce((all, some) => all.merge(some), new SymbolTable([]))
  })
  await compareWithSnapshots(system, snapshots, signal)
  return system
}

async function readSymbolFiles(paths: readonly string[], warnings: Warnings): Promise<SymbolFile[]> {
  const files: SymbolFile[] = []
  for (const path of paths) {
    try {
      files.push(await readPossiblyPacked(path))
    } catch (error) {
      // Evidence without names is evidence still.
      if (!(error instanceof FormatError)) throw error
      warnings.add(`not used: ${error.message}`)
    }
  }
  return files
}

/** A packed file is unpacked in memory; of others, such as vmlinux, only what is asked for is read. */
async function readPossiblyPacked(path: string): Promise<SymbolFile> {
  const file = openFile(path)
  try {
    if (wrappingOf(file.read(0, 8)) === undefined) return readSymbolFile(file)
    const pieces: Uint8Array[] = []
    for await (const piece of fileChunks(path)) pieces.push(piece)
    return readSymbolFile(bytesOf(path, Buffer.concat(pieces)))
  } finally {
    file.close()
  }
}

/** Names each file that was given; of a folder, only how many were of no use: a folder holds anything. */
function warnOfUnused(files: readonly EvidencePath[], warnings: Warnings): void {
  const inFolder = new Map<string, string[]>()
  for (const { path, role, kind, folder } of files) {
    if (role !== undefined) continue
    if (folder === undefined) warnings.add(`${path}: ${kind.text}: not used`)
    else inFolder.set(folder, [...inFolder.get(folder) ?? [], path.slice(path.lastIndexOf('/') + 1)])
  }
  for (const [folder, names] of inFolder) {
    const some = names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ')
    warnings.add(`${folder}: not used: ${some}`)
  }
}

function nothingToOpen(files: readonly EvidencePath[], given: string): FormatError {
  const expected = 'a vmcore or a crash session'
  const [first] = files
  if (first === undefined) return new FormatError('an empty folder', { source: given, expected })
  const { path, kind, role } = first
  if (kind.kind === 'text') return new FormatError('text that slablab does not know', { source: path, line: 1, found: firstLine(path), expected })
  const hint = role === 'snapshot' ? '; growth and compare read it' : role === 'symbols' ? '; give it beside a crash session' : kind.hint === null ? '' : `; ${kind.hint}`
  return new FormatError(`${kind.text}${hint}`, { source: path, expected })
}

function firstLine(path: string): string | undefined {
  const file = openFile(path)
  try {
    const head = file.read(0, 256)
    if (wrappingOf(head) !== undefined) return undefined
    const line = Buffer.from(head).toString('utf8').split('\n').find((text) => text.trim() !== '')
    return line === undefined ? undefined : visible(line.trim().slice(0, 60))
  } finally {
    file.close()
  }
}
