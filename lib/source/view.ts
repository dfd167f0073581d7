/** A DataView over exactly these bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/**
 * An unsigned 64-bit value as a number, for offsets and sizes: a value beyond 2^53 loses its low bits, and lies behind the end of
 * any file all the same.
 */
export function u64(view: DataView, offset: number, littleEndian: boolean): number {
  const low = view.getUint32(littleEndian ? offset : offset + 4, littleEndian)
  const high = view.getUint32(littleEndian ? offset + 4 : offset, littleEndian)
  return high * 2 ** 32 + low
}

/** Bytes up to the first NUL as text, one character a byte. */
export function cString(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  const text = end < 0 ? bytes : bytes.subarray(0, end)
  return Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString('latin1')
}
