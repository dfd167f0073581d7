import { existsSync, readFileSync } from 'node:fs'
import { findReachable, UNREACHABLE } from '../../lib/analysis/reachability.js'
import { readLiveWords, readReferences } from '../../lib/analysis/reference/readReferences.js'
import type { PhysicalMemory } from '../../lib/memory/memory.js'
import { openPhysical } from '../../lib/memory/openPhysical.js'
import { scanPages } from '../../lib/memory/scanPages.js'
import { openVmcore } from '../../lib/system/openVmcore.js'

/**
 * What the parts of one pass over a dump take, in CPU seconds of the thread that does them. What V8 compiles beside it, and helpers that find
 * nothing to do, are no part of it.
 */
export interface Pass {
  readonly bytes: number
  readonly decompress: number
  /** What must be known of pages, stacks and objects before words are looked at. */
  readonly learn: number
  readonly scan: number
  readonly mark: number
  readonly objects: number
  readonly unreachable: number
}

async function cpuSeconds(work: () => Promise<unknown>): Promise<number> {
  const before = threadSeconds()
  await work()
  return threadSeconds() - before
}

/** Seconds that this thread has run, as Linux counts them (Documentation/scheduler/sched-stats.rst); of the clock elsewhere. */
function threadSeconds(): number {
  const file = `/proc/self/task/${process.pid}/schedstat`
  return existsSync(file) ? Number(readFileSync(file, 'latin1').split(' ')[0]) / 1e9 : performance.now() / 1e3
}

/** Frames shown at a time: of fewer bytes than threads are started for, which would decompress what is measured here. */
const STRETCH = 1 << 14

async function everyPage(physical: PhysicalMemory, visit: (frame: number, page: Uint8Array) => void): Promise<void> {
  for (let start = 0; start < physical.frames; start += STRETCH) await scanPages(physical, visit, { start, end: start + STRETCH })
}

async function pass(file: string): Promise<Pass> {
  const { physical, close } = await openPhysical(file)
  let bytes = 0
  const decompress = await cpuSeconds(() => everyPage(physical, (_, page) => (bytes += page.length)))
  close()
  const system = await openVmcore(file, { cacheBytes: 1 << 30 })
  await everyPage(system.kernel.physical, () => {})
  system.objects()
  // Symbols and types are read when the dump is opened, which has a row of its own.
  if (system.symbols.length === 0 || (system.types?.length ?? 0) === 0) throw new Error(`${file} tells no symbols or types`)
  const learn = await cpuSeconds(async () => readLiveWords(system))
  const scan = await cpuSeconds(() => readReferences(system))
  const mark = await cpuSeconds(() => findReachable(system))
  const unreachable = (await findReachable(system)).reached.filter((one) => one === UNREACHABLE).length
  const objects = system.objects().length
  system.close()
  return { bytes, decompress, learn, scan, mark, objects, unreachable }
}

const [file, rounds] = process.argv.slice(2)
let best = await pass(file)
for (let round = 1; round < Number(rounds); round++) {
  const next = await pass(file)
  best = { ...best, decompress: Math.min(best.decompress, next.decompress), learn: Math.min(best.learn, next.learn), scan: Math.min(best.scan, next.scan), mark: Math.min(best.mark, next.mark) }
}
process.send?.(best, () => process.exit(0))
