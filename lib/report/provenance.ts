import { createRequire } from 'node:module'
import { openFile } from '../source/file.js'
import { hashFile, hashFileAside } from '../source/fileHash.js'
import type { System } from '../system/system.js'
import type { Warnings } from '../warnings.js'
import type { Input, Provenance } from './reportModel.js'

/** A file as it lies on disk, with its size and sha256; without them where it can't be read a second time, as a pipe. */
export function inputOf(path: string, kind: string): Input {
  return bytesOf(path) === null ? { file: path, kind, bytes: null, sha256: null } : { file: path, kind, ...hashFile(path) }
}

/** The same of several files, large ones by threads of their own while other things are done with them; `stop` ends these. */
export function inputsOf(files: readonly { readonly path: string; readonly kind: string }[], signal?: AbortSignal): { readonly inputs: Promise<Input[]>; stop(): void } {
  const hashes = files.map(({ path }) => {
    const bytes = bytesOf(path)
    return bytes === null ? undefined : hashFileAside(path, bytes, signal)
  })
  const inputs = Promise.all(files.map(async ({ path, kind }, i): Promise<Input> => ({ file: path, kind, ...(await hashes[i]?.hash ?? { bytes: null, sha256: null }) })))
  // Who stops them does not wait for them.
  inputs.catch(() => {})
  return { inputs, stop: () => hashes.forEach((hash) => hash?.stop()) }
}

function bytesOf(path: string): number | null {
  try {
    const file = openFile(path)
    file.close()
    return file.byteLength
  } catch {
    return null
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
