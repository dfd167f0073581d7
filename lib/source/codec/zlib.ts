import type { Decode } from './codec.js'
import { inflate } from './inflate.js'
import { wasmZlib } from './wasmZlib.js'

let decode: Decode | undefined

/** A zlib stream (RFC 1950), as `compress2` writes it for each page of a dump; its checksum must be right. */
export function decodeZlib(packed: Uint8Array, target: Uint8Array): boolean {
  decode ??= wasmZlib() ?? plainZlib
  return decode(packed, target)
}

/** The same without WebAssembly. */
export function plainZlib(packed: Uint8Array, target: Uint8Array): boolean {
  // CMF and FLG: method 8, window up to 32 KiB, no preset dictionary, a multiple of 31 together.
  if (packed.length < 6 || (packed[0] & 0x0f) !== 8 || packed[0] >> 4 > 7 || (packed[1] & 0x20) !== 0 || (packed[0] * 256 + packed[1]) % 31 !== 0) return false
  const taken = inflate(packed.subarray(2), target)
  const at = taken + 2
  if (taken < 0 || at + 4 > packed.length) return false
  return adler32(target) === ((packed[at] << 24) | (packed[at + 1] << 16) | (packed[at + 2] << 8) | packed[at + 3])
}

/** The largest prime below 2^16. */
const MODULUS = 65521
/** Bytes that can be summed before the second sum leaves 31 bits. */
const STRIDE = 2048

/** As a signed 32-bit value. Eight bytes a step: the sums then don't wait for each other. */
function adler32(bytes: Uint8Array): number {
  let a = 1
  let b = 0
  for (let i = 0; i < bytes.length;) {
    const end = Math.min(i + STRIDE, bytes.length)
    for (; i + 8 <= end; i += 8) {
      const b0 = bytes[i], b1 = bytes[i + 1], b2 = bytes[i + 2], b3 = bytes[i + 3]
      const b4 = bytes[i + 4], b5 = bytes[i + 5], b6 = bytes[i + 6], b7 = bytes[i + 7]
      b = (b + a * 8 + b0 * 8 + b1 * 7 + b2 * 6 + b3 * 5 + b4 * 4 + b5 * 3 + b6 * 2 + b7) | 0
      a = (a + b0 + b1 + b2 + b3 + b4 + b5 + b6 + b7) | 0
    }
    for (; i < end; i++) {
      a = (a + bytes[i]) | 0
      b = (b + a) | 0
    }
    a %= MODULUS
    b %= MODULUS
  }
  return (b << 16) | a
}
