import { inflateSync } from 'node:zlib'

/** A zlib stream (RFC 1950), as `compress2` writes it for each page of a dump. */
export function decodeZlib(packed: Uint8Array, target: Uint8Array): boolean {
  try {
    const bytes = inflateSync(packed, { chunkSize: Math.max(64, target.length), maxOutputLength: target.length })
    if (bytes.length !== target.length) return false
    target.set(bytes)
    return true
  } catch {
    return false
  }
}
