/** How long a loop may keep the event loop to itself, in milliseconds. */
const TURN = 20

/**
 * Lets a long loop give way now and then, so that an abort is noticed and progress shown: call and await it once in a while; it waits
 * only when its turn is over.
 *
 * @example
 * const turn = new Turn(signal)
 * for (…) if (turn.over) await turn.yield()
 */
export class Turn {
  readonly #signal: AbortSignal | undefined
  #start = performance.now()

  constructor(signal?: AbortSignal) {
    this.#signal = signal
  }

  get over(): boolean {
    return performance.now() - this.#start > TURN
  }

  /** @throws the signal's reason where it was aborted. */
  async yield(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve))
    this.#signal?.throwIfAborted()
    this.#start = performance.now()
  }
}
