import type { UsedBytes } from './matchEvidence.js'
import { includes, lowerBound } from './structCatalog.js'
import type { WordEvidence } from './wordEvidence.js'

/** What a struct that would have fit into a smaller slot loses for each halving of the size: objects with data behind the struct exist. */
const UNLIKELY_SIZE = -3
/** Part of a struct that is hardly ever unused in all objects. */
const UNUSED_SHARE = 0.3
/** Two sums closer than this are no difference. */
export const SAME_BITS = 0.5

/** Those for which something speaks, best first; where only the best one is asked for, without those that neither rival it nor come next. */
export function ranked(alive: Uint32Array, bits: Float32Array, limit: number): number[] {
  let best = 0
  let next = 0
  for (let i = 0; i < alive.length; i++) {
    const own = bits[alive[i]]
    if (own > best) {
      next = best
      best = own
    } else if (own > next) next = own
  }
  const least = limit > 1 ? 0 : Math.min(next, best - SAME_BITS)
  const found: number[] = []
  for (let i = 0; i < alive.length; i++) if (bits[alive[i]] > 0 && bits[alive[i]] >= least) found.push(alive[i])
  return found.sort((a, b) => bits[b] - bits[a] || a - b)
}

/** Where objects point at their own: a struct that ends there has something behind it. */
export function endsOf(evidence: readonly WordEvidence[]): Set<number> {
  return new Set(evidence.flatMap((word) => (word.kind === 'kin' && word.target > 0 ? [word.target] : [])))
}

/** What the size of a struct says: one far below the smallest that the allocator puts into such a slot is not likely. */
export function sizeBits(bytes: number, smallest: number): number {
  return UNLIKELY_SIZE * Math.max(1, Math.log2(smallest / bytes))
}

/**
 * What it says of a struct that objects are in use beyond its end, or that nothing is in a good part of it: enough to tell it from others that
 * explain the words as well, and no more, for what is behind a struct may be left from another, and members may be unset.
 */
export function usedBits(bytes: number, endsOpen: boolean, { least, most }: UsedBytes): number {
  return (bytes < least && !endsOpen) || bytes - most >= bytes * UNUSED_SHARE ? -2 * SAME_BITS : 0
}

/** What a word tells that `fitting` of `considered` structs fit. */
export function gainOf(considered: number, fitting: number): number {
  return Math.log2((considered + 1) / (fitting + 0.5))
}

/** A prior that the struct is one of these, with that probability. */
export function addPrior(bits: Float32Array, alive: Uint32Array, members: Uint32Array, probability: number, considered: number): void {
  const count = lowerBound(members, considered)
  if (count === 0) return
  const gain = Math.log2(probability * considered / count)
  for (let i = 0; i < alive.length; i++) if (includes(members, alive[i])) bits[alive[i]] += gain
}
