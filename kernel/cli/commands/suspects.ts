import { suspectsTable, UsageError } from '../../../lib/index.js'
import type { Command } from '../command.js'
import { evidenceOptions } from '../evidence.js'
import { writeTable } from '../output.js'
import { makeReport, sayIncomplete } from './report.js'

export const suspects: Command = {
  name: 'suspects',
  usage: 'FILE…',
  summary: 'who leaked, worst and surest first',
  text: `The same evidence as for slablab report, and only its findings: verdict (leak, maybe, not a leak), how sure (certain, likely, weak), the
objects, the code that they name, and each piece of evidence with the code of a notebook cell that recomputes it (in JSON).`,
  example: 'slablab suspects healthy.slabinfo leaking.slabinfo session.crash.txt --format json',
  options: evidenceOptions,
  async run(args, terminal) {
    if (args.positionals.length === 0) throw new UsageError('expected a FILE: slabinfo, a crash session or a dump')
    const found = await makeReport(args.positionals, args, terminal)
    writeTable(terminal, args, suspectsTable(found.suspects))
    return sayIncomplete(found, terminal)
  }
}
