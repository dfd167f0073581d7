import { FormatError } from '../../errors.js'
import { plainText } from '../plainText.js'
import { CrashReader } from './crashReader.js'
import type { CrashTranscript } from './crashTranscript.js'

/** A text that holds crash's output. */
export interface TranscriptSource {
  /** What to call it in messages: the path as the person gave it. */
  readonly file: string
  readonly chunks: AsyncIterable<Uint8Array>
}

export interface ReadTranscriptOptions {
  readonly signal?: AbortSignal
  /** Told after each piece how much of the files has been read, in bytes after unwrapping. */
  readonly onProgress?: (progress: { file: string; bytes: number }) => void
}

/**
 * Reads crash's output from one file or several of one investigation, in bounded memory: 16 bytes for each row of `rd`.
 *
 * @throws FormatError for a file in which nothing is crash's output. A packed file that is damaged is read up to there, and said to be
 * @example await readTranscript([{ file: 'session.txt', chunks: fileChunks('session.txt') }])
 */
export async function readTranscript(sources: readonly TranscriptSource[], options: ReadTranscriptOptions = {}): Promise<CrashTranscript> {
  const reader = new CrashReader()
  for (const { file, chunks } of sources) {
    reader.begin(file)
    const before = reader.knownLines + reader.logLines
    let bytes = 0
    let damage: FormatError | undefined
    try {
      for await (const chunk of plainText(chunks)) {
        options.signal?.throwIfAborted()
        reader.push(chunk)
        bytes += chunk.length
        options.onProgress?.({ file, bytes })
      }
    } catch (error) {
      // A packed file that breaks off: what came before counts.
      if (!(error instanceof FormatError) || bytes === 0) throw error
      damage = error
    }
    reader.end(damage?.message)
    if (bytes === 0) throw new FormatError('empty', { source: file, expected: 'the output of a crash session' })
    if (reader.knownLines + reader.logLines === before) throw nothingKnown(file, reader.firstLine)
  }
  if (sources.length > 0 && reader.knownLines === 0) throw nothingKnown(sources[0].file, reader.firstLine)
  return reader.finish()
}

function nothingKnown(file: string, firstLine: string): FormatError {
  return new FormatError("nothing in it is crash's output", {
    source: file, line: 1, found: firstLine === '' ? 'blank lines' : firstLine, expected: 'kmem -s, kmem -S, rd, sym or struct as crash prints them'
  })
}
