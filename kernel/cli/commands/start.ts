import { createRequire } from 'node:module'
import path from 'node:path'
import { reportHtml, reportText } from '../../../lib/index.js'
import type { Command } from '../command.js'
import { writeResult } from '../output.js'
import { makeReport, onScreen, sayIncomplete } from './report.js'

/** The case that comes with slablab: two machines' slabinfo and the crash session that named the culprit. */
const files = ['healthy.slabinfo', 'leaking.slabinfo', 'session.crash.txt']
const page = 'report.html'

export const start: Command = {
  name: 'start',
  usage: '',
  summary: 'a first look: the report of a real leak that comes with slablab',
  text: `1,744,972 objects too many on an ARM64 machine: two rows of /proc/slabinfo and an excerpt of a crash session, and what they tell.
Writes the report to the terminal, and as a page to report.html in the current folder.`,
  example: 'slablab start',
  async run(args, terminal) {
    const paths = bundled()
    const found = await makeReport(paths, args, terminal)
    const target = (args.options.output as string | undefined) ?? page
    writeResult(terminal, undefined, await reportText(found, onScreen(terminal, undefined)))
    writeResult(terminal, target, await reportHtml(found))
    terminal.out(`
The same report as a page is in ${path.resolve(target)}: open it in a browser.
Your own evidence, in any mix:  slablab report FILE… --html report.html
`)
    return sayIncomplete(found, terminal)
  }
}

/** Where the bundled files lie, as short as can be said from here. */
function bundled(): string[] {
  const root = path.dirname(createRequire(import.meta.url).resolve('slablab/package.json'))
  const folder = path.join(root, 'datasets', 'seq-operations')
  const relative = path.relative(process.cwd(), folder)
  return files.map((file) => path.join(relative.startsWith('..') || path.isAbsolute(relative) ? folder : relative, file))
}
