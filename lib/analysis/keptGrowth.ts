/**
 * How a level rose and what of it was kept. What was ever given back was not leaked: so growth is measured on the floor, the least value from
 * a moment on, which only rises.
 */
export interface KeptGrowth {
  /** Rise of the floor over the series; what a leak can have taken at most. */
  readonly kept: number
  /** The floor at the start: the least value of all. */
  readonly base: number
  /** Points between which the floor makes its rise (all but a twentieth at either end). */
  readonly from: number
  readonly to: number
  /** Different moments at which the floor rose between them. */
  readonly steps: number
  /** The largest of these rises, and the point it led to. */
  readonly largestStep: number
  readonly largestStepTo: number
  /** The largest rise up to the end of the stretch that was given back again: what the level does without any leak. */
  readonly excursion: number
  /** How far the level fell back after the stretch, from its peak there. */
  readonly givenBack: number
  /** How far the level at the end lies above the highest before the stretch; Infinity where it starts at once. */
  readonly aboveBefore: number
  /** The first point that reached the level that was kept. */
  readonly reached: number
}

/** Parts of the rise that are cut off at either end of the stretch, where noise decides. */
const margin = 0.05
/** Part of the series whose least value counts as its end: a single high last value is not kept. */
const tail = 0.05
/** The shape of a long series is that of the medians of so many blocks, which spikes and jitter do not reach. */
const blocks = 20
const leastOfBlock = 5

/** See {@link KeptGrowth}. `y` holds no NaN. */
export function keptGrowth(y: Float64Array): KeptGrowth {
  const n = y.length
  const floor = floorOf(y, Math.max(1, Math.floor(n * tail)))
  const base = floor[0]
  const kept = floor[n - 1] - base
  let from = 0
  for (let i = 0; i < n && floor[i] <= base + margin * kept; i++) from = i
  let to = from
  while (to < n - 1 && floor[to] < base + (1 - margin) * kept) to++
  let steps = 0
  let largestStep = 0
  let largestStepTo = to
  for (let i = from + 1; i <= to; i++) {
    const step = floor[i] - floor[i - 1]
    if (step > 0) steps++
    if (step <= largestStep) continue
    largestStep = step
    largestStepTo = i
  }
  let reached = from
  while (reached < n - 1 && y[reached] < floor[n - 1]) reached++

  const shape = n >= leastOfBlock * blocks ? blockMedians(y) : runningMedian(y, n < 5 ? 0 : n < 10 ? 1 : 2)
  const shapeFloor = floorOf(shape, 1)
  const before = shape.length === n ? from : Math.floor(from / n * shape.length)
  const after = shape.length === n ? to : Math.ceil((to + 1) / n * shape.length) - 1
  let least = Infinity
  let excursion = 0
  let peakBefore = -Infinity
  for (let i = 0; i < after; i++) {
    least = Math.min(least, shape[i])
    excursion = Math.max(excursion, shape[i] - Math.max(least, shapeFloor[i]))
    if (i < before) peakBefore = Math.max(peakBefore, shape[i])
  }
  const end = shapeFloor[shape.length - 1]
  // Of a short series as little is smoothed as takes a single spike off: a fall soon after the rise has to show.
  const ending = shape.length === n ? runningMedian(y, 1) : shape
  let peak = -Infinity
  for (let i = after; i < ending.length; i++) peak = Math.max(peak, ending[i])
  return { kept, base, from, to, steps, largestStep, largestStepTo, excursion, givenBack: Math.max(0, peak - end), aboveBefore: end - peakBefore, reached }
}

/** For each point the least value from it on; within the last `end` points, the least of those. */
function floorOf(y: Float64Array, end: number): Float64Array {
  const floor = new Float64Array(y.length)
  let least = Infinity
  for (let i = y.length - 1; i >= 0; i--) {
    least = Math.min(least, y[i])
    floor[i] = least
  }
  floor.fill(floor[Math.max(0, y.length - end)], Math.max(0, y.length - end))
  return floor
}

function blockMedians(y: Float64Array): Float64Array {
  const n = y.length
  return Float64Array.from({ length: blocks }, (_, i) => blockMedian(y, Math.floor(i * n / blocks), Math.floor((i + 1) * n / blocks)))
}

/** Medians over `reach` points to either side, fewer at the ends. */
function runningMedian(y: Float64Array, reach: number): Float64Array {
  const n = y.length
  return Float64Array.from(y, (_, i) => {
    const near = Math.min(reach, i, n - 1 - i)
    return median(y.slice(i - near, i + near + 1))
  })
}

/** Of a longer block, points evenly spread are enough. */
const mostOfBlock = 50

function blockMedian(y: Float64Array, from: number, to: number): number {
  const count = Math.min(to - from, mostOfBlock)
  const values = new Float64Array(count)
  for (let i = 0; i < count; i++) values[i] = y[from + Math.floor(i * (to - from) / count)]
  return median(values)
}

export function median(values: Float64Array): number {
  const sorted = values.slice().sort()
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
