import { openDump, UsageError, type Dump, type Warnings } from '../../lib/index.js'
import type { Arguments, OptionDescription, Terminal } from './command.js'

/** Options of every command that opens a dump or a crash session. */
export const evidenceOptions: Readonly<Record<string, OptionDescription>> = {
  symbols: {
    type: 'string', multiple: true, value: 'FILE', text: 'System.map, /proc/kallsyms or vmlinux, for names that the evidence lacks'
  }
}

/** Opens the files of a command line; what went wrong on the way is shown by {@link showWarnings}. */
export async function openEvidence(files: readonly string[], args: Arguments, terminal: Terminal): Promise<Dump> {
  if (files.length === 0) throw new UsageError('expected a FILE: a vmcore or a crash session')
  const symbols = args.options.symbols as string[] | undefined
  return openDump(files, { signal: terminal.signal, ...(symbols ? { symbols } : {}) })
}

/** Says once what could not be read or believed, beside the result. */
export function showWarnings(terminal: Terminal, warnings: Warnings): void {
  for (const { message, times } of warnings.list()) terminal.err(`slablab: ${message}${times > 1 ? ` (${times} times)` : ''}\n`)
}
