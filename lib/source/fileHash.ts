import { createHash } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { builtFile } from './builtFile.js'
import { openFile } from './file.js'

/** What a file is, to the byte. */
export interface FileHash {
  readonly bytes: number
  /** Hexadecimal. */
  readonly sha256: string
}

const PIECE_BYTES = 1 << 20
/** Below this a thread, which starts in some 30 ms, costs more than it brings. */
const LEAST_BYTES = 4 << 20

/** Size and sha256 of a file as it lies on disk, read in pieces. */
export function hashFile(path: string, signal?: AbortSignal): FileHash {
  const file = openFile(path)
  try {
    const hash = createHash('sha256')
    for (let at = 0; at < file.byteLength; at += PIECE_BYTES) {
      signal?.throwIfAborted()
      hash.update(file.read(at, PIECE_BYTES))
    }
    return { bytes: file.byteLength, sha256: hash.digest('hex') }
  } finally {
    file.close()
  }
}

/** The same by a thread of its own, where the file is large and there are processors for it; `stop` ends that. */
export function hashFileAside(path: string, bytes: number, signal?: AbortSignal): { readonly hash: Promise<FileHash>; stop(): void } {
  const helper = bytes < LEAST_BYTES || availableParallelism() < 2 ? undefined : builtFile('lib/source/hashHelper.js')
  if (helper === undefined) return { hash: Promise.resolve().then(() => hashFile(path, signal)), stop: () => {} }
  const worker = new Worker(helper, { workerData: path, execArgv: [] })
  const stop = (): void => void worker.terminate()
  const hash = new Promise<FileHash>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', () => reject(signal?.reason as Error | undefined ?? new Error(`${path}: reading it for its sha256 was stopped`)))
    signal?.addEventListener('abort', stop, { once: true })
  })
  return { hash, stop }
}
