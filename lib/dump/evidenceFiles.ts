import { FormatError, SlablabError } from '../errors.js'
import { folderEntries, isRegularFile, openFile, pathKind, standardInput } from '../source/file.js'
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
  'symbol-list': 'symbols', kallsyms: 'symbols', 'elf-object': 'symbols', 'elf-executable': 'symbols',
  slabinfo: 'snapshot', slabtop: 'snapshot', 'oom-report': 'snapshot', meminfo: 'snapshot', free: 'snapshot'
}

/** Wrappings that are looked into. */
const wrapped = new Set(['gzip', 'xz', 'zstd'])

/** What each file is; of a folder, each of its files. @throws SlablabError for a path where nothing is, or what may not be read */
export async function evidenceFiles(paths: readonly string[]): Promise<EvidencePath[]> {
  const files: EvidencePath[] = []
  for (const path of paths) {
    const what = path === standardInput ? 'file' : pathKind(path)
    if (what === undefined) throw new SlablabError(`${path}: no such file`)
    const inside = what === 'folder' ? folderEntries(path).filter((entry) => pathKind(entry) === 'file') : [path]
    for (const file of inside) files.push({ ...await evidenceFile(file), ...(what === 'folder' ? { folder: path } : {}) })
  }
  return files
}

/** What a file is, by what stands in it, whatever it is wrapped in. */
export async function evidenceFile(path: string): Promise<EvidencePath> {
  // A pipe cannot be looked at beforehand; sessions are what people pipe.
  if (path === standardInput || !isRegularFile(path)) {
    return { path, role: 'transcript', kind: { kind: 'stream', text: 'pipe, read as output of crash', readable: true, hint: null } }
  }
  try {
    const kind = await kindOf(path)
    return { path, kind, role: roles[kind.kind] }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error
    throw new SlablabError(`${path}: permission denied: dumps and slabinfo are readable for root only, unless copied`, { cause: error })
  }
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
