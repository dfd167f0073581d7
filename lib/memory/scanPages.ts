import { Turn } from '../util/turn.js'
import type { PhysicalMemory } from './memory.js'
import type { Run } from './physical/blockStore.js'

export interface ScanPagesOptions {
  /** First frame looked at, and one past the last; all frames unless said. */
  readonly start?: number
  readonly end?: number
  /** Whether a frame need not be read. Asked once for each that the dump holds, in order, before the first is read. */
  readonly skip?: (frame: number) => boolean
  /** Pages done so far, and in all. */
  readonly onProgress?: (done: number, total: number) => void
  readonly signal?: AbortSignal
}

/** Fewer bytes take one thread no longer than several that first have to start. */
const PASS_BYTES = 256 << 20
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
  const { start: first = 0, end: last = physical.frames, skip, onProgress, signal } = options
  signal?.throwIfAborted()
  const inside = clipped(physical.presentRuns(), first, last)
  const runs = skip === undefined ? inside : without(inside, skip)
  const total = runs.reduce((pages, { start, end }) => pages + end - start, 0)
  const turn = new Turn(signal)
  let done = 0
  const endPass = total * physical.pageBytes < PASS_BYTES ? undefined : physical.startPass?.(runs)
  try {
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
  } finally {
    endPass?.()
  }
  onProgress?.(done, total)
}

/** The rest of some runs where single frames are left out. */
function without(runs: readonly Run[], skip: (frame: number) => boolean): Run[] {
  const rest: Run[] = []
  for (const { start, end } of runs) {
    let from = start
    for (let frame = start; frame < end; frame++) {
      if (!skip(frame)) continue
      if (frame > from) rest.push({ start: from, end: frame })
      from = frame + 1
    }
    if (end > from) rest.push({ start: from, end })
  }
  return rest
}

function clipped(runs: Iterable<Run>, first: number, last: number): Run[] {
  const inside: Run[] = []
  for (const run of runs) {
    const start = Math.max(run.start, first)
    const end = Math.min(run.end, last)
    if (start < end) inside.push({ start, end })
  }
  return inside
}
