import type { PageKeeper } from './pageKeeper.js'

/** Frames that share one row of slots; a frame may lie in any slot of its row. */
const WAYS = 8
const ARENA_BYTES = 1 << 20

/**
 * A bounded store of pages, set-associative: a page has {@link WAYS} places, and the one used longest ago gives way.
 * Memory is taken as pages come; every slot starts at a multiple of 8 bytes.
 */
export class PageCache implements PageKeeper {
  readonly #pageBytes: number
  /** Rows are a power of two, so that a frame's row is its lowest bits. */
  readonly #rowMask: number
  readonly #frames: Float64Array
  readonly #used: Uint32Array
  readonly #slots: (Uint8Array | undefined)[] = []
  #clock = 0
  /** The slot given out last. */
  #room = 0
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

  room(frame: number): Uint8Array {
    const first = (frame & this.#rowMask) * WAYS
    let oldest = first
    for (let slot = first; slot < first + WAYS; slot++) {
      if (Number.isNaN(this.#frames[slot])) {
        oldest = slot
        break
      }
      if (this.#used[slot] < this.#used[oldest]) oldest = slot
    }
    this.#frames[oldest] = NaN
    this.#room = oldest
    return (this.#slots[oldest] ??= this.#newSlot())
  }

  /** Keeps the page that the room given last was filled with. */
  keep(frame: number): void {
    this.#frames[this.#room] = frame
    this.#used[this.#room] = ++this.#clock
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
