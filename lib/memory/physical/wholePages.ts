import { FrameMap } from '../frameMap.js'
import type { Run } from './blockStore.js'
import type { PageKeeper } from './pageKeeper.js'

/** What another thread needs to help filling pages: the same memory, under the same numbers. */
export interface SharedPages {
  readonly runs: readonly Run[]
  readonly pageBytes: number
  readonly bytes: SharedArrayBuffer
  /** 1 for each page that is filled, in the order of `runs`. */
  readonly filled: SharedArrayBuffer
  /** One 32-bit number: the pages from it on are taken by helpers. */
  readonly taken: SharedArrayBuffer
}

/** Room for all pages of some runs, in memory that threads share. A page may be filled by two of them at a time, with the same bytes. */
export class WholePages implements PageKeeper {
  readonly shared: SharedPages
  readonly #position: FrameMap
  readonly #filled: Uint8Array
  readonly #views: (Uint8Array | undefined)[] = []

  constructor(runs: readonly Run[], pageBytes: number) {
    const pages = pagesOf(runs)
    this.shared = {
      runs, pageBytes, bytes: new SharedArrayBuffer(pages * pageBytes), filled: new SharedArrayBuffer(pages), taken: new SharedArrayBuffer(4)
    }
    new Int32Array(this.shared.taken)[0] = pages
    this.#filled = new Uint8Array(this.shared.filled)
    this.#position = new FrameMap(runs.at(-1)?.end ?? 0)
    let position = 0
    for (const { start, end } of runs) for (let number = start; number < end; number++) this.#position.set(number, position++)
  }

  get(number: number): Uint8Array | undefined {
    const position = this.#position.get(number)
    return position >= 0 && Atomics.load(this.#filled, position) === 1 ? this.#view(position) : undefined
  }

  room(number: number): Uint8Array {
    const position = this.#position.get(number)
    // What the runs promise and the file then lacks is read to learn why.
    return position < 0 ? new Uint8Array(this.shared.pageBytes) : this.#view(position)
  }

  keep(number: number): void {
    const position = this.#position.get(number)
    if (position >= 0) Atomics.store(this.#filled, position, 1)
  }

  #view(position: number): Uint8Array {
    const { bytes, pageBytes } = this.shared
    return (this.#views[position] ??= new Uint8Array(bytes, position * pageBytes, pageBytes))
  }
}

export function pagesOf(runs: Iterable<Run>): number {
  let pages = 0
  for (const { start, end } of runs) pages += end - start
  return pages
}

/** Pages that a helper takes at a time. */
const STRETCH = 64

/**
 * Fills pages from the last one on, beside other helpers, until none is left that nobody took. Who owns the pages reads from the first
 * one on: both meet, and neither waits. A page that cannot be read is left to the owner, who will say why.
 */
export function fillFromEnd({ runs, pageBytes, bytes, filled, taken }: SharedPages, read: (number: number, target: Uint8Array) => unknown): void {
  const done = new Uint8Array(filled)
  const next = new Int32Array(taken)
  const starts: number[] = []
  let pages = 0
  for (const { start, end } of runs) {
    starts.push(pages)
    pages += end - start
  }
  let run = runs.length - 1
  for (let end = Atomics.sub(next, 0, STRETCH); end > 0; end = Atomics.sub(next, 0, STRETCH)) {
    for (let position = end - 1; position >= Math.max(0, end - STRETCH); position--) {
      while (starts[run] > position) run--
      if (Atomics.load(done, position) === 1) continue
      const target = new Uint8Array(bytes, position * pageBytes, pageBytes)
      if (read(runs[run].start + position - starts[run], target) === undefined) Atomics.store(done, position, 1)
    }
  }
}
