/**
 * Numbers from 0 up to 1, evenly spread and the same for the same seed (the counter of SplitMix32: a Weyl sequence behind MurmurHash3's mixer).
 *
 * @example const next = randomNumbers(1); next(); next()
 */
export function randomNumbers(seed: number): () => number {
  let counter = seed >>> 0
  return () => {
    counter = (counter + 0x9e3779b9) >>> 0
    let mixed = counter
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32
  }
}
