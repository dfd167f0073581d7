import { UsageError } from '../../lib/index.js'
import type { Arguments, OptionDescription } from './command.js'

/** The option of commands whose result crash has a format for. */
export const asOption: Readonly<Record<string, OptionDescription>> = {
  as: { type: 'string', value: 'crash', text: 'write what crash would print, for scripts and eyes that know it' }
}

/** Whether `--as crash` was given. @throws UsageError for anything else, or beside a --format that says otherwise. */
export function asCrash(args: Arguments): boolean {
  const { as, format } = args.options
  if (as === undefined) return false
  if (as !== 'crash') throw new UsageError(`expected --as crash, got --as ${String(as)}`)
  if (format !== undefined) throw new UsageError('expected --as or --format, got both')
  return true
}
