import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** A program to run from start to end. */
export interface Program {
  readonly command: string
  readonly args: readonly string[]
  readonly input?: string
  /** What its output must hold: a program that failed would be fast. */
  readonly expected: RegExp
}

/** The best of all rounds, figure by figure. */
export interface Cost {
  readonly seconds: number
  /** In user and system mode, of all threads; NaN where GNU time is not installed. */
  readonly cpuSeconds: number
  readonly peakMegabytes: number
}

const gnuTime = '/usr/bin/time'

/**
 * Runs programs in turn, round by round, so that what else the machine does meets all of them. Null for a program that is not installed.
 * A program that takes more than `enough` seconds runs in the first round only.
 */
export function measured<T extends string>(programs: Readonly<Record<T, Program | null>>, rounds: number, enough = 20): Record<T, Cost | null> {
  const costs: Partial<Record<T, Cost | null>> = {}
  for (let round = 0; round < rounds; round++) {
    for (const name of Object.keys(programs) as T[]) {
      const program = programs[name]
      const before = costs[name]
      if (program === null || before === null) costs[name] = null
      else if (before === undefined || before.seconds < enough) costs[name] = best(before, costOf(program))
    }
  }
  return costs as Record<T, Cost | null>
}

function best(a: Cost | undefined, b: Cost | null): Cost | null {
  if (a === undefined || b === null) return b
  return {
    seconds: Math.min(a.seconds, b.seconds), cpuSeconds: Math.min(a.cpuSeconds, b.cpuSeconds), peakMegabytes: Math.min(a.peakMegabytes, b.peakMegabytes)
  }
}

function costOf({ command, args, input, expected }: Program): Cost | null {
  const timed = existsSync(gnuTime)
  const start = performance.now()
  const { status, stdout, stderr, error } = timed
    ? spawnSync(gnuTime, ['-f', '@%U %S %M', command, ...args], { encoding: 'utf8', input: input ?? '', maxBuffer: 1 << 30 })
    : spawnSync(command, args, { encoding: 'utf8', input: input ?? '', maxBuffer: 1 << 30 })
  const seconds = (performance.now() - start) / 1000
  if (error !== undefined || status === 127) return null
  if (status !== 0 || !expected.test(stdout)) throw new Error(`${command} ${args.join(' ')}: status ${status}, printed ${stdout.slice(-200)} ${stderr.slice(-300)}`)
  const told = /@([\d.]+) ([\d.]+) (\d+)\s*$/.exec(stderr)
  if (told === null) return { seconds, cpuSeconds: NaN, peakMegabytes: NaN }
  return { seconds, cpuSeconds: Number(told[1]) + Number(told[2]), peakMegabytes: Number(told[3]) * 1024 / 1e6 }
}
