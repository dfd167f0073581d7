/** Frames of one chunk: 16 MiB of memory in 4 KiB pages. Chunks that hold nothing take no memory. */
export const CHUNK_SHIFT = 12
const CHUNK = 1 << CHUNK_SHIFT
const NONE = -1

/** A number for each page frame, for the frames that have one; -1 for the others. Sparse, so that a machine's size costs nothing. */
export class FrameMap {
  readonly #chunks: (Int32Array | undefined)[]

  /** @param frames one past the highest frame */
  constructor(frames: number) {
    this.#chunks = new Array<Int32Array | undefined>(Math.ceil(frames / CHUNK))
  }

  get(frame: number): number {
    const chunk = this.#chunks[Math.floor(frame / CHUNK)]
    return chunk === undefined ? NONE : chunk[frame & (CHUNK - 1)]
  }

  /** What there is, in pieces: 2^{@link CHUNK_SHIFT} frames each, and the position of the piece. */
  *chunks(): Generator<readonly [position: number, numbers: Int32Array]> {
    for (const [position, chunk] of this.#chunks.entries()) if (chunk !== undefined) yield [position, chunk]
  }

  /** Frames beyond the map are not kept. */
  set(frame: number, value: number): void {
    const position = Math.floor(frame / CHUNK)
    if (!(frame >= 0) || position >= this.#chunks.length) return
    const chunk = (this.#chunks[position] ??= new Int32Array(CHUNK).fill(NONE))
    chunk[frame & (CHUNK - 1)] = value
  }

  /** Sets so many frames in a row to the same. */
  fill(first: number, frames: number, value: number): void {
    for (let frame = first, end = first + frames; frame < end;) {
      this.set(frame, value)
      const next = Math.min(end, (Math.floor(frame / CHUNK) + 1) * CHUNK)
      const start = frame & (CHUNK - 1)
      if (next > frame + 1) this.#chunks[Math.floor(frame / CHUNK)]?.fill(value, start + 1, start + next - frame)
      frame = next
    }
  }
}
