import { didYouMean, hex, parseAddress, symbolNames, UsageError, type Dump } from '../../../lib/index.js'
import type { Command } from '../command.js'
import { evidenceOptions, filesAndRest, finishEvidence, openEvidence } from '../evidence.js'
import { writeTable } from '../output.js'

/** A symbol farther off says nothing of an address. */
const farthest = 0x10000

export const symbol: Command = {
  name: 'symbol',
  usage: 'FILE… NAME|ADDRESS…',
  summary: 'the symbol of a name, or the one that holds an address',
  text: 'A name may belong to several symbols, for static functions share names; all are listed. NAME+OFFSET works as well.',
  example: 'slablab symbol vmcore single_start\nslablab symbol vmcore 0xffffffffa217b370',
  options: evidenceOptions,
  async run(args, terminal) {
    const { files, rest: queries } = filesAndRest(args.positionals)
    if (queries.length === 0) throw new UsageError('expected FILE and NAME or ADDRESS')
    const dump = await openEvidence(files, args, terminal)
    const found = queries.map((query) => dump.symbol(query))
    const [first, ...more] = found
    writeTable(terminal, args, more.length === 0 ? first : first.concat(more))
    const code = finishEvidence(terminal, dump)
    for (const [i, query] of queries.entries()) if (found[i].numRows() === 0) terminal.err(`slablab: ${notFound(dump, query)}\n`)
    return code
  }
}

function notFound({ system: { symbols } }: Dump, query: string): string {
  const address = /^(?:0x)?[0-9a-f]{8,16}$/i.test(query) ? parseAddress(query) : undefined
  if (address === undefined) return `no symbol is named ${query}${didYouMean(query, symbolNames(symbols))}`
  const near = symbols.nearest(address)
  if (near === undefined || near.standIn || near.offset >= farthest) return `no symbol holds ${query}`
  return `no symbol holds ${query}; the nearest before it is ${near.name}, at ${hex(near.address)}, and where that ends is not known`
}
