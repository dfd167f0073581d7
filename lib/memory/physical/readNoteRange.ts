import { FormatError } from '../../errors.js'
import type { ByteSource } from '../../source/bytes.js'

/** Notes are a few kilobytes a CPU; more than this is a damaged size. */
const MOST_BYTES = 64 << 20

/** Reads notes or VMCOREINFO. @throws FormatError where their size can't be true */
export function readNoteRange(source: ByteSource, { offset, bytes }: { readonly offset: number; readonly bytes: number }): Uint8Array {
  if (bytes > MOST_BYTES) {
    throw new FormatError('impossible size of notes', { source: source.name, offset, found: `${bytes} bytes`, expected: `at most ${MOST_BYTES}` })
  }
  return source.read(offset, bytes)
}
