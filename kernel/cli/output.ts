import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { UsageError } from '../../lib/index.js'
import type { Terminal } from './command.js'

/** Where results go: `--output FILE`, else stdout. */
export const formats = ['table', 'csv', 'json', 'ndjson'] as const
export type Format = (typeof formats)[number]

export function parseFormat(text: string | undefined): Format {
  const format = formats.find((name) => name === (text ?? 'table'))
  if (format === undefined) throw new UsageError(`expected --format to be one of ${formats.join(', ')}, got ${text}`)
  return format
}

/** Writes a result whole or not at all: to a file beside the target, then renamed; to stdout where there is no target. */
export function writeResult(terminal: Terminal, target: string | undefined, content: string | Uint8Array): void {
  if (target === undefined) {
    terminal.out(content)
    return
  }
  const partial = `${target}.partial-${process.pid}`
  try {
    writeFileSync(partial, content)
    renameSync(partial, target)
  } catch (error) {
    rmSync(partial, { force: true })
    throw error
  }
}
