import { setFlagsFromString } from 'node:v8'

/** The major version of the engine that counts in another way from then on when a function is worth optimizing. */
const COUNTS_CALLS = 12

/** The last major version that was seen to know these flags, that of Node 26: Node does not start with flags that its engine does not know. */
const LAST_KNOWN = 14

/**
 * Flags that make V8's optimizing compiler inline less, and take functions after three times as many steps; none for a version that may not
 * know them.
 *
 * @example lessOptimizedBy('11.3.244.8-node.38') // ['--max-inlined-bytecode-size-cumulative=100', '--interrupt-budget=200000']
 */
export function lessOptimizedBy(version: string): string[] {
  const major = Number.parseInt(version)
  if (!(major <= LAST_KNOWN)) return []
  return ['--max-inlined-bytecode-size-cumulative=100', ...(major < COUNTS_CALLS ? ['--interrupt-budget=200000'] : [])]
}

/** The flags for this process and those that it starts. */
export const lessOptimized: readonly string[] = lessOptimizedBy(process.versions.v8)

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
