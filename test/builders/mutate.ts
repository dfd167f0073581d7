/** Values that sizes, offsets and counts go wrong at. */
const edges = [0n, 1n, 2n, 7n, 255n, 4095n, 4096n, 4097n, 65535n, 65536n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n]

/**
 * A damaged copy: bits flipped, words replaced by values at the edges, stretches copied elsewhere, zeroed, cut off or doubled. Half of the
 * damage is done to the first bytes, where headers are.
 */
export function mutated(bytes: Uint8Array, random: () => number, headBytes = 512): Uint8Array {
  let copy = Uint8Array.from(bytes)
  const below = (limit: number): number => Math.floor(random() * limit)
  const place = (): number => below(random() < 0.5 ? Math.min(headBytes, copy.length) : copy.length)
  for (let left = 1 + below(4); left > 0 && copy.length > 16; left--) {
    const at = place()
    const length = 1 + below(Math.min(64, copy.length - at))
    const view = new DataView(copy.buffer)
    const edge = edges[below(edges.length)] + (random() < 0.2 ? BigInt(copy.length) : 0n)
    switch (below(8)) {
      case 0:
        copy[at] ^= 1 << below(8)
        break
      case 1:
        copy[at] = below(256)
        break
      case 2:
      case 3:
        if (at + 4 <= copy.length) view.setUint32(at & ~3, Number(edge & 0xffffffffn), random() < 0.8)
        break
      case 4:
        if ((at & ~7) + 8 <= copy.length) view.setBigUint64(at & ~7, BigInt.asUintN(64, edge), random() < 0.8)
        break
      case 5:
        copy.copyWithin(at, below(copy.length), copy.length)
        break
      case 6:
        copy.fill(random() < 0.5 ? 0 : 0xff, at, at + length)
        break
      default:
        copy = random() < 0.5 ? copy.slice(0, copy.length - below(copy.length)) : Uint8Array.from([...copy.subarray(0, at), ...copy.subarray(at, at + length), ...copy.subarray(at)])
    }
  }
  return copy
}

/** How many inputs a fuzz test tries: SLABLAB_FUZZ, else a few thousand shared by all. */
export function fuzzRounds(usual: number): number {
  const asked = Number(process.env.SLABLAB_FUZZ)
  return asked > 0 ? Math.ceil(asked * usual / 1000) : usual
}

/** Milliseconds a fuzz test may take: more rounds take longer. */
export const fuzzTimeout = 60_000 + (Number(process.env.SLABLAB_FUZZ) || 0) * 100
