/**
 * How much one question may cost. Types of a damaged or hostile BTF can contain themselves, or each other without end;
 * no real one comes near the limits.
 */
export class Budget {
  #left: number

  constructor(steps: number) {
    this.#left = steps
  }

  get isSpent(): boolean {
    return this.#left <= 0
  }

  /** Takes a step; false when there are none left. */
  spend(): boolean {
    return this.#left-- > 0
  }
}

/** Structs within structs: no kernel goes beyond a dozen. */
export const DEEPEST_NESTING = 24
/** Members visited for one answer. The largest struct of a kernel has some thousands. */
export const MOST_STEPS = 50_000
/** Members visited to find one. */
export const SEARCH_STEPS = 20_000
