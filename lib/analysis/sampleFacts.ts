import type { SampleOptions } from '../slab/sample/sampleSlabs.js'
import { defaultSeed } from '../slab/sample/sampleSlabs.js'
import { STRETCH_FRAMES } from '../slab/sample/stretches.js'
import { sampleMachine } from '../system/sampledSystem.js'
import { systemOf, type MachineEvidence } from './evidence.js'

/** How much of a machine a sample looked at. */
export interface SampleFacts {
  readonly seed: number
  /** Stretches of page structures that were read, of all that there are; null for a session, which has none. */
  readonly stretches: number | null
  readonly allStretches: number | null
  /** Pages of memory that a stretch describes. */
  readonly stretchPages: number
  /** Whether all were read. */
  readonly whole: boolean
  /** Caches whose slabs the kernel counts itself, of all caches. */
  readonly countedCaches: number
  readonly caches: number
}

/**
 * What a sample is, for saying so beside what it shows: the same sample that {@link sampledSignatures}, {@link sampledTypes} and `dump.caches`
 * take with the same options.
 *
 * @throws UsageError where `sample` is no positive integer
 * @example sampleFacts(dump, { sample: 10_000 }) // { seed: 1, stretches: 10000, allStretches: 4194304, … }
 */
export function sampleFacts(evidence: MachineEvidence, { sample, seed = defaultSeed }: SampleOptions): SampleFacts {
  const machine = sampleMachine(systemOf(evidence), { sample, seed })
  const estimates = machine.estimates()
  const drawn = machine.slabs?.sample
  return {
    seed, stretches: drawn?.starts.length ?? null, allStretches: drawn?.population ?? null, stretchPages: STRETCH_FRAMES, whole: drawn === undefined,
    countedCaches: estimates.filter(({ scaledBy }) => scaledBy === 'counters').length, caches: estimates.length
  }
}
