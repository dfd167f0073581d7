import type { PageStructRun } from './pageStructs.js'

/** Frames ↔ addresses of their page structures. */
export class PageStructMap {
  /** In frame order. */
  readonly runs: readonly PageStructRun[]
  readonly #byAddress: readonly PageStructRun[]

  constructor(runs: readonly PageStructRun[], readonly pageStructBytes: number) {
    this.runs = runs
    this.#byAddress = [...runs].sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0))
  }

  addressOf(frame: number): bigint | undefined {
    let low = 0
    let high = this.runs.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.runs[middle].start <= frame) low = middle + 1
      else high = middle
    }
    const run = this.runs[low - 1]
    return run === undefined || frame >= run.end ? undefined : run.address + BigInt((frame - run.start) * this.pageStructBytes)
  }

  /** The frame whose page structure starts at or holds `address`. */
  frameOf(address: bigint): number | undefined {
    let low = 0
    let high = this.#byAddress.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#byAddress[middle].address <= address) low = middle + 1
      else high = middle
    }
    const run = this.#byAddress[low - 1]
    if (run === undefined) return undefined
    const index = Math.floor(Number(address - run.address) / this.pageStructBytes)
    return index < run.end - run.start ? run.start + index : undefined
  }
}
