/** Frames that share one row of slots; a frame may lie in any slot of its row. */
const WAYS = 8
const ARENA_BYTES = 1 << 20

/**
 * A bounded store of pages, set-associative: a page has {@link WAYS} places, and the one used longest ago gives way.
 * Memory is taken as pages come; every slot starts at a multiple of 8 bytes.
 */
export class PageCache {
  readonly #pageBytes: number
  /** Rows are a power of two, so that a frame's row is its lowest bits. */
  readonly #rowMask: number
  readonly #frames: Float64Array
  readonly #used: Uint32Array
  readonly #slots: (Uint8Array | undefined)[] = []
  #clock = 0
  #arena = new ArrayBuffer(0)
  #arenaUsed = 0

  /** @param bytes the most that pages may take together; rounded down to a power of two, and at least one row is kept */
  constructor(pageBytes: number, bytes: number) {
    this.#pageBytes = pageBytes
    const rows = 2 ** Math.floor(Math.log2(Math.max(1, bytes / pageBytes / WAYS)))
    this.#rowMask = rows - 1
    this.#frames = new Float64Array(rows * WAYS).fill(NaN)
    this.#used = new Uint32Array(rows * WAYS)
  }

  get(frame: number): Uint8Array | undefined {
    const first = (frame & this.#rowMask) * WAYS
    for (let slot = first; slot < first + WAYS; slot++) {
      if (this.#frames[slot] === frame) {
        this.#used[slot] = ++this.#clock
        return this.#slots[slot]
      }
    }
    return undefined
  }

  /** The slot to be filled with that frame's page; it is found by {@link get} from now on, unless {@link drop}ped. */
  take(frame: number): Uint8Array {
    const first = (frame & this.#rowMask) * WAYS
    let oldest = first
    for (let slot = first; slot < first + WAYS; slot++) {
      if (Number.isNaN(this.#frames[slot])) {
        oldest = slot
        break
      }
      if (this.#used[slot] < this.#used[oldest]) oldest = slot
    }
    this.#frames[oldest] = frame
    this.#used[oldest] = ++this.#clock
    return (this.#slots[oldest] ??= this.#newSlot())
  }

  /** Forgets a frame, whose slot may hold anything. */
  drop(frame: number): void {
    const first = (frame & this.#rowMask) * WAYS
    for (let slot = first; slot < first + WAYS; slot++) if (this.#frames[slot] === frame) this.#frames[slot] = NaN
  }

  #newSlot(): Uint8Array {
    if (this.#arenaUsed + this.#pageBytes > this.#arena.byteLength) {
      this.#arena = new ArrayBuffer(Math.max(ARENA_BYTES, this.#pageBytes))
      this.#arenaUsed = 0
    }
    const slot = new Uint8Array(this.#arena, this.#arenaUsed, this.#pageBytes)
    this.#arenaUsed += Math.ceil(this.#pageBytes / 8) * 8
    return slot
  }
}
