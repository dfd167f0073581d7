/** Intervals that don't overlap, in order, each with the number of the one it is part of. Positions are numbers, exact below 2^53. */
export interface PaintedIntervals {
  readonly starts: Float64Array
  readonly ends: Float64Array
  readonly owners: Uint32Array
}

/**
 * Lays intervals over each other, later ones on top, and returns what is seen from above. Takes n log n steps. Empty and reversed
 * intervals are left out.
 *
 * @example paintIntervals([0, 4], [10, 6]) // 0..4 of 0, 4..6 of 1, 6..10 of 0
 */
export function paintIntervals(starts: ArrayLike<number>, ends: ArrayLike<number>): PaintedIntervals {
  const order: number[] = []
  for (let i = 0; i < starts.length; i++) if (starts[i] < ends[i]) order.push(i)
  let sorted = true
  for (let i = 1; i < order.length && sorted; i++) sorted = starts[order[i - 1]] <= starts[order[i]]
  if (!sorted) order.sort((a, b) => starts[a] - starts[b])

  const outStarts: number[] = []
  const outEnds: number[] = []
  const outOwners: number[] = []
  const active = new LargestFirst()
  let next = 0
  let at = 0
  while (next < order.length || active.length > 0) {
    if (active.length === 0) at = starts[order[next]]
    for (; next < order.length && starts[order[next]] <= at; next++) active.push(order[next])
    while (active.length > 0 && ends[active.largest] <= at) active.pop()
    if (active.length === 0) continue
    const owner = active.largest
    const until = next < order.length ? Math.min(ends[owner], starts[order[next]]) : ends[owner]
    const last = outOwners.length - 1
    if (last >= 0 && outOwners[last] === owner && outEnds[last] === at) outEnds[last] = until
    else {
      outStarts.push(at)
      outEnds.push(until)
      outOwners.push(owner)
    }
    at = until
  }
  return { starts: Float64Array.from(outStarts), ends: Float64Array.from(outEnds), owners: Uint32Array.from(outOwners) }
}

/** Index of the interval that holds `position`, or of the first one behind it (their count where there is none). */
export function intervalAt({ ends }: PaintedIntervals, position: number): number {
  let low = 0
  let high = ends.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (ends[middle] <= position) low = middle + 1
    else high = middle
  }
  return low
}

/** Whether [start, end) is covered without a gap. */
export function intervalsCover(painted: PaintedIntervals, start: number, end: number): boolean {
  for (let i = intervalAt(painted, start), at = start; at < end; i++) {
    if (i === painted.starts.length || painted.starts[i] > at) return false
    at = painted.ends[i]
  }
  return true
}

/** A heap of numbers. */
class LargestFirst {
  readonly #heap: number[] = []

  get length(): number {
    return this.#heap.length
  }

  get largest(): number {
    return this.#heap[0]
  }

  push(value: number): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(value)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (heap[parent] >= value) break
      heap[at] = heap[parent]
      at = parent
    }
    heap[at] = value
  }

  pop(): void {
    const heap = this.#heap
    const value = heap.pop()!
    if (heap.length === 0) return
    let at = 0
    while (true) {
      let child = at * 2 + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && heap[child + 1] > heap[child]) child++
      if (heap[child] <= value) break
      heap[at] = heap[child]
      at = child
    }
    heap[at] = value
  }
}
