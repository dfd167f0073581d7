import { existsSync } from 'node:fs'
import { openDump, UsageError, type Dump, type Warnings } from '../../lib/index.js'
import type { Arguments, OptionDescription, Terminal } from './command.js'

/** Options of every command that opens a dump or a crash session. */
export const evidenceOptions: Readonly<Record<string, OptionDescription>> = {
  symbols: {
    type: 'string', multiple: true, value: 'FILE', text: 'System.map, /proc/kallsyms or vmlinux, for names that the evidence lacks'
  },
  btf: { type: 'string', value: 'FILE', text: 'types for a kernel that carries none: BTF, or its vmlinux' },
  'kaslr-offset': { type: 'string', value: 'OFFSET', text: 'by how much the kernel was moved from where these symbols have it (0: not)' }
}

/**
 * Opens the files of a command line; what went wrong on the way is shown by {@link showWarnings}. `readAhead` says that the command goes on
 * to look at everything.
 */
export async function openEvidence(files: readonly string[], args: Arguments, terminal: Terminal, readAhead = false): Promise<Dump> {
  if (files.length === 0) throw new UsageError('expected a FILE: a vmcore or a crash session')
  const symbols = args.options.symbols as string[] | undefined
  const kaslrOffset = kaslrOffsetOf(args)
  return openDump(files, {
    warnings: args.warnings, signal: terminal.signal, readAhead,
    ...(symbols ? { symbols } : {}),
    ...(args.options.btf === undefined ? {} : { btf: args.options.btf as string }),
    ...(kaslrOffset === undefined ? {} : { kaslrOffset })
  })
}

/** Splits a command line of files, then something else: the first argument is a file, and so are those behind it that lie there, save the last. */
export function filesAndRest(positionals: readonly string[]): { readonly files: string[]; readonly rest: string[] } {
  const [first, ...rest] = positionals
  const files = first === undefined ? [] : [first]
  while (rest.length > 1 && existsSync(rest[0])) files.push(rest.shift()!)
  return { files, rest }
}

/** What `--kaslr-offset` says. @throws UsageError where it is no hexadecimal number */
export function kaslrOffsetOf(args: Arguments): bigint | undefined {
  const offset = args.options['kaslr-offset'] as string | undefined
  return offset === undefined ? undefined : parseOffset(offset)
}

function parseOffset(text: string): bigint {
  const digits = /^(-?)(?:0x)?([0-9a-f]{1,16})$/i.exec(text.trim())
  if (digits === null) throw new UsageError(`expected --kaslr-offset to be hexadecimal, such as 0x21000000, got ${text}`)
  return BigInt(`0x${digits[2]}`) * (digits[1] === '-' ? -1n : 1n)
}

/**
 * The end of a command on a dump or a session: says what could not be read or believed, and what the result lacks.
 *
 * @param missing why the result is empty, where it is
 * @returns the exit code: 1 where the evidence could not be read whole, or holds nothing of what was asked for
 */
export function finishEvidence(terminal: Terminal, dump: Dump, missing?: string): number {
  const { warnings, incomplete = [] } = dump.system
  showWarnings(terminal, warnings, incomplete)
  for (const reason of incomplete) terminal.err(`slablab: partial result: ${reason}\n`)
  if (missing !== undefined) terminal.err(`slablab: ${missing}\n`)
  return incomplete.length > 0 || missing !== undefined ? 1 : 0
}

/** Says once what could not be read or believed, beside the result; not what is said elsewhere. */
export function showWarnings(terminal: Terminal, warnings: Warnings, elsewhere: readonly string[] = []): void {
  for (const { message, times } of warnings.list()) if (!elsewhere.includes(message)) terminal.err(`slablab: ${message}${times > 1 ? ` (${times} times)` : ''}\n`)
}
