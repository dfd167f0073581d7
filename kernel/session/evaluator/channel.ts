import { writeSync } from 'node:fs'
import { descriptors, type EvaluatorMessage } from './messages.js'

/** Sends a message to the session, and returns when it is written. */
export function send(message: EvaluatorMessage): void {
  const bytes = Buffer.from(`${JSON.stringify(message)}\n`)
  let written = 0
  while (written < bytes.length) {
    try {
      written += writeSync(descriptors.messages, bytes, written)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'EAGAIN') process.kill(process.pid, 'SIGKILL') // Nobody is left to hear of anything.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    }
  }
}
