/** One recoverable trouble and how often it was met. */
export interface Warning {
  readonly message: string
  readonly times: number
}

/** The most different messages one collector keeps; further ones are only counted. */
const kept = 200

/**
 * Collects recoverable trouble: de-duplicated, capped, shown once by whoever holds the collector.
 * Nothing in the library prints a warning by itself.
 *
 * @example
 * const warnings = new Warnings()
 * warnings.add('row skipped: slabinfo:7')
 * warnings.list() // [{ message: 'row skipped: slabinfo:7', times: 1 }]
 */
export class Warnings {
  readonly #counts = new Map<string, number>()
  readonly #losses = new Set<string>()
  #dropped = 0

  add(message: string): void {
    const times = this.#counts.get(message)
    if (times !== undefined) this.#counts.set(message, times + 1)
    else if (this.#counts.size < kept) this.#counts.set(message, 1)
    else this.#dropped++
  }

  /** Trouble by which a part of the evidence is lost: what is made of the rest is partial. */
  lose(message: string): void {
    if (this.#losses.size < kept) this.#losses.add(message)
    this.add(message)
  }

  /** What was lost of the evidence so far; it is listed among the warnings as well. */
  losses(): string[] {
    return [...this.#losses]
  }

  list(): Warning[] {
    const list = [...this.#counts].map(([message, times]) => ({ message, times }))
    if (this.#dropped > 0) list.push({ message: 'further warnings, not kept', times: this.#dropped })
    return list
  }

  addAll(other: Warnings): void {
    for (const { message } of other.list()) this.add(message)
    for (const message of other.losses()) this.#losses.add(message)
  }
}
