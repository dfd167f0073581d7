/**
 * Addresses as pairs of 32-bit numbers over the same memory, the lower half first: a loop over a million of them then makes no bigint.
 *
 * @example addressHalves(BigUint64Array.of(0xffff888000000040n)) // Uint32Array [0x40, 0xffff8880]
 */
export function addressHalves(addresses: BigUint64Array): Uint32Array {
  return new Uint32Array(addresses.buffer, addresses.byteOffset, addresses.length * 2)
}

/** The addresses at some positions. */
export function addressesAt(addresses: BigUint64Array, positions: ArrayLike<number>): BigUint64Array {
  const found = new BigUint64Array(positions.length)
  const to = addressHalves(found)
  const from = addressHalves(addresses)
  for (let i = 0; i < positions.length; i++) {
    to[i * 2] = from[positions[i] * 2]
    to[i * 2 + 1] = from[positions[i] * 2 + 1]
  }
  return found
}
