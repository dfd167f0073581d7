import { FormatError, UsageError } from '../errors.js'
import { folderEntries, openFile, pathKind } from '../source/file.js'
import { fileKind, KIND_BYTES, type FileKind } from '../source/fileKind.js'
import { textKind } from '../source/textKind.js'
import { unwrappedHead } from '../source/unwrap.js'

/** What openDump makes of a file. */
export type EvidenceRole = 'dump' | 'transcript' | 'symbols' | 'snapshot'

export interface EvidencePath {
  readonly path: string
  readonly role: EvidenceRole | undefined
  readonly kind: FileKind
  /** The folder that was given instead of it. */
  readonly folder?: string
}

const roles: Readonly<Record<string, EvidenceRole>> = {
  'kdump-compressed': 'dump', 'kdump-flattened': 'dump', diskdump: 'dump', 'elf-core': 'dump',
  'crash-session': 'transcript', 'kernel-log': 'transcript',
  'system-map': 'symbols', kallsyms: 'symbols', 'elf-object': 'symbols', 'elf-executable': 'symbols',
  slabinfo: 'snapshot', slabtop: 'snapshot', 'oom-report': 'snapshot', meminfo: 'snapshot', free: 'snapshot'
}

/** Wrappings that are looked into. */
const wrapped = new Set(['gzip', 'xz', 'zstd'])

/** What each file is; of a folder, each of its files. @throws UsageError for a path where nothing is */
export async function evidenceFiles(paths: readonly string[]): Promise<EvidencePath[]> {
  const files: EvidencePath[] = []
  for (const path of paths) {
    const what = pathKind(path)
    if (what === undefined) throw new UsageError(`no file named ${path}`)
    const inside = what === 'folder' ? folderEntries(path).filter((entry) => pathKind(entry) === 'file') : [path]
    for (const file of inside) files.push({ ...await evidenceFile(file), ...(what === 'folder' ? { folder: path } : {}) })
  }
  return files
}

/** What a file is, by what stands in it, whatever it is wrapped in. */
export async function evidenceFile(path: string): Promise<EvidencePath> {
  const kind = await kindOf(path)
  return { path, kind, role: roles[kind.kind] }
}

async function kindOf(path: string): Promise<FileKind> {
  const file = openFile(path)
  try {
    const head = file.read(0, KIND_BYTES)
    const outer = fileKind(head)
    if (outer !== undefined && !wrapped.has(outer.kind)) return outer
    const inner = outer === undefined ? head : (await unwrappedHead(path)).subarray(0, KIND_BYTES)
    const kind = (outer === undefined ? undefined : fileKind(inner)) ?? textKind(inner)
    if (kind !== undefined) return outer === undefined ? kind : { ...kind, text: `${kind.text}, in a ${outer.text}` }
    return isText(inner)
      ? { kind: 'text', text: 'text that slablab does not know', readable: false, hint: null }
      : { kind: 'binary', text: 'binary data that slablab does not know', readable: false, hint: null }
  } catch (error) {
    // What is inside cannot be told; that it is damaged can.
    if (error instanceof FormatError) return { kind: 'damaged', text: error.message, readable: false, hint: null }
    throw error
  } finally {
    file.close()
  }
}

function isText(bytes: Uint8Array): boolean {
  let strange = 0
  for (const byte of bytes) if (byte < 9 || (byte > 13 && byte < 32 && byte !== 27)) strange++
  return strange * 100 <= bytes.length
}
