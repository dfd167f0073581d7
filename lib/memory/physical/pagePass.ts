import type { Run } from './blockStore.js'

/** Bytes that a thread fills at a time. */
const STRETCH_BYTES = 1 << 18
/** Stretches that are filled, or being filled, ahead of who reads. */
const PLACES = 64
/** Milliseconds after which who reads goes on alone: a helper that takes so long for a stretch may be gone. */
const PATIENCE = 10_000

/** What threads share that go through the same pages in order: one reads them, all fill the next ones. */
export interface SharedPass {
  /** The first page of each run, and how many pages of the pass lie before it. */
  readonly starts: Float64Array
  readonly before: Float64Array
  readonly pages: number
  readonly pageBytes: number
  /** Pages of a stretch. */
  readonly stretch: number
  /** The pages of {@link PLACES} stretches. Stretch n lies at place n modulo their number. */
  readonly window: SharedArrayBuffer
  /** 1 for each page of the window that could not be read. */
  readonly faulty: SharedArrayBuffer
  /** 32-bit numbers: {@link NEXT}, {@link REACHED}, then for each place one more than the stretch that is complete there. */
  readonly counters: SharedArrayBuffer
}

/** The stretch that nobody took yet. */
const NEXT = 0
/** The stretch being read: those before it are not needed any more. */
const REACHED = 1
const COMPLETE = 2

type ReadPage = (number: number, target: Uint8Array) => unknown

/** One way through a dump's pages in order, for a dump too large to be kept: threads decompress in a small window ahead of the reader. */
export class PagePass {
  readonly shared: SharedPass
  readonly #read: ReadPage
  readonly #place: Cursor
  readonly #filler: Filler
  readonly #counters: Int32Array
  readonly #faulty: Uint8Array
  readonly #views: (Uint8Array | undefined)[] = []
  readonly #patience: number
  #reached = 0
  #alone = false

  /**
   * @param runs in the order in which they will be read
   * @param read fills a page as helpers do; why one cannot be read is asked again by who wants it
   */
  constructor(runs: readonly Run[], pageBytes: number, read: ReadPage, patience = PATIENCE) {
    this.shared = newSharedPass(runs, pageBytes)
    this.#read = read
    this.#patience = patience
    this.#place = new Cursor(this.shared)
    this.#filler = new Filler(this.shared)
    this.#counters = new Int32Array(this.shared.counters)
    this.#faulty = new Uint8Array(this.shared.faulty)
  }

  /** The page, until a later one is asked for; undefined for pages behind the reader, not of this pass or far ahead in it, or not readable. */
  page(number: number): Uint8Array | undefined {
    const { stretch, window, pageBytes } = this.shared
    const position = this.#place.positionOf(number)
    const wanted = Math.floor(position / stretch)
    // Who asks for something far ahead does so by the way: the window stays where it is.
    if (position < 0 || wanted < this.#reached || wanted >= this.#reached + PLACES || !this.#reach(wanted) || !this.#complete(wanted)) return undefined
    const slot = position % (stretch * PLACES)
    if (this.#faulty[slot] === 1) return undefined
    return (this.#views[slot] ??= new Uint8Array(window, slot * pageBytes, pageBytes))
  }

  /** Lets the helpers go. */
  end(): void {
    this.#alone = true
    Atomics.store(this.#counters, NEXT, stretchesOf(this.shared))
    Atomics.notify(this.#counters, REACHED)
  }

  /** Gives up the stretches before one; false where a helper that fills one of them does not answer. */
  #reach(stretch: number): boolean {
    if (stretch === this.#reached) return true
    for (; this.#reached < stretch; this.#reached++) {
      const nobodyTook = Atomics.compareExchange(this.#counters, NEXT, this.#reached, this.#reached + 1) === this.#reached
      if (!nobodyTook && !this.#complete(this.#reached)) return false
    }
    Atomics.store(this.#counters, REACHED, stretch)
    Atomics.notify(this.#counters, REACHED)
    return true
  }

  /** Waits for a stretch, and fills others meanwhile; false where nobody completes it. */
  #complete(stretch: number): boolean {
    const place = COMPLETE + stretch % PLACES
    for (let seen = Atomics.load(this.#counters, place); seen !== stretch + 1; seen = Atomics.load(this.#counters, place)) {
      if (this.#alone) return false
      if (this.#filler.fillNext(this.#read)) continue
      if (Atomics.wait(this.#counters, place, seen, this.#patience) === 'timed-out') this.end()
    }
    return true
  }
}

/** What a helping thread does: fills stretch after stretch, never more than the window ahead of the reader, until none is left. */
export function helpPass(shared: SharedPass, read: ReadPage): void {
  const counters = new Int32Array(shared.counters)
  const filler = new Filler(shared)
  const stretches = stretchesOf(shared)
  for (;;) {
    const reached = Atomics.load(counters, REACHED)
    if (filler.fillNext(read)) continue
    if (Atomics.load(counters, NEXT) >= stretches) return
    Atomics.wait(counters, REACHED, reached)
  }
}

class Filler {
  readonly #shared: SharedPass
  readonly #stretches: number
  readonly #counters: Int32Array
  readonly #faulty: Uint8Array
  readonly #place: Cursor

  constructor(shared: SharedPass) {
    this.#shared = shared
    this.#stretches = stretchesOf(shared)
    this.#counters = new Int32Array(shared.counters)
    this.#faulty = new Uint8Array(shared.faulty)
    this.#place = new Cursor(shared)
  }

  /** Fills the next stretch that nobody took; false where there is none, or no room for it yet. */
  fillNext(read: ReadPage): boolean {
    const taken = this.#take()
    if (taken < 0) return false
    const { pages, pageBytes, stretch, window } = this.#shared
    const slots = stretch * PLACES
    for (let position = taken * stretch, end = Math.min(pages, position + stretch); position < end; position++) {
      const slot = position % slots
      const target = new Uint8Array(window, slot * pageBytes, pageBytes)
      this.#faulty[slot] = read(this.#place.numberAt(position), target) === undefined ? 0 : 1
    }
    Atomics.store(this.#counters, COMPLETE + taken % PLACES, taken + 1)
    Atomics.notify(this.#counters, COMPLETE + taken % PLACES)
    return true
  }

  #take(): number {
    for (;;) {
      const next = Atomics.load(this.#counters, NEXT)
      if (next >= this.#stretches || next >= Atomics.load(this.#counters, REACHED) + PLACES) return -1
      if (Atomics.compareExchange(this.#counters, NEXT, next, next + 1) === next) return next
    }
  }
}

/** Numbers of pages and their positions in the pass, asked for in the order of the pass for the most part. */
class Cursor {
  readonly #starts: Float64Array
  readonly #before: Float64Array
  readonly #pages: number
  /** Runs by their first page, once a page is looked for that does not follow the last one. */
  #sorted: Uint32Array | undefined
  #run = 0

  constructor({ starts, before, pages }: SharedPass) {
    this.#starts = starts
    this.#before = before
    this.#pages = pages
  }

  numberAt(position: number): number {
    const before = this.#before
    if (!(before[this.#run] <= position && !(before[this.#run + 1] <= position))) this.#run = lastNotAbove(before.length, (run) => before[run], position)
    return this.#starts[this.#run] + position - before[this.#run]
  }

  /** -1 for pages not of the pass. */
  positionOf(number: number): number {
    if (!this.#holds(this.#run, number)) this.#run = this.#holds(this.#run + 1, number) ? this.#run + 1 : this.#search(number)
    return this.#holds(this.#run, number) ? this.#before[this.#run] + number - this.#starts[this.#run] : -1
  }

  #holds(run: number, number: number): boolean {
    const offset = number - this.#starts[run]
    return offset >= 0 && this.#before[run] + offset < (this.#before[run + 1] ?? this.#pages)
  }

  #search(number: number): number {
    const starts = this.#starts
    const sorted = (this.#sorted ??= Uint32Array.from(starts.keys()).sort((a, b) => starts[a] - starts[b]))
    return sorted[lastNotAbove(sorted.length, (i) => starts[sorted[i]], number)] ?? 0
  }
}

/** The last of ascending entries that is not above a value; -1 where there is none. */
function lastNotAbove(length: number, entry: (i: number) => number, value: number): number {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (entry(middle) <= value) low = middle + 1
    else high = middle
  }
  return low - 1
}

function newSharedPass(runs: readonly Run[], pageBytes: number): SharedPass {
  const starts = new Float64Array(new SharedArrayBuffer(runs.length * 8))
  const before = new Float64Array(new SharedArrayBuffer(runs.length * 8))
  let pages = 0
  runs.forEach(({ start, end }, i) => {
    starts[i] = start
    before[i] = pages
    pages += end - start
  })
  const stretch = Math.max(1, Math.floor(STRETCH_BYTES / pageBytes))
  return {
    starts, before, pages, pageBytes, stretch,
    window: new SharedArrayBuffer(PLACES * stretch * pageBytes), faulty: new SharedArrayBuffer(PLACES * stretch), counters: new SharedArrayBuffer((COMPLETE + PLACES) * 4)
  }
}

function stretchesOf({ pages, stretch }: SharedPass): number {
  return Math.ceil(pages / stretch)
}
