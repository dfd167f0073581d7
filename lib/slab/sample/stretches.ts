import type { PageStructRun } from '../kernelView.js'
import { randomNumbers } from '../../util/random.js'

/**
 * Frames of a stretch: their page structures fill one page of 4 KiB, the least that a dump decompresses. Pages that belong together start
 * at a multiple of their number, so no slab of up to that many pages lies in two stretches.
 */
export const STRETCH_FRAMES = 64
/** Stretches drawn from each layer: two tell how much they differ. */
export const DRAWS = 2

/** Stretches of page structures that were drawn at random. */
export interface StretchSample {
  readonly seed: number
  /** All stretches that there are. */
  readonly population: number
  /** Whether all of them were taken. */
  readonly whole: boolean
  /**
   * First frames of the chosen stretches, ascending. They were drawn from layers of equal size, {@link DRAWS} from each: stretches
   * `2i` and `2i + 1` are of layer `i`.
   */
  readonly starts: Float64Array
  /** By layer: how many stretches each of its chosen ones stands for. */
  readonly weights: Float64Array
  /** The chosen page structures; those side by side are one run. */
  readonly runs: readonly PageStructRun[]
}

/**
 * Draws about `most` stretches of all page structures: two at random from each of `most / 2` layers of equal size, so that no part of memory is
 * missed by chance. All of them where there are no more. The same seed draws the same ones.
 */
export function drawStretches(runs: readonly PageStructRun[], pageStructBytes: number, most: number, seed: number): StretchSample {
  const pieces = runs.map(({ start, end }) => Math.ceil(end / STRETCH_FRAMES) - Math.floor(start / STRETCH_FRAMES))
  const population = pieces.reduce((sum, count) => sum + count, 0)
  const layers = Math.max(1, Math.floor(most / DRAWS))
  if (population <= Math.max(most, DRAWS)) return { seed, population, whole: true, starts: new Float64Array(0), weights: new Float64Array(0), runs }
  const random = randomNumbers(seed)
  const starts = new Float64Array(DRAWS * layers)
  const weights = new Float64Array(layers)
  const chosen: PageStructRun[] = []
  let run = 0
  let before = 0
  for (let layer = 0; layer < layers; layer++) {
    const first = Math.floor((layer * population) / layers)
    const count = Math.floor(((layer + 1) * population) / layers) - first
    weights[layer] = count / DRAWS
    for (const [i, position] of twoOf(first, count, random).entries()) {
      while (position >= before + pieces[run]) before += pieces[run++]
      const start = (Math.floor(runs[run].start / STRETCH_FRAMES) + position - before) * STRETCH_FRAMES
      starts[DRAWS * layer + i] = start
      add(chosen, part(runs[run], start, pageStructBytes), pageStructBytes)
    }
  }
  return { seed, population, whole: false, starts, weights, runs: chosen }
}

/** The chosen stretch that a frame lies in. */
export function stretchOf({ starts }: StretchSample, frame: number): number {
  let low = 0
  let high = starts.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (starts[middle] <= frame) low = middle + 1
    else high = middle
  }
  return low - 1
}

function twoOf(first: number, count: number, random: () => number): [number, number] {
  const one = Math.floor(random() * count)
  const other = Math.floor(random() * (count - 1))
  const apart = other < one ? other : other + 1
  return [first + Math.min(one, apart), first + Math.max(one, apart)]
}

function part(run: PageStructRun, start: number, pageStructBytes: number): PageStructRun {
  const from = Math.max(start, run.start)
  return { start: from, end: Math.min(start + STRETCH_FRAMES, run.end), address: run.address + BigInt((from - run.start) * pageStructBytes) }
}

function add(runs: PageStructRun[], run: PageStructRun, pageStructBytes: number): void {
  const last = runs.at(-1)
  const follows = last !== undefined && last.end === run.start && last.address + BigInt((last.end - last.start) * pageStructBytes) === run.address
  if (follows) runs[runs.length - 1] = { ...last, end: run.end }
  else runs.push(run)
}
