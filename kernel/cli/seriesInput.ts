import { formatBytes, loadSeries, SlablabError, UsageError, Warnings, type MemoryReading, type Series } from '../../lib/index.js'
import type { Arguments, OptionDescription, Terminal } from './command.js'
import { showWarnings } from './evidence.js'

/** Options of every command on snapshots. */
export const seriesOptions: Readonly<Record<string, OptionDescription>> = {
  host: { type: 'string', value: 'NAME', text: 'which machine, where the files are of several' }
}

/** Loads the snapshots that a command line names, and says what could not be read. @throws UsageError for no FILE */
export async function openSeries(files: readonly string[], terminal: Terminal): Promise<Series> {
  if (files.length === 0) throw new UsageError('expected a FILE: slabinfo snapshots, a folder of them, or an sos report')
  const warnings = new Warnings()
  const reading = readingLine(terminal)
  try {
    const series = await loadSeries(files, { warnings, signal: terminal.signal, onProgress: reading.onProgress })
    if (series.snapshots.numRows() === 0) throw new SlablabError(`${files.join(', ')}: no snapshot of slab caches, only of memory`)
    return series
  } finally {
    reading.done()
    showWarnings(terminal, warnings)
  }
}

/** How long something takes before it is worth a word, and between two words, in milliseconds. */
const patience = 1000
const between = 200

/** How much was read, on a terminal: how much there is, a compressed file does not tell. */
function readingLine(terminal: Terminal): { onProgress: (bytes: number) => void; done: () => void } {
  const start = performance.now()
  let shown = start + patience - between
  let width = 0
  return {
    onProgress(bytes) {
      const now = performance.now()
      if (!terminal.errIsTerminal || now - shown < between) return
      shown = now
      const line = `reading: ${formatBytes(bytes)}`
      terminal.err(`\r${line.padEnd(width)}`)
      width = Math.max(width, line.length)
    },
    done() {
      if (width > 0) terminal.err(`\r${' '.repeat(width)}\r`)
      width = 0
    }
  }
}

/** The end of a command on snapshots: marks a result as partial. Returns the exit code. */
export function finishSeries(terminal: Terminal, ...series: Series[]): number {
  if (!series.some(({ partial }) => partial)) return 0
  terminal.err('slablab: partial result: not all of the evidence could be read\n')
  return 1
}

/** Sentences that belong to a result: below a table for people, beside it (on stderr) where stdout is data. */
export function say(terminal: Terminal, args: Arguments, sentences: readonly string[]): void {
  if (sentences.length === 0) return
  const text = `${sentences.join('\n')}\n`
  const format = args.options.format ?? 'table'
  if (format === 'table' && args.options.output === undefined) terminal.out(`\n${text}`)
  else terminal.err(text)
}

/** The first and the last reading of one machine that say as much as any. */
export function memoryEnds(memory: readonly MemoryReading[], host?: string): [MemoryReading, MemoryReading] | undefined {
  const own = memory.filter((reading) => host === undefined || reading.host === null || reading.host === host)
  const whole = own.filter(({ unreclaimableBytes }) => unreclaimableBytes !== null)
  const usable = whole.length >= 2 ? whole : own
  return usable.length < 2 ? undefined : [usable[0], usable[usable.length - 1]]
}

export function parseShare(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined
  const percent = /^(\d+(?:\.\d+)?)\s*%?$/.exec(text)
  if (percent === null || Number(percent[1]) > 100) throw new UsageError(`expected --${option} to be a percentage from 0 to 100, got ${text}`)
  return Number(percent[1]) / 100
}
