import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { SlablabError } from '../errors.js'
import type { Warnings } from '../warnings.js'
import { elfBuildId } from './elfSection.js'
import { cacheFolder, fileChunks, openFile, pathKind, realPath, removeFile, touchFile, writeFileFrom } from './file.js'

/** What of pahole's own messages is quoted. */
const QUOTED = 300

/**
 * BTF made from a vmlinux's DWARF by pahole (`pahole --btf_encode_detached`), where that tool is installed: a path to it in the cache folder,
 * made once for each build id. It takes pahole a minute or two and as much memory as the debug information is large.
 *
 * @throws SlablabError where pahole is not installed or fails; the reason of `signal` where it was aborted
 */
export async function paholeBtf(vmlinux: string, warnings: Warnings, signal?: AbortSignal): Promise<string> {
  const target = join(cacheFolder('btf'), `${keyOf(vmlinux)}.btf`)
  if (pathKind(target) === 'file') touchFile(target)
  else {
    // Made beside its place: a pahole that is stopped leaves half of it.
    const partial = `${target}.pahole-${process.pid}`
    try {
      await writeFileFrom(partial, noBytes())
      await encode(vmlinux, partial, signal)
      await writeFileFrom(target, fileChunks(partial))
    } finally {
      removeFile(partial)
    }
    warnings.add(`${vmlinux}: types made from its DWARF by pahole once, kept in ${target}`)
  }
  return target
}

/** The build id, else what tells one file from another. */
function keyOf(vmlinux: string): string {
  const file = openFile(vmlinux)
  try {
    return elfBuildId(file) ?? createHash('sha256').update(JSON.stringify([realPath(vmlinux), file.byteLength, file.modified])).digest('hex').slice(0, 40)
  } finally {
    file.close()
  }
}

async function* noBytes(): AsyncGenerator<Uint8Array> {}

async function encode(vmlinux: string, target: string, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted()
  const child = spawn('pahole', [`--btf_encode_detached=${target}`, vmlinux], { stdio: ['ignore', 'ignore', 'pipe'], signal })
  let said = ''
  child.stderr.on('data', (text: Buffer) => (said += said.length < QUOTED ? text.toString('utf8') : ''))
  const { code, error } = await new Promise<{ code: number | null; error?: Error }>((resolve) => {
    child.once('error', (error) => resolve({ code: null, error }))
    child.once('close', (code) => resolve({ code }))
  })
  signal?.throwIfAborted()
  if (error !== undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') {
    throw new SlablabError(`${vmlinux} has no BTF, and pahole, which makes it from DWARF, is not installed`)
  }
  const bytes = fileBytes(target)
  if (code !== 0 || bytes === 0) {
    const why = error?.message ?? (said.trim().slice(0, QUOTED) || `it ended with ${code} and wrote ${bytes} bytes`)
    throw new SlablabError(`pahole made no BTF from ${vmlinux}: ${why}`, { cause: error })
  }
}

function fileBytes(path: string): number {
  const file = openFile(path)
  try {
    return file.byteLength
  } finally {
    file.close()
  }
}
