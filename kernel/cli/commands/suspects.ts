import { findingText, suspectsTable, UsageError, type Report } from '../../../lib/index.js'
import type { Command } from '../command.js'
import { evidenceOptions } from '../evidence.js'
import { parseFormat, writeResult, writeTable } from '../output.js'
import { makeReport, onScreen, sayIncomplete } from './report.js'

export const suspects: Command = {
  name: 'suspects',
  usage: 'FILE…',
  summary: 'who leaked, worst and surest first',
  text: `The same evidence as for slablab report, and only its findings: verdict (leak, maybe, not a leak), how sure (certain, likely, weak), the
objects, the code that they name, and each piece of evidence. As JSON, with the code of a notebook cell that recomputes each.`,
  example: 'slablab suspects healthy.slabinfo leaking.slabinfo session.crash.txt --format json',
  options: evidenceOptions,
  async run(args, terminal) {
    if (args.positionals.length === 0) throw new UsageError('expected a FILE: slabinfo, a crash session or a dump')
    const found = await makeReport(args.positionals, args, terminal)
    const target = args.options.output as string | undefined
    if (parseFormat(args.options.format as string | undefined) !== 'table') writeTable(terminal, args, suspectsTable(found.suspects))
    else writeResult(terminal, target, textOf(found, onScreen(terminal, target)))
    return sayIncomplete(found, terminal)
  }
}

/** Lines longer than this are hard to read, however wide the terminal is. */
const mostColumns = 100

/** Findings are sentences: a row of a table would be hundreds of columns wide. */
function textOf({ suspects: findings }: Report, { width, colour }: { readonly width: number, readonly colour: boolean }): string {
  if (findings.length === 0) return 'None: no rule found anything to accuse in this evidence.\n'
  return findings.map((finding) => `${findingText(finding, { width: Math.min(width, mostColumns), colour, code: false })}\n`).join('\n')
}
