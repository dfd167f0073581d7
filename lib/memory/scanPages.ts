import { Turn } from '../util/turn.js'
import type { PhysicalMemory } from './memory.js'

export interface ScanPagesOptions {
  /** First frame looked at, and one past the last; all frames unless said. */
  readonly start?: number
  readonly end?: number
  /** Pages done so far, and in all. */
  readonly onProgress?: (done: number, total: number) => void
  readonly signal?: AbortSignal
}

/** Pages between two looks at the clock. */
const STRETCH = 64

/**
 * Shows every page that the dump holds, in order of frames. The pages pass by the cache, so a scan doesn't drive out what others use.
 * Pages that turn out to be corrupt or absent are not shown. `visit` may return false to end the scan; its `page` holds until it returns.
 *
 * @example
 * await scanPages(physical, (frame, page) => { if (page[0] === 0x7f) found.push(frame) })
 * @throws the signal's reason where it was aborted
 */
export async function scanPages(
  physical: PhysicalMemory, visit: (frame: number, page: Uint8Array) => boolean | void, options: ScanPagesOptions = {}
): Promise<void> {
  const { start: first = 0, end: last = physical.frames, onProgress, signal } = options
  signal?.throwIfAborted()
  const runs = clipped(physical.presentRuns(), first, last)
  const total = runs.reduce((pages, { start, end }) => pages + end - start, 0)
  const turn = new Turn(signal)
  let done = 0
  for (const { start, end } of runs) {
    for (let frame = start; frame < end; frame++) {
      const page = physical.peek ? physical.peek(frame) : physical.page(frame)
      if (typeof page !== 'string' && visit(frame, page) === false) return
      if (++done % STRETCH === 0 && turn.over) {
        onProgress?.(done, total)
        await turn.yield()
      }
    }
  }
  onProgress?.(done, total)
}

function clipped(runs: Iterable<{ start: number; end: number }>, first: number, last: number): { start: number; end: number }[] {
  const inside: { start: number; end: number }[] = []
  for (const run of runs) {
    const start = Math.max(run.start, first)
    const end = Math.min(run.end, last)
    if (start < end) inside.push({ start, end })
  }
  return inside
}
