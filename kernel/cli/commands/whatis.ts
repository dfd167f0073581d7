import { UsageError, whatis as describe } from '../../../lib/index.js'
import type { Command } from '../command.js'
import { evidenceOptions, filesAndRest, finishEvidence, openEvidence } from '../evidence.js'
import { fieldLines } from '../fieldLines.js'
import { parseFormat, writeResult, writeTable } from '../output.js'

export const whatis: Command = {
  name: 'whatis',
  usage: 'FILE… ADDRESS|SYMBOL…',
  summary: 'what lies at an address: cache, slab, slot, state, symbol, type',
  text: `An address anywhere in an object will do. A dump tells more of some objects: the cgroup they are charged to, where they were
allocated, and the stack of that where slub_debug recorded it.`,
  example: 'slablab whatis vmcore 0xffff8e89812d1ec8',
  options: evidenceOptions,
  async run(args, terminal) {
    const { files, rest: addresses } = filesAndRest(args.positionals)
    if (addresses.length === 0) throw new UsageError('expected FILE and ADDRESS')
    const dump = await openEvidence(files, args, terminal)
    const [first, ...more] = addresses.map((address) => describe(dump, address))
    const table = more.length === 0 ? first : first.concat(more)
    // Many columns: a line for each reads better than a table.
    const forPeople = parseFormat(args.options.format as string | undefined) === 'table'
    if (forPeople) writeResult(terminal, args.options.output as string | undefined, (table.objects() as Record<string, unknown>[]).map(fieldLines).join('\n'))
    else writeTable(terminal, args, table)
    return finishEvidence(terminal, dump)
  }
}
