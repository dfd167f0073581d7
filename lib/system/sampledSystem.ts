import type { Memory, PhysicalMemory } from '../memory/memory.js'
import type { KernelView } from '../slab/kernelView.js'
import type { SlabCache, SlabObjects } from '../slab/model.js'
import { exactly, type Estimate } from '../slab/sample/clusterEstimate.js'
import type { CacheEstimate } from '../slab/sample/estimateCaches.js'
import { checkSample, defaultSeed, sampleSlabs, type SampledSlabs, type SampleOptions } from '../slab/sample/sampleSlabs.js'
import type { Slabs } from '../slab/slabs.js'
import type { SymbolTable } from '../symbol/symbolTable.js'
import type { TypeTable } from '../type/typeTable.js'
import type { Warnings } from '../warnings.js'
import type { EvidenceFile, System } from './system.js'

/** A machine of which some stretches of memory were looked at for slabs. */
export interface SampledMachine {
  /** The machine: its slabs, caches and objects are those of the sample. */
  readonly system: System
  /** The sample; undefined where everything was read. */
  readonly slabs: SampledSlabs | undefined
  /** What the whole machine holds, by rows of `system.caches()`. */
  estimates(): readonly CacheEstimate[]
}

/** The last one of each machine: several questions are asked of one sample. */
const kept = new WeakMap<System, { readonly key: string; readonly machine: SampledMachine }>()

/**
 * Looks at a part of a dump's memory, drawn at random. Of a crash session, and of a dump that has no more stretches than are asked for, it is all
 * there is.
 *
 * @throws UsageError where `sample` or `seed` is no such number
 * @example sampleMachine(system, { sample: 4096 }).estimates()
 */
export function sampleMachine(system: System, { sample, seed = defaultSeed }: SampleOptions): SampledMachine {
  checkSample(sample, seed)
  const key = `${sample} ${seed}`
  const last = kept.get(system)
  if (last?.key === key) return last.machine
  const machine = sampleOf(system, { sample, seed })
  kept.set(system, { key, machine })
  return machine
}

function sampleOf(system: System, options: SampleOptions): SampledMachine {
  const { kernel } = system
  if (kernel === undefined) return { system, slabs: undefined, estimates: () => system.caches().map(asListed) }
  const slabs = sampleSlabs(kernel, options, () => system.slabs!)
  if (slabs.sample.whole) return { system, slabs: undefined, estimates: slabs.estimates }
  return { system: new SampledSystem(system, slabs), slabs, estimates: slabs.estimates }
}

/** A session's cache: what it does not show stays unknown. */
function asListed({ slabs, total, allocated, bytes }: SlabCache): CacheEstimate {
  const known = (value: number | null): Estimate => (value === null ? { value, low: 0, high: Infinity } : exactly(value))
  return {
    slabs: known(slabs), total: known(total), allocated: known(allocated), bytes: known(bytes), share: known(null),
    scaledBy: 'all read', seenSlabs: 0, seenStretches: 0
  }
}

/** The system behind a {@link SampledMachine}. */
class SampledSystem implements System {
  readonly kind = 'dump'

  constructor(readonly whole: System, readonly sampled: SampledSlabs) {}

  get name(): string { return this.whole.name }
  get files(): readonly EvidenceFile[] { return this.whole.files }
  get architecture(): System['architecture'] { return this.whole.architecture }
  get release(): string | null { return this.whole.release }
  get buildId(): string | null { return this.whole.buildId }
  get pageBytes(): number | null { return this.whole.pageBytes }
  get memory(): Memory { return this.whole.memory }
  get physical(): PhysicalMemory | undefined { return this.whole.physical }
  get symbols(): SymbolTable { return this.whole.symbols }
  get types(): TypeTable | undefined { return this.whole.types }
  get warnings(): Warnings { return this.whole.warnings }
  get incomplete(): readonly string[] | undefined { return this.whole.incomplete }
  get kernel(): KernelView { return this.sampled.view }
  get slabs(): Slabs { return this.sampled.slabs }

  caches(): readonly SlabCache[] {
    return this.slabs.caches()
  }

  objects(cacheNames?: readonly string[]): SlabObjects {
    return this.slabs.objects(cacheNames)
  }
}
