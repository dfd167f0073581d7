import { FormatError } from '../errors.js'
import { fileKind } from '../source/fileKind.js'

/**
 * A stream of text as it comes, unless its first piece is none: what comes through a pipe or from a device cannot be looked at beforehand,
 * and may never end.
 *
 * @throws FormatError where it starts as something else
 */
export async function* textStream(file: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let first = true
  for await (const chunk of chunks) {
    if (first && chunk.length > 0) {
      first = false
      assertText(file, chunk)
    }
    yield chunk
  }
}

function assertText(file: string, piece: Uint8Array): void {
  const kind = fileKind(piece)
  if (kind === undefined) return
  const hint = kind.readable ? '; what is read here and there cannot come through a pipe: give the file' : kind.hint === null ? '' : `; ${kind.hint}`
  throw new FormatError(`not text: ${kind.text}${hint}`, { source: file, offset: 0, expected: 'the output of a crash session' })
}
