import { spawnSync } from 'node:child_process'

/** Seconds that a program takes on an input, the best of `times`; null where it is not installed. Its output must be as expected. */
export function programSeconds(program: string, args: readonly string[], expected: RegExp, times = 3): number | null {
  let best = Infinity
  for (let i = 0; i < times; i++) {
    const start = performance.now()
    const { status, stdout, error } = spawnSync(program, args, { encoding: 'utf8' })
    if (error !== undefined) return null
    if (status !== 0 || !expected.test(stdout)) throw new Error(`${program} ${args.join(' ')}: status ${status}, printed ${stdout.slice(0, 100)}`)
    best = Math.min(best, (performance.now() - start) / 1000)
  }
  return best
}
