import { UsageError } from '../../errors.js'
import type { KernelView } from '../kernelView.js'
import { readSlabs } from '../readSlabs.js'
import type { Slabs } from '../slabs.js'
import { estimateCaches, type CacheEstimate } from './estimateCaches.js'
import { SampledView } from './sampledView.js'
import { slabLookup } from './slabLookup.js'
import { drawStretches, type StretchSample } from './stretches.js'

/** How much is sampled, and how. */
export interface SampleOptions {
  /** About so many stretches of page structures are read: two at random from each of half as many equal layers of memory. */
  readonly sample: number
  /** Another one draws other stretches; the same one, the same ones (default 1). */
  readonly seed?: number
}

/** The slabs in some stretches of the page structures. */
export interface SampledSlabs {
  readonly sample: StretchSample
  /** What lies in the chosen stretches; all counts are of these. `find` tells the cache of any address. */
  readonly slabs: Slabs
  /** The kernel of the chosen stretches. */
  readonly view: KernelView
  /** What all memory holds, by rows of `slabs.caches()`. */
  estimates(): readonly CacheEstimate[]
}

export const defaultSeed = 1
const SEEDS = 2 ** 32

/**
 * Reads the slabs in stretches of the page structures that are drawn at random: seconds where reading all of them takes minutes. `all` gives
 * the slabs of a machine so small that the sample would hold all of it.
 *
 * @throws UsageError where `sample` is no positive integer, or `seed` none from 0 to 4294967295
 * @example sampleSlabs(view, { sample: 4096 }, () => readSlabs(view)).estimates()[0].allocated // { value: 71020, low: 70411, high: 71603 }
 */
export function sampleSlabs(kernel: KernelView, { sample: most, seed = defaultSeed }: SampleOptions, all: () => Slabs): SampledSlabs {
  checkSample(most, seed)
  const sample = drawStretches(kernel.pageStructRuns(), kernel.pageStructBytes, most, seed)
  const view = sample.whole ? kernel : new SampledView(kernel, sample.runs)
  const slabs = sample.whole ? all() : withLookup(view, readSlabs(view))
  let estimates: CacheEstimate[] | undefined
  return { sample, slabs, view, estimates: () => (estimates ??= estimateCaches(view, slabs, sample)) }
}

/** @throws UsageError */
export function checkSample(sample: number, seed: number): void {
  if (!Number.isSafeInteger(sample) || sample < 1) throw new UsageError(`expected the \`sample\` option to be a positive integer, got ${sample}`)
  if (!Number.isInteger(seed) || seed < 0 || seed >= SEEDS) throw new UsageError(`expected the \`seed\` option to be an integer from 0 to ${SEEDS - 1}, got ${seed}`)
}

/** Slabs whose `find` also knows the cache of what lies outside of the sample, though not the state of an object there. */
function withLookup(view: KernelView, slabs: Slabs): Slabs {
  const lookup = slabLookup(view)
  const byAddress = new Map(slabs.table.caches.map(({ address }, row) => [address, row]))
  return {
    ...slabs,
    find: (address) => {
      const found = slabs.find(address)
      const physical = found === undefined ? view.physicalOf(address) : undefined
      if (physical === undefined) return found
      const outside = lookup(Math.floor(physical / view.pageBytes))
      const row = outside === undefined ? undefined : byAddress.get(outside.cache)
      if (outside === undefined || row === undefined) return undefined
      const slabAddress = view.virtualOf(outside.frame * view.pageBytes)
      return { cache: slabs.caches()[row], slab: -1, slabAddress, slot: null, object: null, offset: Number(address - slabAddress), state: null, queued: false }
    }
  }
}
