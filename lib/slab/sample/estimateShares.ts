import type { KernelView } from '../kernelView.js'
import { estimateTotal, type Estimate } from './clusterEstimate.js'
import type { CacheCount } from './estimateCaches.js'
import { STRETCH_FRAMES, type StretchSample } from './stretches.js'
import type { Tally } from './tally.js'

/**
 * Each cache's share of the memory of all slabs. Where the kernel counts all slabs, it follows from their bytes and from the bounds of these;
 * else from what the stretches hold.
 */
export function estimateShares(view: KernelView, sample: StretchSample, counts: readonly CacheCount[], tallies: readonly Tally[]): Estimate[] {
  return counts.every(({ scaledBy }) => scaledBy === 'counters') ? sharesOfBytes(counts) : sharesOfStretches(view, sample, counts, tallies)
}

function sharesOfBytes(counts: readonly CacheCount[]): Estimate[] {
  const sum = (of: (count: CacheCount) => number): number => counts.reduce((all, count) => all + of(count), 0)
  const guess = ({ bytes }: CacheCount): number => bytes.value ?? (bytes.low + bytes.high) / 2
  const [all, lows, highs] = [sum(guess), sum(({ bytes }) => bytes.low), sum(({ bytes }) => bytes.high)]
  return counts.map((count) => {
    const { low, high, value } = count.bytes
    return { value: value === null ? null : ratio(value, all - guess(count)), low: ratio(low, highs - high), high: ratio(high, lows - low) }
  })
}

function sharesOfStretches(view: KernelView, sample: StretchSample, counts: readonly CacheCount[], tallies: readonly Tally[]): Estimate[] {
  const allBytes = new Map<number, number>()
  for (const { stretches, bytes } of tallies) stretches.forEach((stretch, i) => allBytes.set(stretch, (allBytes.get(stretch) ?? 0) + bytes[i]))
  const stretches = [...allBytes.keys()].sort((a, b) => a - b)
  const all = stretches.map((stretch) => allBytes.get(stretch)!)
  return tallies.map((tally, cache) => {
    const own = new Map(tally.stretches.map((stretch, i) => [stretch, tally.bytes[i]]))
    const values = stretches.map((stretch, i) => all[i] - (own.get(stretch) ?? 0))
    const others = estimateTotal(sample, { stretches, values }, STRETCH_FRAMES * view.pageBytes)
    const { value, low, high } = counts[cache].bytes
    return { value: value === null ? null : ratio(value, others.value ?? 0), low: ratio(low, others.high), high: ratio(high, others.low) }
  })
}

function ratio(own: number, others: number): number {
  return own === 0 ? 0 : own / (own + others)
}
