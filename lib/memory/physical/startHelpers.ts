import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { builtFile } from '../../source/builtFile.js'
import type { HelperTask } from './pageHelper.js'

/** Who asks for pages scans them too, at some times the speed of decompression: more helpers would wait for it. */
const MOST_HELPERS = 7
/** Below this a thread costs more than it brings: it starts in some 30 ms. */
const LEAST_BYTES = 24 << 20

/**
 * Starts threads that decompress so many bytes of a dump's pages while this one does other things; returns what stops them. They end by
 * themselves when nothing is left to do, and keep no process alive. Undefined where there is one processor, or nothing was built, or the
 * bytes are few: then nothing starts.
 */
export function startHelpers(task: HelperTask, bytes: number): (() => void) | undefined {
  const helper = builtFile('lib/memory/physical/pageHelper.js')
  const count = bytes < LEAST_BYTES ? 0 : Math.min(MOST_HELPERS, availableParallelism() - 1)
  if (helper === undefined || count === 0) return undefined
  const workers = Array.from({ length: count }, () => {
    const worker = new Worker(helper, { workerData: task, execArgv: [] })
    // What a helper could not do is done here when it is asked for.
    worker.on('error', () => {})
    worker.unref()
    return worker
  })
  return () => {
    for (const worker of workers) void worker.terminate()
  }
}
