import path from 'node:path'
import { openDataset, reportHtml, reportText, UsageError } from '../../../lib/index.js'
import type { Command } from '../command.js'
import { writeResult } from '../output.js'
import { version } from '../version.js'
import { makeReport, onScreen, sayIncomplete } from './report.js'

/** The cases that come with slablab, the first unless another is asked for, with the files that a report is made of. */
const cases: Readonly<Record<string, readonly string[]>> = {
  'arm64-slab': ['slabinfo-series.txt.gz', 'meminfo', 'vmcore'],
  'seq-operations': ['healthy.slabinfo', 'leaking.slabinfo', 'session.crash.txt']
}
const [first] = Object.keys(cases)
const page = 'report.html'

export const start: Command = {
  name: 'start',
  usage: '[--case NAME]',
  summary: 'a first look: the report of a real leak that comes with slablab',
  text: `Writes the report to the terminal, and as a page to report.html in the current folder. The cases:
arm64-slab: the dump of an ARM64 machine with 60,001 lost objects, and the slabinfo series that led there.
seq-operations: a leak of 1,744,972 objects of which there is only text: two rows of /proc/slabinfo and an excerpt of a crash session.`,
  example: 'slablab start --case seq-operations',
  options: {
    case: { type: 'string', value: 'NAME', text: `one of ${Object.keys(cases).join(', ')} (default: ${first})` },
    'no-repl': { type: 'boolean', text: 'end behind the report; at a terminal the session on this case opens otherwise' }
  },
  async run(args, terminal) {
    if (args.positionals.length > 0) throw new UsageError(`expected no FILE, got ${args.positionals[0]}: slablab report FILE… reports on your own evidence`)
    const name = (args.options.case as string | undefined) ?? first
    if (!Object.hasOwn(cases, name)) throw new UsageError(`expected --case to be one of ${Object.keys(cases).join(', ')}, got ${name}`)
    const { title, folder } = openDataset(name)
    terminal.err(`${title}\n`)
    const found = await makeReport(cases[name].map((file) => fromHere(path.join(folder, file))), args, terminal)
    const target = (args.options.output as string | undefined) ?? page
    writeResult(terminal, undefined, await reportText(found, onScreen(terminal, undefined)))
    writeResult(terminal, target, await reportHtml(found))
    const others = Object.keys(cases).filter((other) => other !== name)
    terminal.out(`
The same report as a page is in ${path.resolve(target)}: open it in a browser.
Another case:                   ${others.map((other) => `slablab start --case ${other}`).join(', ')}
Your own evidence, in any mix:  slablab report FILE… --html report.html
`)
    const code = sayIncomplete(found, terminal)
    if (!terminal.outIsTerminal || process.stdin.isTTY !== true || args.options['no-repl'] === true || args.options.output !== undefined) return code
    const { startRepl } = await import('../../repl/startRepl.js')
    return startRepl({
      files: name === first ? [] : cases[name].map((file) => fromHere(path.join(folder, file))), code: [], format: 'table', isInteractive: true,
      isBundled: name === first, attach: null, version, colour: terminal.colour
    })
  }
}

/** A path as short as can be said from here. */
function fromHere(file: string): string {
  const relative = path.relative(process.cwd(), file)
  return relative.startsWith('..') || path.isAbsolute(relative) ? file : relative
}
