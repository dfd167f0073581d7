import { writeSync } from 'node:fs'
import type { Terminal } from './command.js'

/** Writes all of it, also to a pipe that is full for the moment; a reader that went away ends the process quietly. */
function writeAll(descriptor: number, content: string | Uint8Array): void {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  let written = 0
  while (written < bytes.length) {
    try {
      written += writeSync(descriptor, bytes, written)
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      if (code === 'EAGAIN') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
      else if (code === 'EPIPE') process.exit(0)
      else throw error
    }
  }
}

/** The {@link Terminal} of this process. Ctrl-C aborts its signal once; a second one ends the process as usual. */
export function processTerminal(): Terminal {
  const abort = new AbortController()
  process.once('SIGINT', () => abort.abort())
  const colour = process.stdout.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb'
  return {
    out: (content) => writeAll(1, content),
    err: (text) => writeAll(2, text),
    outIsTerminal: process.stdout.isTTY === true,
    errIsTerminal: process.stderr.isTTY === true,
    width: process.stdout.columns ?? 80,
    colour,
    signal: abort.signal
  }
}
