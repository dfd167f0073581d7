import { writeSync } from 'node:fs'
import { descriptors, type EvaluatorMessage } from './messages.js'

/** Sends a message to the session, and returns when it is written. */
export function send(message: EvaluatorMessage): void {
  const bytes = Buffer.from(`${JSON.stringify(message, plain)}\n`)
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

/** What a bundle holds is a person's to choose; JSON has no bigint. */
function plain(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? (Number.isSafeInteger(Number(value)) ? Number(value) : String(value)) : value
}
