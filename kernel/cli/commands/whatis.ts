import { UsageError, whatis as describe } from '../../../lib/index.js'
import type { Command } from '../command.js'
import { evidenceOptions, finishEvidence, openEvidence } from '../evidence.js'
import { fieldLines } from '../fieldLines.js'
import { parseFormat, writeResult, writeTable } from '../output.js'

export const whatis: Command = {
  name: 'whatis',
  usage: 'FILE… ADDRESS|SYMBOL',
  summary: 'what lies at an address: cache, slab, slot, state, symbol, type',
  text: `An address anywhere in an object will do. A dump tells more of some objects: the cgroup they are charged to, where they were
allocated, and the stack of that where slub_debug recorded it.`,
  example: 'slablab whatis vmcore 0xffff8e89812d1ec8',
  options: evidenceOptions,
  async run(args, terminal) {
    const files = args.positionals.slice(0, -1)
    const address = args.positionals.at(-1)
    if (files.length === 0 || address === undefined) throw new UsageError('expected FILE and ADDRESS')
    const dump = await openEvidence(files, args, terminal)
    const table = describe(dump, address)
    // One row of many columns: a line for each reads better than a table.
    const forPeople = parseFormat(args.options.format as string | undefined) === 'table'
    if (forPeople) writeResult(terminal, args.options.output as string | undefined, fieldLines(table.object(0) as Record<string, unknown>))
    else writeTable(terminal, args, table)
    return finishEvidence(terminal, dump)
  }
}
