import { estimateShare, type Estimate } from './clusterEstimate.js'
import type { CacheCount } from './estimateCaches.js'
import type { StretchSample } from './stretches.js'
import type { Tally } from './tally.js'

/**
 * Each cache's share of the memory of all slabs. Where the kernel counts all slabs, it follows from their bytes and from the bounds of these;
 * else from what the stretches hold.
 */
export function estimateShares(sample: StretchSample, counts: readonly CacheCount[], tallies: readonly Tally[]): Estimate[] {
  return counts.every(({ scaledBy }) => scaledBy === 'counters') ? sharesOfBytes(counts) : sharesOfStretches(sample, tallies)
}

function sharesOfBytes(counts: readonly CacheCount[]): Estimate[] {
  const sum = (of: (count: CacheCount) => number): number => counts.reduce((all, count) => all + of(count), 0)
  const guess = ({ bytes }: CacheCount): number => bytes.value ?? (bytes.low + bytes.high) / 2
  const [all, lows, highs] = [sum(guess), sum(({ bytes }) => bytes.low), sum(({ bytes }) => bytes.high)]
  const ratio = (own: number, others: number): number => (own === 0 ? 0 : own / (own + others))
  return counts.map((count) => {
    const { low, high, value } = count.bytes
    return { value: value === null ? null : ratio(value, all - guess(count)), low: ratio(low, highs - high), high: ratio(high, lows - low) }
  })
}

function sharesOfStretches(sample: StretchSample, tallies: readonly Tally[]): Estimate[] {
  const allBytes = new Map<number, number>()
  for (const { stretches, bytes } of tallies) stretches.forEach((stretch, i) => allBytes.set(stretch, (allBytes.get(stretch) ?? 0) + bytes[i]))
  const stretches = [...allBytes.keys()].sort((a, b) => a - b)
  const whole = stretches.map((stretch) => allBytes.get(stretch)!)
  return tallies.map((tally) => {
    const own = new Map(tally.stretches.map((stretch, i) => [stretch, tally.bytes[i]]))
    const part = stretches.map((stretch) => own.get(stretch) ?? 0)
    const { share, low, high } = estimateShare(sample, { stretches, part, whole, units: stretches.length, unseen: 1 })
    return { value: tally.seen.slabs === 0 ? null : share, low, high }
  })
}
