import path from 'node:path'
import { report as make, reportHtml, reportJson, reportNotebook, reportText, UsageError, writeNotebook, type Report } from '../../../lib/index.js'
import type { Arguments, Command, Terminal } from '../command.js'
import { evidenceOptions, kaslrOffsetOf } from '../evidence.js'
import { parseFormat, writeResult } from '../output.js'
import { progressLine } from '../progress.js'

export const report: Command = {
  name: 'report',
  usage: 'FILE… [--html FILE] [--notebook FILE]',
  summary: 'what leaked and how we know, from evidence of any kind',
  text: `The files may be any mix of slabinfo snapshots, meminfo, crash sessions, symbol files and vmcores; what each is, is found out. Two
snapshots are compared in the order given: first the healthy one or the earlier one. The report names the suspects with their evidence,
shows what it rests on, says what the evidence cannot show and which command would, and where it comes from.
--format json writes it for programs. Beside the text, --html writes one page that needs nothing else, and --notebook the investigation
as a notebook whose cells find it all again; -o FILE.html or FILE.ipynb writes that alone.`,
  example: 'slablab report healthy.slabinfo leaking.slabinfo session.crash.txt --html report.html',
  options: {
    ...evidenceOptions,
    html: { type: 'string', value: 'FILE', text: 'write the report as one HTML page that works offline' },
    notebook: { type: 'string', value: 'FILE', text: 'write the investigation as a Jupyter notebook; slablab run executes it' }
  },
  async run(args, terminal) {
    if (args.positionals.length === 0) throw new UsageError('expected a FILE: slabinfo, a crash session or a dump')
    const format = parseFormat(args.options.format as string | undefined)
    if (format === 'csv' || format === 'ndjson') throw new UsageError(`a report is no table: expected --format table or json, got ${format}`)
    const found = await makeReport(args.positionals, args, terminal)
    const target = args.options.output as string | undefined
    const kind = format === 'json' ? undefined : /\.(html?|ipynb)$/i.exec(target ?? '')?.[1].toLowerCase()
    const page = (args.options.html as string | undefined) ?? (kind?.startsWith('htm') === true ? target : undefined)
    if (page !== undefined) writeResult(terminal, page, await reportHtml(found))
    const notebook = (args.options.notebook as string | undefined) ?? (kind === 'ipynb' ? target : undefined)
    if (notebook !== undefined) writeResult(terminal, notebook, writeNotebook(reportNotebook(found, { pathOf: pathFrom(notebook) })))
    if (kind === undefined) writeResult(terminal, target, format === 'json' ? `${JSON.stringify(reportJson(found), null, 2)}\n` : await reportText(found, onScreen(terminal, target)))
    if (page !== undefined) terminal.err(`slablab: the report is in ${page}\n`)
    if (notebook !== undefined) terminal.err(`slablab: the notebook is ${notebook}\n`)
    return sayIncomplete(found, terminal)
  }
}

/** What a file is called from where a notebook lies: as it was given where that was in full and leads elsewhere. */
export function pathFrom(notebook: string): (file: string) => string {
  return (file) => {
    const relative = path.relative(path.dirname(path.resolve(notebook)), path.resolve(file))
    return path.isAbsolute(file) && relative.startsWith('..') ? file : relative
  }
}

/** The report of some files, with progress on the terminal. */
export async function makeReport(files: readonly string[], args: Arguments, terminal: Terminal): Promise<Report> {
  const progress = progressLine(terminal, 'reading objects', 'objects')
  const symbols = args.options.symbols as string[] | undefined
  const btf = args.options.btf as string | undefined
  const kaslrOffset = kaslrOffsetOf(args)
  try {
    return await make([...files, ...(symbols ?? [])], {
      warnings: args.warnings,
      signal: terminal.signal,
      ...(btf === undefined ? {} : { btf }),
      ...(kaslrOffset === undefined ? {} : { kaslrOffset }),
      onProgress: (_what, done, of) => {
        if (of !== null) progress.onProgress(done, of)
      },
      noted: {
        ...(symbols === undefined ? {} : { symbols: symbols.join(' ') }), ...(btf === undefined ? {} : { btf }),
        ...(kaslrOffset === undefined ? {} : { 'kaslr-offset': `0x${kaslrOffset.toString(16)}` })
      }
    })
  } finally {
    progress.done()
  }
}

export function onScreen(terminal: Terminal, target: string | undefined): { width: number; colour: boolean } {
  return target === undefined && terminal.outIsTerminal ? { width: terminal.width, colour: terminal.colour } : { width: 100, colour: false }
}

/** Says what could not be used. Exit code 1 where there is any. */
export function sayIncomplete({ incomplete }: Report, terminal: Terminal): number {
  for (const reason of incomplete) terminal.err(`slablab: partial report: ${reason}\n`)
  return incomplete.length > 0 ? 1 : 0
}
