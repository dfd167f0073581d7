import { readFileSync } from 'node:fs'
import path from 'node:path'
import { changedInputs, compareNotebooks, differenceText, notebookHtml, parseParameter, readNotebook, UsageError, withParameters, writeNotebook, type Notebook } from '../../../lib/index.js'
import type { Command, Terminal } from '../command.js'
import { executeNotebook } from '../notebook/executeNotebook.js'
import { writeResult } from '../output.js'
import { besideNotebook } from './new.js'

export const run: Command = {
  name: 'run',
  usage: 'NOTEBOOK [-p NAME=VALUE]… [-o FILE] [--html] [--check]',
  summary: 'run a notebook from top to bottom, without Jupyter',
  text: `Every code cell runs in slablab's own session, in the folder of the notebook. The result goes to NOTEBOOK with the ending .run.ipynb, or
to the FILE of -o. The first cell that fails ends the run: what ran until then is written, the cell is marked, and the exit code is 1.
-p gives another value to a name that the cell tagged "parameters" declares; the value is JSON, or else a text.
--html writes the result as one page that needs nothing else: beside the notebook, or to the FILE of -o where that ends in .html.
--check writes nothing unless asked for, and compares with the outputs that the notebook holds, apart from times: differences are shown,
and the exit code is 1.`,
  example: `slablab run notebooks/2-from-a-bare-vmcore.ipynb --html
slablab run leak.ipynb -p files='["vmcore"]' -o today.ipynb
slablab run notebooks/2-from-a-bare-vmcore.ipynb --check`,
  options: {
    parameter: { type: 'string', short: 'p', multiple: true, value: 'NAME=VALUE', text: 'another value for a parameter of the notebook' },
    html: { type: 'boolean', text: 'write the result as a page that works offline, beside the notebook' },
    check: { type: 'boolean', text: 'compare with the outputs that the notebook holds; writes nothing by itself' }
  },
  async run(args, terminal) {
    const [file, ...others] = args.positionals
    if (file === undefined || others.length > 0) throw new UsageError(`expected one NOTEBOOK, got ${args.positionals.length}`)
    if (args.options.format !== undefined) throw new UsageError('run writes a notebook: --format does not fit')
    const parameters = Object.fromEntries((args.options.parameter as string[] | undefined ?? []).map(parseParameter))
    const isCheck = args.options.check === true
    const isPage = args.options.html === true
    const given = readNotebook(readFileSync(file, 'utf8'), file)
    for (const { file: input } of changedInputs(given, besideNotebook(file))) terminal.err(`slablab: ${file}: ${input} has changed since the investigation began\n`)
    const { output, page } = targets(file, args.options.output as string | undefined, { isPage, isCheck })
    const { notebook, failed } = await executeNotebook(withParameters(given, parameters), {
      folder: path.dirname(path.resolve(file)), input: file, output, parameters, signal: terminal.signal,
      start: (await import('../../session/session.js')).startSession,
      onCell: ({ id }, number, of) => {
        if (terminal.errIsTerminal) terminal.err(`\r\u001b[Kcell ${number} of ${of}: ${id}`)
      }
    })
    if (terminal.errIsTerminal) terminal.err('\r\u001b[K')
    if (output !== null) writeResult(terminal, output, writeNotebook(notebook))
    if (page !== null) {
      writeResult(terminal, page, notebookHtml(notebook))
      terminal.err(`slablab: the page is ${page}\n`)
    }
    if (output !== null) terminal.err(`slablab: the result is ${output}\n`)
    if (failed !== null) terminal.err(`slablab: ${file}: cell ${failed.cell} (${failed.id}) failed: ${failed.name}: ${failed.message}\n`)
    const differs = isCheck && failed === null && tellDifferences(withParameters(given, parameters), notebook, file, terminal)
    return failed !== null || differs ? 1 : 0
  }
}

/** Where the notebook goes, and where its page: null for what is not written. */
function targets(file: string, named: string | undefined, { isPage, isCheck }: { readonly isPage: boolean, readonly isCheck: boolean }): { output: string | null, page: string | null } {
  if (named !== undefined && /\.html?$/i.test(named)) {
    if (!isPage) throw new UsageError(`${named} names a page, and without --html a notebook is written: add --html, or end it in .ipynb`)
    return { output: null, page: named }
  }
  const output = named ?? (isCheck || isPage ? null : file.replace(/(\.ipynb)?$/, '.run.ipynb'))
  return { output, page: isPage ? `${(output ?? file).replace(/(\.ipynb)?$/, '')}.html` : null }
}

/** Shows in what the run differs from what the notebook holds. */
function tellDifferences(expected: Notebook, found: Notebook, file: string, terminal: Terminal): boolean {
  const differences = compareNotebooks(expected, found)
  for (const difference of differences) terminal.out(`${file}: ${differenceText(difference)}`)
  if (differences.length === 0) terminal.err(`slablab: ${file}: all outputs are as they were\n`)
  else terminal.err(`slablab: ${file}: ${differences.length === 1 ? 'an output differs' : `${differences.length} outputs differ`} from what the notebook holds\n`)
  return differences.length > 0
}
