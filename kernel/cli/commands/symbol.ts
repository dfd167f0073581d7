import { UsageError } from '../../../lib/index.js'
import type { Command } from '../command.js'
import { evidenceOptions, openEvidence, showWarnings } from '../evidence.js'
import { writeTable } from '../output.js'

export const symbol: Command = {
  name: 'symbol',
  usage: 'FILE… NAME|ADDRESS',
  summary: 'the symbol of a name, or the one that holds an address',
  text: 'A name may belong to several symbols, for static functions share names; all are listed. NAME+OFFSET works as well.',
  example: 'slablab symbol vmcore single_start\nslablab symbol vmcore 0xffffffffa217b370',
  options: evidenceOptions,
  async run(args, terminal) {
    const files = args.positionals.slice(0, -1)
    const query = args.positionals.at(-1)
    if (files.length === 0 || query === undefined) throw new UsageError('expected FILE and NAME or ADDRESS')
    const dump = await openEvidence(files, args, terminal)
    const found = dump.symbol(query)
    writeTable(terminal, args, found)
    showWarnings(terminal, dump.system.warnings)
    if (found.numRows() === 0) terminal.err(`slablab: no symbol ${/^0x/i.test(query) ? 'holds' : 'is named'} ${query}\n`)
  }
}
