import { ALLOCATED, type SlabObjects } from '../slab/model.js'
import { estimateShare, exactly, type Estimate, type ShareEstimate } from '../slab/sample/clusterEstimate.js'
import { defaultSeed, type SampleOptions } from '../slab/sample/sampleSlabs.js'
import { stretchOf } from '../slab/sample/stretches.js'
import { sampleMachine, type SampledMachine } from '../system/sampledSystem.js'
import type { System } from '../system/system.js'
import { addressesAt } from '../util/addressHalves.js'
import { randomNumbers } from '../util/random.js'
import { wilson } from '../util/wilson.js'
import { positionsOf } from './reference/positionsOf.js'

/** Objects of one cache that have something in common. */
export interface ObjectsInCommon {
  readonly cache: string | null
  /** Ascending. */
  readonly addresses: BigUint64Array
}

/** What a sample says of such objects. */
export interface PartEstimate {
  /** Of the cache's allocated objects. */
  readonly share: number
  readonly shareLow: number
  readonly shareHigh: number
  readonly objects: Estimate
  /** Objects of the cache that were read, and how many there are by the best guess. */
  readonly readObjects: number
  readonly askedObjects: number
}

/** Objects of one cache that were read. */
interface CacheSample {
  /** How many are in use in the whole machine. */
  readonly asked: Estimate
  /** How many of them the stretches hold, and how many of these were chosen. */
  readonly met: number
  readonly chosen: number
}

/**
 * Allocated objects of a machine, drawn at random: those in some stretches of its memory, and of each cache at most as many as was asked for, one
 * from each of as many equal parts of them in address order.
 */
export class SampledObjects {
  readonly machine: SampledMachine
  /** Ascending. */
  readonly addresses: BigUint64Array
  readonly #objects: SlabObjects
  readonly #caches: ReadonlyMap<string, CacheSample>

  /** @throws UsageError where `sample` is no positive integer, or a name is no cache */
  constructor(whole: System, { sample, seed = defaultSeed }: SampleOptions, names: string | readonly string[] | undefined) {
    this.machine = sampleMachine(whole, { sample, seed })
    const { system, slabs } = this.machine
    this.#objects = system.objects(names === undefined ? undefined : [names].flat())
    const { chosen, counts } = draw(this.#objects, sample, seed)
    this.addresses = addressesAt(this.#objects.address, chosen)
    const estimates = slabs === undefined ? undefined : this.machine.estimates()
    this.#caches = new Map(this.#objects.caches.map(({ name }, row) => [name, {
      met: counts[row], chosen: Math.min(counts[row], sample), asked: estimates?.[row].allocated ?? exactly(counts[row])
    }]))
  }

  /** Whether nothing was left out. */
  get isAll(): boolean {
    return this.machine.slabs === undefined && [...this.#caches.values()].every(({ met, chosen }) => met === chosen)
  }

  /** The system in which the objects lie. */
  get system(): System {
    return this.machine.system
  }

  /** What the sample says of each part; the parts of one cache are all that was read of it. */
  estimate(parts: readonly ObjectsInCommon[]): PartEstimate[] {
    const read = new Map<string | null, number>()
    for (const { cache, addresses } of parts) read.set(cache, (read.get(cache) ?? 0) + addresses.length)
    const sample = this.machine.slabs?.sample
    if (sample === undefined) return parts.map((part) => this.#ofAll(part, read.get(part.cache)!))
    const positions = parts.map(({ addresses }) => positionsOf(this.#objects, addresses))
    const stretchOfSlab = this.#stretches()
    const perStretch = (lists: readonly Uint32Array[]): Map<number, number> => {
      const counts = new Map<number, number>()
      for (const list of lists) for (const position of list) add(counts, stretchOfSlab[this.#objects.slab[position]])
      return counts
    }
    const ofCache = new Map([...read.keys()].map((cache) => {
      const own = positions.filter((_, i) => parts[i].cache === cache)
      const counts = [...perStretch(own)].sort(([a], [b]) => a - b)
      const slabs = new Set(own.flatMap((list) => Array.from(list, (position) => this.#objects.slab[position]))).size
      return [cache, { stretches: counts.map(([stretch]) => stretch), whole: counts.map(([, count]) => count), slabs }]
    }))
    return parts.map(({ cache }, i) => {
      const { stretches, whole, slabs } = ofCache.get(cache)!
      const counts = perStretch([positions[i]])
      const readObjects = read.get(cache)!
      const { asked, met, chosen } = this.#caches.get(cache ?? '')!
      const { share, low, high } = estimateShare(sample, {
        stretches, whole, part: stretches.map((stretch) => counts.get(stretch) ?? 0), units: slabs,
        unseen: asked.value === null || asked.value <= readObjects ? 0 : 1 - readObjects / asked.value, thinned: chosen < met,
        known: ((asked.value ?? 0) * readObjects) / Math.max(1, met)
      })
      return this.#partOf({ share, low, high }, asked, parts[i].addresses.length, readObjects)
    })
  }

  /** Where all memory was looked at, only how many objects were read leaves something open. */
  #ofAll({ cache, addresses }: ObjectsInCommon, readObjects: number): PartEstimate {
    const own = this.#caches.get(cache ?? '')
    const asked = own?.asked ?? exactly(readObjects)
    const share = addresses.length / readObjects
    if (own === undefined || own.chosen === own.met) return { ...this.#partOf({ share, low: share, high: share }, asked, addresses.length, readObjects), objects: exactly(addresses.length) }
    const { low, high } = wilson(addresses.length, readObjects)
    return this.#partOf({ share, low, high }, asked, addresses.length, readObjects)
  }

  /** `seen` objects of the part were read, of `readObjects` of its cache: there are no fewer, and no more than leave room for the others. */
  #partOf({ share, low, high }: ShareEstimate, asked: Estimate, seen: number, readObjects: number): PartEstimate {
    const objects = asked.value ?? readObjects
    return {
      share, shareLow: low, shareHigh: high, readObjects, askedObjects: objects,
      objects: {
        value: Math.round(share * objects), low: Math.max(seen, Math.floor(low * asked.low)), high: Math.min(Math.ceil(high * asked.high), asked.high - (readObjects - seen))
      }
    }
  }

  /** The stretch of each slab. */
  #stretches(): Uint32Array {
    const { system, slabs } = this.machine
    const { kernel } = system
    return Uint32Array.from(this.#objects.slabs, (address) => stretchOf(slabs!.sample, Math.floor((kernel!.physicalOf(address) ?? 0) / kernel!.pageBytes)))
  }
}

function add(counts: Map<number, number>, key: number): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

/** Positions of the chosen objects, ascending, and how many allocated ones each cache has. */
function draw({ length, caches, cache, state }: SlabObjects, most: number, seed: number): { chosen: Uint32Array; counts: Uint32Array } {
  const counts = new Uint32Array(caches.length)
  for (let i = 0; i < length; i++) if (state[i] === ALLOCATED) counts[cache[i]]++
  const random = randomNumbers(seed)
  const met = new Uint32Array(caches.length)
  const part = new Uint32Array(caches.length)
  const drawn = Float64Array.from(counts, (count) => drawFrom(0, count, most, random))
  const chosen = new Uint32Array(counts.reduce((sum, count) => sum + Math.min(count, most), 0))
  let filled = 0
  for (let i = 0; i < length; i++) {
    if (state[i] !== ALLOCATED) continue
    const own = cache[i]
    if (met[own]++ !== drawn[own]) continue
    chosen[filled++] = i
    drawn[own] = drawFrom(++part[own], counts[own], most, random)
  }
  return { chosen, counts }
}

/** Which of `count` objects is drawn from a part, of `most` equal ones: every object where there are no more. */
function drawFrom(part: number, count: number, most: number, random: () => number): number {
  if (count <= most) return part
  const start = Math.floor((part * count) / most)
  const end = Math.floor(((part + 1) * count) / most)
  return start + Math.floor(random() * (end - start))
}
