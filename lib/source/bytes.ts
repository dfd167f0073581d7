/**
 * Bytes that can be read anywhere, as every binary reader takes them. `file.ts` makes one from a path;
 * a Uint8Array becomes one through {@link bytesOf}, so that readers stay pure and tests need no files.
 */
export interface ByteSource {
  /** What to call it in errors: the path as the person gave it. */
  readonly name: string
  readonly byteLength: number
  /**
   * `length` bytes from `offset`, fewer at the end of the source (none beyond it). The result is the caller's to keep.
   * Offsets go beyond 4 GiB: use numbers (exact below 2^53), never 32-bit arithmetic.
   */
  read(offset: number, length: number): Uint8Array
  /** As `read`, to the start of `target`; returns how many bytes came. Optional: it spares an allocation. */
  readInto?(offset: number, target: Uint8Array, length: number): number
  /** Whether the bytes were ever written, for sources with holes (these read as zeros); absent where there are none. */
  holds?(offset: number, length: number): boolean
}

/**
 * An in-memory {@link ByteSource}.
 *
 * @example bytesOf('note', new Uint8Array([1, 2, 3])).read(1, 9) // Uint8Array [2, 3]
 */
export function bytesOf(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    byteLength: bytes.byteLength,
    read: (offset, length) => bytes.slice(offset, offset + length)
  }
}
