import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { KernelClient, startKernelProcess } from '../builders/kernelClient.js'
import type { BenchOptions, BenchRow } from './benchRow.js'

interface Figures {
  readonly startSeconds: number
  /** Milliseconds each, sorted. */
  readonly cells: readonly number[]
  readonly completions: readonly number[]
  /** Megabytes resident of the kernel and of all that it started. */
  readonly memory: number
}

/** Seconds, on a quiet machine. */
const limits = { start: 1.5, cell: 0.03, completion: 0.05 }

/** Our kernel beside tslab's own, by the same client: start to the first result, cells, completion, memory. */
export async function benchKernel({ smoke, folder }: BenchOptions): Promise<BenchRow[]> {
  const tslab = path.join(path.dirname(createRequire(import.meta.url).resolve('tslab/package.json')), 'bin', 'tslab')
  const count = smoke ? 3 : 60
  // In turns, so that a machine that gets busy is so for both.
  const theirs = await figures(folder, count, (file) => [tslab, 'kernel', '--config-path', file])
  const ours = await figures(folder, count)
  const row = (task: string, unit: 's' | 'MB', of: (figures: Figures) => number, note: string, limit?: number): BenchRow => ({
    task, unit, ours: of(ours), peer: 'tslab', peers: of(theirs), note, ...(limit === undefined ? {} : { limit })
  })
  const late = (of: (figures: Figures) => readonly number[]): string =>
    `median; p95 ${quantile(of(ours), 0.95).toFixed(0)} ms, tslab's ${quantile(of(theirs), 0.95).toFixed(0)} ms`
  return [
    row('kernel: start to first result', 's', ({ startSeconds }) => startSeconds, '', limits.start),
    row('kernel: a cell', 's', ({ cells }) => quantile(cells, 0.5) / 1000, late(({ cells }) => cells), limits.cell),
    row('kernel: completion', 's', ({ completions }) => quantile(completions, 0.5) / 1000, late(({ completions }) => completions), limits.completion),
    row('kernel: memory', 'MB', ({ memory }) => memory, 'resident, of the kernel and all that it started')
  ]
}

async function figures(folder: string, count: number, command?: (file: string) => readonly string[]): Promise<Figures> {
  const started = performance.now()
  const kernel = await startKernelProcess(folder, {}, command)
  const client = new KernelClient(kernel.connection)
  try {
    await client.reply(client.send('execute_request', { code: '6 * 7' }))
    const startSeconds = (performance.now() - started) / 1000
    const timed = async (make: (i: number) => [type: string, content: object]): Promise<number[]> => {
      const times: number[] = []
      for (let i = 0; i < count; i++) {
        const from = performance.now()
        await client.reply(client.send(...make(i)))
        times.push(performance.now() - from)
      }
      return times.sort((a, b) => a - b)
    }
    // What either does once, for the first cell of a kind.
    await client.reply(client.send('execute_request', { code: 'const first = [1, 2, 3].map((n) => n + 1)' }))
    await client.reply(client.send('complete_request', { code: 'first.', cursor_pos: 6 }))
    const cells = await timed((i) => ['execute_request', { code: `const value${i} = first.length + ${i}\nvalue${i} * 2` }])
    const completions = await timed((i) => ['complete_request', { code: `value${i}.toFix`, cursor_pos: `value${i}.toFix`.length }])
    return { startSeconds, cells, completions, memory: residentMegabytes(kernel.process.pid!) }
  } finally {
    client.close()
    kernel.process.kill('SIGKILL')
  }
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
}

/** NaN where there is no /proc. */
function residentMegabytes(pid: number): number {
  try {
    const kilobytes = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1])
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter((child) => child !== '')
    return children.reduce((sum, child) => sum + residentMegabytes(Number(child)), kilobytes * 1024 / 1e6)
  } catch {
    return NaN
  }
}
