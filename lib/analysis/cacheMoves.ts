import type { CacheSeries } from './machineSeries.js'
import type { Boot } from './timeline.js'

/**
 * Memory that changed its name between two snapshots: a cache that goes while another of the same object size rises by as much has been
 * merged into it, one that comes while another falls by as much was split off. Neither is growth. Returns the caches with the bytes of
 * the merged one counted in before, and of the split one from before; caches that nothing happened to are returned as they are.
 */
export function withoutMoves(caches: readonly CacheSeries[], boots: readonly Boot[]): CacheSeries[] {
  const sizes = new Map<number, number[]>()
  caches.forEach(({ objectBytes }, i) => {
    if (!Number.isNaN(objectBytes)) sizes.set(objectBytes, [...(sizes.get(objectBytes) ?? []), i])
  })
  const bytes = caches.map((cache) => cache.bytes)
  const own = new Set<number>()
  const change = (cache: number): Float64Array => {
    if (!own.has(cache)) bytes[cache] = bytes[cache].slice()
    own.add(cache)
    return bytes[cache]
  }
  for (const alike of sizes.values()) {
    if (alike.length < 2) continue
    for (const cache of alike) {
      const { from, to } = presence(caches[cache].bytes)
      const boot = boots.find((candidate) => from > candidate.from && from < candidate.to)
      if (boot !== undefined) {
        const other = counterpart(alike, cache, caches, from, -caches[cache].bytes[from])
        if (other !== undefined) change(cache).fill(caches[cache].bytes[from], boot.from, from)
      }
      const last = boots.find((candidate) => to > candidate.from && to < candidate.to)
      if (last === undefined) continue
      const other = counterpart(alike, cache, caches, to, caches[cache].bytes[to - 1])
      if (other === undefined) continue
      const sum = change(other)
      for (let i = last.from; i < to; i++) sum[i] += caches[cache].bytes[i]
    }
  }
  return caches.map((cache, i) => (own.has(i) ? { ...cache, bytes: bytes[i] } : cache))
}

/** The first snapshot with memory and the one after the last. */
function presence(bytes: Float64Array): { from: number; to: number } {
  let from = 0
  while (from < bytes.length && bytes[from] === 0) from++
  let to = bytes.length
  while (to > from && bytes[to - 1] === 0) to--
  return { from, to }
}

/** The cache of the same size whose bytes changed at snapshot `at` by `amount`, give or take half of it. */
function counterpart(alike: readonly number[], cache: number, caches: readonly CacheSeries[], at: number, amount: number): number | undefined {
  let best: number | undefined
  let least = Math.abs(amount) / 2
  for (const other of alike) {
    if (other === cache) continue
    const off = Math.abs(caches[other].bytes[at] - caches[other].bytes[at - 1] - amount)
    if (off <= least) {
      best = other
      least = off
    }
  }
  return best
}
