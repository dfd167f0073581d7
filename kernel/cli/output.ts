import { closeSync, openSync, realpathSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { formatRows, UsageError, visible, type TableFormat, type TableLayout } from '../../lib/index.js'
import type { Arguments, Terminal } from './command.js'

export const formats = ['table', 'csv', 'json', 'ndjson'] as const
export type Format = (typeof formats)[number]

export function parseFormat(text: string | undefined): Format {
  const format = formats.find((name) => name === (text ?? 'table'))
  if (format === undefined) throw new UsageError(`expected --format to be one of ${formats.join(', ')}, got ${text}`)
  return format
}

/**
 * Writes a result whole or not at all: to a file beside the target, then renamed; to stdout where there is no target.
 * Long results come as pieces, so that they never stand in memory as one.
 */
export function writeResult(terminal: Terminal, target: string | undefined, content: string | Uint8Array | Iterable<string>): void {
  const pieces = typeof content === 'string' || content instanceof Uint8Array ? [content] : content
  if (target === undefined) {
    for (const piece of pieces) terminal.out(piece)
    return
  }
  const stat = statSync(target, { throwIfNoEntry: false })
  // A device or pipe is written to; renaming a file over it would replace it.
  if (stat !== undefined && !stat.isFile()) {
    writePieces(target, pieces)
    return
  }
  const final = stat === undefined ? target : realpathSync(target)
  const partial = `${final}.partial-${process.pid}`
  try {
    writePieces(partial, pieces)
    renameSync(partial, final)
  } catch (error) {
    rmSync(partial, { force: true })
    throw error
  }
}

function writePieces(path: string, pieces: Iterable<string | Uint8Array>): void {
  const descriptor = openSync(path, 'w')
  try {
    for (const piece of pieces) writeAll(descriptor, typeof piece === 'string' ? Buffer.from(piece) : piece)
  } finally {
    closeSync(descriptor)
  }
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) written += writeSync(descriptor, bytes, written)
}

/**
 * Writes a table as `--format` and `--output` ask. A terminal gets it fitted to its width, with head and tail of a long one;
 * a pipe or file gets every row and column.
 */
export function writeTable(terminal: Terminal, args: Omit<Arguments, 'warnings'>, table: Parameters<typeof formatRows>[0], layout: TableLayout = {}): void {
  const format: TableFormat = parseFormat(args.options.format as string | undefined)
  const target = args.options.output as string | undefined
  const onScreen = target === undefined && terminal.outIsTerminal
  const fitted = onScreen ? { width: terminal.width, colour: terminal.colour } : { width: Infinity, rows: Infinity }
  const pieces = formatRows(table, format, { ...fitted, ...layout })
  writeResult(terminal, target, onScreen && format === 'csv' ? shownLines(pieces) : pieces)
}

/** CSV is data and keeps every byte, but a terminal must not act on it. */
function* shownLines(pieces: Iterable<string>): Generator<string> {
  for (const piece of pieces) yield piece.split('\n').map(visible).join('\n')
}
