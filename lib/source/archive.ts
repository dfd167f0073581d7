import { Readable } from 'node:stream'
import { FormatError } from '../errors.js'

/** Offset of `ustar` in a tar header (POSIX pax, IEEE 1003.1). */
const ustarOffset = 257
const ustar = [0x75, 0x73, 0x74, 0x61, 0x72]
/** Bytes that tell a tar. */
export const tarHeadBytes = ustarOffset + ustar.length

/** Whether bytes are the start of a tar archive. */
export function isTar(head: Uint8Array): boolean {
  return head.length >= tarHeadBytes && ustar.every((byte, i) => head[ustarOffset + i] === byte)
}

/** One file of an archive. */
export interface ArchiveMember {
  /** Path in the archive, without a leading `./`. */
  readonly path: string
  /** Milliseconds since 1970. */
  readonly modified: number | null
  readonly bytes: Uint8Array
}

/**
 * The regular files of a tar archive that `wanted` asks for, in their order. Larger ones than `largestBytes` are left out: what they say
 * of themselves is not believed before it is read.
 *
 * @param name what errors call the archive
 * @throws FormatError for a damaged archive
 */
export async function* tarMembers(
  chunks: AsyncIterable<Uint8Array>, name: string, wanted: (path: string) => boolean, largestBytes: number
): AsyncGenerator<ArchiveMember> {
  // Few archives are ever opened, and every start of the command line would load it.
  const { extract } = await import('tar-stream')
  const tar = extract()
  const source = Readable.from(chunks)
  source.on('error', (error) => tar.destroy(error))
  source.pipe(tar)
  try {
    for await (const entry of tar) {
      const { name: entryName, type, size, mtime } = entry.header
      const path = entryName.replace(/^(?:\.?\/)+/, '')
      if (type !== 'file' || (size ?? 0) > largestBytes || !wanted(path)) {
        entry.resume()
        continue
      }
      const parts: Uint8Array[] = []
      for await (const part of entry as AsyncIterable<Uint8Array>) parts.push(part)
      yield { path, modified: mtime?.getTime() ?? null, bytes: Buffer.concat(parts) }
    }
  } catch (error) {
    if (error instanceof FormatError) throw error
    throw new FormatError('damaged tar archive', { source: name, found: (error as Error).message, cause: error })
  } finally {
    source.destroy()
  }
}
