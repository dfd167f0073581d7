import { chiSquareBound, studentDeviations } from '../../util/quantiles.js'
import { wilson } from '../../util/wilson.js'
import { DRAWS, type StretchSample } from './stretches.js'

/** A number and its 95 % interval. They are equal where the number is known. `value` is null where nothing tells but the bounds. */
export interface Estimate {
  readonly value: number | null
  readonly low: number
  readonly high: number
}

/** What was counted in the stretches where there was any, ascending: `values[i]` of stretch `stretches[i]`. */
export interface Counted {
  readonly stretches: ArrayLike<number>
  readonly values: ArrayLike<number>
}

/** Where a sample stands for less than this part of what the kernel counts, heaps of it lie in stretches that were missed. */
const HALF = 0.5

/** Where most of what a sample holds lies in fewer stretches than this, these are what varies by itself. */
const FEW_HEAPS = 4

/** Layers in which both kinds were met, below which their difference is no measure of how sure a share is. */
const ENOUGH_LAYERS = 10

export function exactly(value: number): Estimate {
  return { value, low: value, high: value }
}

/** A part of something, as stretches hold both. */
export interface PartCounted {
  /** Stretches where there was any of the whole, ascending. */
  readonly stretches: ArrayLike<number>
  readonly part: ArrayLike<number>
  readonly whole: ArrayLike<number>
  /** How many things were seen that vary by themselves: slabs. */
  readonly units: number
  /** Which part of the whole was not seen. */
  readonly unseen: number
  /** How much of the whole there is in all memory, where the kernel counts it. */
  readonly known?: number
  /** Whether not all of what the stretches hold was looked at. */
  readonly thinned?: boolean
}

/** What a sample says of a share. */
export interface ShareEstimate {
  readonly share: number
  readonly low: number
  readonly high: number
}

/**
 * The share that a part has of the whole in all memory, by the stretches where there was any of it. The spread between the two stretches of each
 * layer tells how many independent observations the sample is worth; Wilson's interval for so many, with Student's quantile for the layers
 * that told, gives the bounds (as Korn and Graubard have it for clustered surveys, 1998). Where few layers hold both kinds, the sample is
 * worth no more than the `units` in it, or than its stretches where these hold one kind only, or most of it lies in a
 * few. Where it lacks most of what the kernel counts, it does not speak for that.
 */
export function estimateShare(sample: StretchSample, { stretches, part, whole, units, unseen, known = 0, thinned = false }: PartCounted): ShareEstimate {
  const all = weightedSum(sample, { stretches, values: whole })
  const share = all === 0 ? 0 : weightedSum(sample, { stretches, values: part }) / all
  if (unseen <= 0) return { share, low: share, high: share }
  const rests = Float64Array.from({ length: stretches.length }, (_, i) => part[i] - share * whole[i])
  const variance = spread(sample, { stretches, values: rests }, thinned)
  const met = (values: (i: number) => number): number => layersOf(Array.from(stretches).filter((_, i) => values(i) > 0))
  // Layers with the part, and layers with something else: the rarer kind tells how sure the spread is.
  const telling = Math.min(met((i) => part[i]), met((i) => whole[i] - part[i]))
  const isEnough = telling >= ENOUGH_LAYERS
  const worth = variance === 0 ? Infinity : (share * (1 - share) * all ** 2) / variance
  const even = evenStretches(whole)
  // Nothing but one kind was met, or a few heaps: what varies is then from stretch to stretch, as far as is known.
  const apart = telling === 0 || even < FEW_HEAPS ? Math.min(units, even) : units
  const tries = isEnough ? worth : Math.min(worth, apart / unseen)
  const degrees = Math.min(layersOf(stretches) - 1, telling === 0 ? Infinity : telling + 1)
  if (!Number.isFinite(tries)) return { share, low: share, high: share }
  const { low, high } = wilson(share * tries, tries, studentDeviations(degrees))
  // What lies in heaps that were missed may be all of the part, or nothing.
  const spoken = Math.min(1, known === 0 ? 1 : all / (HALF * known))
  return { share, low: Math.min(spoken * low, share), high: Math.max(1 - spoken * (1 - high), share) }
}

/**
 * The sum over all memory of what was counted in the stretches. Its bounds are those of Fay and Feuer (1997) for sums of weighted counts, which
 * hold where few stretches had any. `most` is what one stretch can hold: where few had any, a full one may have been missed.
 */
export function estimateTotal(sample: StretchSample, counted: Counted, most: number): Estimate {
  const value = weightedSum(sample, counted)
  const isRare = layersOf(counted.stretches) < ENOUGH_LAYERS
  let seen = 0
  let largest = isRare ? most * sample.weights.reduce((all, weight) => Math.max(all, weight), 0) : 0
  for (let i = 0; i < counted.stretches.length; i++) {
    seen += counted.values[i]
    largest = Math.max(largest, counted.values[i] * weightOf(sample, counted.stretches[i]))
  }
  if (seen === 0) return { value: null, low: 0, high: (largest * chiSquareBound(2, 'high')) / 2 }
  const variance = Math.max(spread(sample, counted, false), largest ** 2)
  const scale = (variance: number, value: number): number => variance / (2 * value)
  const degrees = (variance: number, value: number): number => (2 * value ** 2) / variance
  const [upperVariance, upperValue] = [variance + largest ** 2, value + largest]
  return {
    value,
    low: Math.max(seen, Math.min(value, scale(variance, value) * chiSquareBound(degrees(variance, value), 'low'))),
    high: scale(upperVariance, upperValue) * chiSquareBound(degrees(upperVariance, upperValue), 'high')
  }
}

/** How many stretches that hold equally much are worth as much as these (Kish's effective number): one heap and a few scattered ones are little more than one. */
function evenStretches(values: ArrayLike<number>): number {
  let [sum, squares] = [0, 0]
  for (let i = 0; i < values.length; i++) {
    sum += values[i]
    squares += values[i] ** 2
  }
  return sum === 0 ? 0 : sum ** 2 / squares
}

/** What all memory holds, by what the stretches do. */
export function weightedSum(sample: StretchSample, { stretches, values }: Counted): number {
  let sum = 0
  for (let i = 0; i < stretches.length; i++) sum += values[i] * weightOf(sample, stretches[i])
  return sum
}

function weightOf({ weights }: StretchSample, stretch: number): number {
  return weights[Math.floor(stretch / DRAWS)]
}

/**
 * Variance of {@link weightedSum}: of each layer, two stretches were drawn, and half the square of their difference is its variance.
 */
function spread(sample: StretchSample, { stretches, values }: Counted, thinned: boolean): number {
  let variance = 0
  for (let i = 0; i < stretches.length; i++) {
    const layer = Math.floor(stretches[i] / DRAWS)
    const isPair = i + 1 < stretches.length && Math.floor(stretches[i + 1] / DRAWS) === layer
    const difference = values[i] - (isPair ? values[++i] : 0)
    const weight = sample.weights[layer]
    // 1 - 1 / weight is the part of the layer that was not drawn: where all that was drawn is known, only the others are unsure.
    variance += weight ** 2 * (thinned ? 1 : 1 - 1 / weight) * difference ** 2
  }
  return variance
}

function layersOf(stretches: ArrayLike<number>): number {
  let layers = 0
  for (let i = 0; i < stretches.length; i++) if (i === 0 || Math.floor(stretches[i] / DRAWS) !== Math.floor(stretches[i - 1] / DRAWS)) layers++
  return layers
}
