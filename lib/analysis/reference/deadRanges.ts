import type { KernelView } from '../../slab/kernelView.js'

/** Bytes of one frame that hold no references: `start` to `end`, both within the page. */
export interface DeadBytes {
  readonly start: number
  readonly end: number
}

/** Parts of kernel memory that are not scanned: dead ends of stacks, the allocator's own arrays. By frame, for a scan to look up. */
export class DeadRanges {
  readonly #view: KernelView
  readonly #byFrame = new Map<number, DeadBytes[]>()
  /** Bytes added, by reason. */
  readonly bytes = new Map<string, number>()

  constructor(view: KernelView) {
    this.#view = view
  }

  /** Leaves out memory from `start` to `end`, wherever its pages lie. */
  add(reason: string, start: bigint, end: bigint): void {
    const page = BigInt(this.#view.pageBytes)
    for (let at = start; at < end;) {
      const next = at - (at % page) + page
      const stop = next < end ? next : end
      const physical = this.#view.physicalOf(at)
      if (physical !== undefined) {
        const frame = Math.floor(physical / this.#view.pageBytes)
        const first = physical % this.#view.pageBytes
        const list = this.#byFrame.get(frame)
        const range = { start: first, end: first + Number(stop - at) }
        if (list === undefined) this.#byFrame.set(frame, [range])
        else {
          list.push(range)
          list.sort((a, b) => a.start - b.start)
        }
        this.bytes.set(reason, (this.bytes.get(reason) ?? 0) + range.end - range.start)
      }
      at = stop
    }
  }

  /** The dead parts of a frame, in order; they may overlap. */
  of(frame: number): readonly DeadBytes[] | undefined {
    return this.#byFrame.get(frame)
  }
}
