import type { ReplRequest } from './options.js'

/** Runs `slablab repl` and returns its exit code: at a terminal, or over a script. */
export async function startRepl(request: ReplRequest): Promise<number> {
  if (!request.isInteractive) return (await import('./runBatch.js')).runBatch(request)
  return (await import('./interactive.js')).runInteractive(request)
}
