/** A stretch of addresses that is looked for: `end` is one past the last byte. */
export interface TargetRange {
  readonly start: bigint
  readonly end: bigint
}

const HALF = 2 ** 32

/** Finds which of many address ranges a word points into, without making a bigint. */
export class TargetRanges {
  /** Ranges by the high half of their addresses, in address order; a range over the border stands in both. */
  readonly #byHigh = new Map<number, { starts: Float64Array; ends: Float64Array; targets: Uint32Array }>()
  /** What holds them all. */
  readonly around: TargetRange

  constructor(ranges: readonly TargetRange[]) {
    const lists = new Map<number, { start: number; end: number; target: number }[]>()
    ranges.forEach(({ start, end }, target) => {
      for (let high = start >> 32n; high <= (end - 1n) >> 32n; high++) {
        const base = high << 32n
        const list = lists.get(Number(high)) ?? []
        list.push({
          start: start > base ? Number(start - base) : 0,
          end: end - base < BigInt(HALF) ? Number(end - base) : HALF, target
        })
        lists.set(Number(high), list)
      }
    })
    for (const [high, list] of lists) {
      list.sort((a, b) => a.start - b.start)
      this.#byHigh.set(high, {
        starts: Float64Array.from(list, ({ start }) => start),
        ends: Float64Array.from(list, ({ end }) => end),
        targets: Uint32Array.from(list, ({ target }) => target)
      })
    }
    this.around = {
      start: ranges.reduce((least, { start }) => (start < least ? start : least), ranges[0].start),
      end: ranges.reduce((most, { end }) => (end > most ? end : most), 0n)
    }
  }

  /** Positions of all ranges that hold the address. Ranges may lie within each other. */
  *holding(low: number, high: number): Generator<number> {
    const lists = this.#byHigh.get(high)
    if (lists === undefined) return
    const { starts, ends, targets } = lists
    let first = 0
    let last = starts.length
    while (first < last) {
      const middle = (first + last) >>> 1
      if (starts[middle] <= low) first = middle + 1
      else last = middle
    }
    for (let i = first - 1; i >= 0; i--) {
      if (low < ends[i]) yield targets[i]
      // Ranges are those of objects, which don't overlap, or of the same object asked for twice.
      else if (starts[i] !== starts[first - 1]) return
    }
  }
}
