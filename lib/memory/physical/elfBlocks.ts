import type { FaultReason } from '../../errors.js'
import type { ByteSource } from '../../source/bytes.js'
import type { ElfSegment } from '../../source/elfCore.js'
import { ReadAhead } from '../../source/readAhead.js'
import { intervalAt, intervalsCover, paintIntervals, type PaintedIntervals } from '../../util/intervals.js'
import type { Warnings } from '../../warnings.js'
import type { BlockStore, Run } from './blockStore.js'

/**
 * The pages of an ELF vmcore, by physical address. A page is there if all of it is; where segments overlap, as a kernel's own text
 * segment does with the RAM it lies in, the first one that has data in the file is taken.
 */
export class ElfBlocks implements BlockStore {
  readonly blocks: number
  readonly #source: ByteSource
  readonly #data: ReadAhead
  readonly #warnings: Warnings
  /** What the file holds, and where: file offset minus physical address, by interval. */
  readonly #held: PaintedIntervals
  readonly #shifts: Float64Array
  /** What the headers say that the file holds, cut off or not. */
  readonly #promised: PaintedIntervals
  /** RAM by the headers. */
  readonly #memory: PaintedIntervals

  constructor(source: ByteSource, segments: readonly ElfSegment[], readonly blockBytes: number, warnings: Warnings) {
    this.#source = source
    this.#data = new ReadAhead(source)
    this.#warnings = warnings
    // Painted last wins, and the first of the file shall.
    const ordered = [...segments].reverse()
    const starts = ordered.map(({ physical }) => physical)
    const promised = ordered.map(({ physical, fileBytes, memoryBytes }) => physical + Math.min(fileBytes, memoryBytes))
    const held = ordered.map(({ physical, offset }, i) => Math.min(promised[i], physical + Math.max(0, source.byteLength - offset)))
    this.#promised = paintIntervals(starts, promised)
    this.#held = paintIntervals(starts, held)
    this.#memory = paintIntervals(starts, ordered.map(({ physical, memoryBytes }) => physical + memoryBytes))
    this.#shifts = Float64Array.from(this.#held.owners, (owner) => ordered[owner].offset - ordered[owner].physical)
    if (held.some((end, i) => end < promised[i])) {
      warnings.lose(`${source.name}: cut off at offset 0x${source.byteLength.toString(16)}: the pages behind it are missing`)
    }
    this.blocks = Math.ceil((this.#memory.ends.at(-1) ?? 0) / blockBytes)
  }

  has(block: number): boolean {
    return intervalsCover(this.#held, block * this.blockBytes, (block + 1) * this.blockBytes)
  }

  read(block: number, target: Uint8Array): FaultReason | undefined {
    const start = block * this.blockBytes
    const end = start + this.blockBytes
    const { starts, ends } = this.#held
    let at = start
    for (let i = intervalAt(this.#held, start); at < end; i++) {
      if (i === starts.length || starts[i] > at) return this.#whyMissing(start, end)
      const part = Math.min(ends[i], end) - at
      const offset = at + this.#shifts[i]
      if (this.#source.holds?.(offset, part) === false) return 'absent'
      const bytes = this.#data.view(offset, part)
      if (bytes.length < part) {
        this.#warnings.lose(`${this.#source.name}: pages that can't be read behind offset 0x${(offset + bytes.length).toString(16)}`)
        return 'absent'
      }
      target.set(bytes, at - start)
      at += part
    }
    return undefined
  }

  *presentRuns(): Generator<Run> {
    const { starts, ends } = this.#held
    for (let i = 0; i < starts.length;) {
      const first = starts[i]
      let last = ends[i++]
      while (i < starts.length && starts[i] === last) last = ends[i++]
      const start = Math.ceil(first / this.blockBytes)
      const end = Math.floor(last / this.blockBytes)
      if (start < end) yield { start, end }
    }
  }

  /** RAM that the headers name and the file was never meant to hold was excluded. */
  #whyMissing(start: number, end: number): FaultReason {
    if (intervalsCover(this.#promised, start, end)) return 'absent'
    return intervalsCover(this.#memory, start, end) ? 'excluded' : 'absent'
  }
}
