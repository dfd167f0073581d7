import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { openFile } from '../source/file.js'
import type { System } from '../system/system.js'
import type { Warnings } from '../warnings.js'
import type { Input, Provenance } from './reportModel.js'

const pieceBytes = 1 << 20

/** A file as it lies on disk, with its size and sha256; without them where it can't be read a second time, as a pipe. */
export function inputOf(path: string, kind: string, signal?: AbortSignal): Input {
  let file
  try {
    file = openFile(path)
  } catch {
    return { file: path, kind, bytes: null, sha256: null }
  }
  try {
    const hash = createHash('sha256')
    for (let at = 0; at < file.byteLength; at += pieceBytes) {
      signal?.throwIfAborted()
      hash.update(file.read(at, pieceBytes))
    }
    return { file: path, kind, bytes: file.byteLength, sha256: hash.digest('hex') }
  } finally {
    file.close()
  }
}

/** Where a report comes from. `made` is the moment, for reports that must come out the same again. */
export function provenanceOf(
  inputs: readonly Input[], systems: readonly System[], options: Provenance['options'], warnings: Warnings, made: Date
): Provenance {
  return {
    inputs,
    versions: { slablab: slablabVersion(), node: process.version.replace(/^v/, '') },
    kernels: systems.map(({ name, files, release, buildId, architecture }) => ({ file: files[0]?.file ?? name, release, buildId, architecture })),
    options,
    warnings: warnings.list(),
    made: made.toISOString()
  }
}

function slablabVersion(): string {
  return (createRequire(import.meta.url)('slablab/package.json') as { version: string }).version
}
