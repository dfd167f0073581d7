import { formatCount } from '../../lib/index.js'
import type { Terminal } from './command.js'

/** Long enough to be worth a word, in milliseconds. */
const PATIENCE = 400
const BETWEEN = 100

/** A callback for long work, and the end of it. */
export interface Progress {
  readonly onProgress: (done: number, total: number) => void
  /** Takes the line away. */
  done(): void
}

/**
 * One line on the terminal that says what is done, how much of how much, and how long still. Nothing where stderr is no terminal,
 * or the work is over soon.
 */
export function progressLine(terminal: Terminal, what: string, unit: string): Progress {
  const start = performance.now()
  let shown = 0
  let width = 0
  return {
    onProgress(done, total) {
      const now = performance.now()
      if (!terminal.errIsTerminal || now - start < PATIENCE || now - shown < BETWEEN || done === 0) return
      shown = now
      const left = Math.max(0, ((now - start) / done) * (total - done)) / 1000
      const line = `${what}: ${formatCount(done)} of ${formatCount(total)} ${unit}, ${left < 1 ? 'under 1' : Math.round(left)} s left`
      terminal.err(`\r${line.padEnd(width)}`)
      width = line.length
    },
    done() {
      if (width > 0) terminal.err(`\r${' '.repeat(width)}\r`)
      width = 0
    }
  }
}
