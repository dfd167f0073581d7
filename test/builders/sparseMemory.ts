import type { FaultReason } from '../../lib/errors.js'
import type { PhysicalMemory } from '../../lib/memory/memory.js'

/** Physical memory of which only written pages exist; others are absent unless told otherwise. */
export class SparseMemory implements PhysicalMemory {
  readonly pages = new Map<number, Uint8Array>()
  readonly faults = new Map<number, FaultReason>()
  /** Pages handed out so far: readers must not touch more than they need. */
  reads = 0

  constructor(readonly pageBytes = 4096, public frames = 1 << 20, readonly littleEndian = true) {}

  page(frame: number): Uint8Array | FaultReason {
    this.reads++
    return this.faults.get(frame) ?? this.pages.get(frame) ?? 'absent'
  }

  has(frame: number): boolean {
    return this.pages.has(frame) && !this.faults.has(frame)
  }

  presentRuns(): { start: number; end: number }[] {
    const runs: { start: number; end: number }[] = []
    for (const frame of [...this.pages.keys()].filter((one) => this.has(one)).sort((a, b) => a - b)) {
      const last = runs.at(-1)
      if (last?.end === frame) last.end++
      else runs.push({ start: frame, end: frame + 1 })
    }
    return runs
  }

  /** The page of a frame, made where there is none. */
  frame(frame: number): Uint8Array {
    let page = this.pages.get(frame)
    if (page === undefined) {
      page = new Uint8Array(this.pageBytes)
      this.pages.set(frame, page)
      this.frames = Math.max(this.frames, frame + 1)
    }
    return page
  }

  write(physical: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      const frame = Math.floor((physical + done) / this.pageBytes)
      const at = physical + done - frame * this.pageBytes
      const part = bytes.subarray(done, done + this.pageBytes - at)
      this.frame(frame).set(part, at)
      done += part.length
    }
  }

  u64(physical: number, value: bigint): void {
    const bytes = new Uint8Array(8)
    new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value), this.littleEndian)
    this.write(physical, bytes)
  }

  readU64(physical: number): bigint {
    const frame = Math.floor(physical / this.pageBytes)
    const page = this.frame(frame)
    return new DataView(page.buffer, page.byteOffset).getBigUint64(physical - frame * this.pageBytes, this.littleEndian)
  }
}
