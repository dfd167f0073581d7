import { setFlagsFromString } from 'node:v8'

/** The major version of the engine that counts in another way from then on when a function is worth optimizing. */
const COUNTS_CALLS = 12

/** Flags of V8 that make its optimizing compiler inline less, and take functions after three times as many steps. */
export const lessOptimized: readonly string[] = [
  '--max-inlined-bytecode-size-cumulative=100',
  ...(Number.parseInt(process.versions.v8) < COUNTS_CALLS ? ['--interrupt-budget=200000'] : [])
]

/**
 * Leaves V8's optimizing compiler less to do in this process. In a command that lives for a second or two it takes more CPU time than the
 * command itself, on four threads that the command then waits for where there are fewer processors: a report takes a quarter less time without.
 * What runs for long is optimized all the same.
 *
 * Call it before scripts are loaded whose code is kept compiled (`compiledScript.ts`): it is kept for each set of flags.
 */
export function optimizeLess(): void {
  for (const flag of lessOptimized) setFlagsFromString(flag)
}
