import { keptGrowth, type KeptGrowth } from './keptGrowth.js'
import { theilSen, type Slope } from './theilSen.js'
import type { Boot } from './timeline.js'

/** Snapshots below which nothing is said: three points lie on a line too easily. */
export const leastSnapshots = 5
/** Snapshots in the stretch of growth from which a small but steady rise is believed. */
const fewSnapshots = 7
/** Slabs below which growth is an allocator's grain. */
const leastSlabs = 6
/** A rise of which one step makes more than this part, in less than that part of the time, is a jump. */
const jumpPart = 0.5
const jumpTime = 0.25
/** A rise is growth if it is more than so many times what the cache was seen to give back. */
const overExcursion = 2
/** Part of the rise that has to lie above all earlier levels: what was held before may be wanted again. */
const aboveEarlier = 1 / 3
/** A rise below this part of the cache's former level has to be regular to be believed. */
const small = 0.5
/** A lower bound of at least this part of the rate is a regular rise. */
const regular = 0.5
/** Falling back by more than this part of the rise is giving back … */
const givenBackPart = 0.1
/** … unless the cache moves as much without growth. */
const ordinary = 1.5
/** What gave back this part of its rise, or more, did not leak it. */
const mostly = 0.5
/** A series has to last so many times the growth for its stop to be early. */
const longSeries = 10
/** Hours of a cycle that is averaged out where the series is twice as long. */
const day = 24

/** How a cache grew between two boots. Points count from the boot's first snapshot. */
export interface CacheGrowth {
  /** Of points with known bytes. */
  readonly snapshots: number
  /** Growth that a leak can explain: `certain` by every test, `none` for a level that does not rise, `doubtful` with the reason. */
  readonly trend: 'certain' | 'none' | 'doubtful'
  /** Why it is not certain. */
  readonly doubt: Doubt | null
  /** Bytes gained and not given back. */
  readonly kept: number
  /** Bytes at the end less those at the start. */
  readonly net: number
  /** Largest rise that was given back again, in bytes. */
  readonly excursion: number
  readonly givenBack: number
  /** Bytes an hour (or a snapshot, where nothing dates them) over the stretch of growth, else over all points. */
  readonly slope: Slope | null
  /** First and last point of the stretch of growth. */
  readonly from: number
  readonly to: number
  /** The point growth stopped at, null where it goes on. */
  readonly stopped: number | null
  /** Whether it stopped so early that it was a warm-up. */
  readonly early: boolean
}

export type Doubt = 'few' | 'jump' | 'grain' | 'no trend' | 'given back' | 'partly given back' | 'moves' | 'held before' | 'irregular'

/** Judges one cache between two boots. `bytes` are those of the boot's snapshots; NaN is unknown. */
export function cacheGrowth(boot: Boot, bytes: Float64Array, slabBytes: number): CacheGrowth {
  const points = knownPoints(bytes)
  const y = points === undefined ? bytes : Float64Array.from(points, (i) => bytes[i])
  const x = points === undefined ? boot.hours : Float64Array.from(points, (i) => boot.hours[i])
  const pointAt = points === undefined ? (i: number) => i : (i: number) => points[i]
  const plain = judge(x, y, slabBytes, pointAt)
  if (plain.trend === 'certain' || plain.doubt === 'few' || !boot.timed) return plain
  const daily = dailyMeans(x, y)
  if (daily === null) return plain
  const last = daily.y.length - 1
  if (daily.y[last] <= daily.y[0]) return plain
  const smooth = judge(daily.x, daily.y, slabBytes, (i) => pointAt(daily.points[i]), false)
  // What a day's cycle hides shows in the days' means; what it feigns does not.
  return smooth.trend === 'certain' ? { ...smooth, snapshots: plain.snapshots, net: plain.net } : plain
}

/** The points with known bytes; undefined where all are. */
function knownPoints(bytes: Float64Array): number[] | undefined {
  let unknown = false
  for (let i = 0; i < bytes.length && !unknown; i++) unknown = Number.isNaN(bytes[i])
  return unknown ? [...bytes.keys()].filter((i) => !Number.isNaN(bytes[i])) : undefined
}

/** `rated`: with a rate also where growth is not certain. */
function judge(x: Float64Array, y: Float64Array, slabBytes: number, pointAt: (i: number) => number, rated = true): CacheGrowth {
  const n = y.length
  const flat = { kept: 0, net: 0, excursion: 0, givenBack: 0, from: 0, to: 0, stopped: null, early: false, snapshots: n }
  if (n < leastSnapshots) {
    const net = n > 1 ? y[n - 1] - y[0] : 0
    const run = n > 1 ? x[n - 1] - x[0] : 0
    const slope = run > 0 ? { slope: net / run, low: NaN, high: NaN } : null
    return { ...flat, trend: 'doubtful', doubt: 'few', net, kept: Math.max(0, net), slope }
  }
  if (y.every((value) => value === y[0])) {
    return { ...flat, trend: 'none', doubt: null, slope: x[n - 1] > x[0] ? { slope: 0, low: 0, high: 0 } : null }
  }
  const growth = keptGrowth(y)
  const { kept, from, to, excursion, givenBack } = growth
  const shared = { kept, net: y[n - 1] - y[0], excursion, givenBack, from: pointAt(from), to: pointAt(to), snapshots: n, stopped: null, early: false }
  if (kept <= 0) return { ...shared, trend: 'none', doubt: givenBack > 0 ? 'given back' : null, slope: theilSen(x, y) }
  const doubtful = shapeDoubt(growth, x, slabBytes)
  const inStretch = doubtful === null ? theilSen(x, y, from, to + 1) : null
  const doubt = doubtful ?? slopeDoubt(growth, inStretch)
  // A rise that may be none has no stretch: its rate is that of the whole series.
  if (doubt !== null) return { ...shared, trend: doubt === 'no trend' || doubt === 'given back' ? 'none' : 'doubtful', doubt, slope: rated ? theilSen(x, y) : null }
  const stopped = stoppedAt(x, y, growth, inStretch?.slope ?? 0)
  const early = stopped !== null && x[n - 1] - x[0] >= longSeries * (x[to] - x[0])
  return { ...shared, trend: 'certain', doubt: null, slope: inStretch, stopped: stopped === null ? null : pointAt(stopped), early }
}

function shapeDoubt(growth: KeptGrowth, x: Float64Array, slabBytes: number): Doubt | null {
  const { kept, from, to, steps, largestStep, largestStepTo: at, excursion, givenBack, aboveBefore } = growth
  const inStretch = to - from + 1
  if (givenBack > Math.max(givenBackPart * kept, ordinary * excursion)) return givenBack >= mostly * (kept + givenBack) ? 'given back' : 'partly given back'
  if (inStretch < leastSnapshots || steps < leastSnapshots - 1) return 'jump'
  if (largestStep > jumpPart * kept && x[at] - x[at - 1] < jumpTime * (x[to] - x[from])) return 'jump'
  if (kept < leastSlabs * slabBytes) return 'grain'
  if (kept <= overExcursion * excursion) return 'moves'
  if (aboveBefore < aboveEarlier * kept) return 'held before'
  return isMinor(growth) && inStretch < fewSnapshots ? 'few' : null
}

function slopeDoubt(growth: KeptGrowth, slope: Slope | null): Doubt | null {
  if (slope === null || !(slope.low > 0)) return 'no trend'
  return isMinor(growth) && slope.low < regular * slope.slope ? 'irregular' : null
}

/** Whether a cache grew by little of what it had. */
function isMinor({ kept, base }: KeptGrowth): boolean {
  return kept < small * base
}

/** The point at which growth stopped: after the stretch the floor rose by less than half of what the rate would have brought. */
function stoppedAt(x: Float64Array, y: Float64Array, { from, to, reached }: KeptGrowth, slope: number): number | null {
  const n = y.length
  if (to >= n - 2) return null
  const expected = slope * (x[n - 1] - x[to])
  return y[n - 1] - y[to] < expected / 2 ? Math.max(reached, from) : null
}

/** Points at which the day before is averaged, at most: neighbours share all but minutes of it. */
const mostMeans = 500

/** Room for the running sums of one series after the other. */
let scratch = new Float64Array(0)

/**
 * Means over the day before each point, from the second day on: a daily cycle drops out whatever its shape. Null where the series lasts
 * less than two days or is too sparse.
 */
function dailyMeans(x: Float64Array, y: Float64Array): { x: Float64Array; y: Float64Array; points: number[] } | null {
  const n = x.length
  if (x[n - 1] - x[0] < 2 * day || n < 4 * (x[n - 1] - x[0]) / day) return null
  if (scratch.length < n) scratch = new Float64Array(n)
  const area = scratch
  area[0] = 0
  for (let i = 1; i < n; i++) area[i] = area[i - 1] + (x[i] - x[i - 1]) * (y[i] + y[i - 1]) / 2
  let second = 0
  while (x[second] - x[0] < day) second++
  const count = Math.min(n - second, mostMeans)
  const points = Array.from({ length: count }, (_, k) => n - 1 - Math.floor((count - 1 - k) * (n - 1 - second) / Math.max(1, count - 1)))
  const means = new Float64Array(count)
  let start = 0
  points.forEach((i, k) => {
    const begin = x[i] - day
    while (start + 1 < n && x[start + 1] <= begin) start++
    const run = x[start + 1] - x[start]
    const part = run > 0 ? (begin - x[start]) / run : 0
    const atBegin = y[start] + part * (y[start + 1] - y[start])
    const before = area[start] + (begin - x[start]) * (y[start] + atBegin) / 2
    means[k] = (area[i] - before) / day
  })
  return { x: Float64Array.from(points, (i) => x[i]), y: means, points }
}
