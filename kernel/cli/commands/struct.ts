import { structTable, UsageError } from '../../../lib/index.js'
import { asCrash, asOption } from '../asCrash.js'
import type { Command } from '../command.js'
import { evidenceOptions, filesAndRest, finishEvidence, openEvidence } from '../evidence.js'
import { parseFormat, writeResult, writeTable } from '../output.js'

export const struct: Command = {
  name: 'struct',
  usage: 'FILE… TYPE[.MEMBER,…] [ADDRESS|SYMBOL]',
  summary: 'the declaration of a type, or a value of it in memory',
  text: `Printed as crash's struct command does; --format csv, json or ndjson gives one row for each member.
The last argument is an address if it reads as one or names a symbol behind a type. What the evidence does not hold says why.`,
  example: 'slablab struct vmcore seq_operations --offsets\nslablab struct vmcore seq_operations 0xffff8e89812d1ec0\nslablab struct vmcore task_struct.pid,comm init_task',
  options: {
    ...evidenceOptions,
    ...asOption,
    offsets: { type: 'boolean', text: 'show the offset of each member, and write out inner types without a name' },
    hex: { type: 'boolean', short: 'x', text: 'integers in hexadecimal' }
  },
  async run(args, terminal) {
    const { files, type, address } = askedFor(args.positionals)
    const text = asCrash(args) || parseFormat(args.options.format as string | undefined) === 'table'
    const dump = await openEvidence(files, args, terminal)
    if (address === undefined) {
      const declared = dump.type(type, { offsets: args.options.offsets === true })
      if (text) writeResult(terminal, args.options.output as string | undefined, `${declared.text}\n`)
      else writeTable(terminal, args, structTable(declared.members()))
    } else {
      const value = dump.read(type, address, { radix: args.options.hex === true ? 16 : 10 })
      if (text) writeResult(terminal, args.options.output as string | undefined, `${value.text}\n`)
      else writeTable(terminal, args, structTable(value.members()))
    }
    return finishEvidence(terminal, dump)
  }
}

/** Files; then the type, then perhaps the address. */
function askedFor(positionals: readonly string[]): { files: string[]; type: string; address: string | undefined } {
  const { files, rest } = filesAndRest(positionals)
  const tag = rest.length > 1 && /^(?:struct|union|enum)$/.test(rest[0]) ? `${rest.shift()!} ` : ''
  const [name, address, ...more] = rest
  if (name === undefined) throw new UsageError('expected FILE and TYPE')
  if (more.length > 0) throw new UsageError(`expected TYPE and ADDRESS, got ${rest.join(' ')}`)
  return { files, type: tag + name, address }
}
