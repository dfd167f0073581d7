import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { changedInputs, newInvestigation, readNotebook, UsageError, writeNotebook } from '../../../lib/index.js'
import type { Command, Terminal } from '../command.js'
import { writeResult } from '../output.js'
import { pathFrom } from './report.js'

/** The command `slablab new`; `new` itself is a word of the language. */
export const newCommand: Command = {
  name: 'new',
  usage: 'NAME FILE…',
  summary: 'begin an investigation: a notebook for new evidence',
  text: `Writes NAME.ipynb: a cell with the files, cells that look at them as their kind allows, places for what you find, and what each file is, by
size and sha256. Nothing is copied. Where NAME.ipynb is there already it is left as it is, and the files are compared with what it recorded:
the exit code is 1 if one of them has changed.`,
  example: 'slablab new node7 vmcore snapshots/*.txt && slablab run node7.ipynb --html',
  async run(args, terminal) {
    const [name, ...files] = args.positionals
    if (name === undefined || files.length === 0) throw new UsageError('expected a NAME and at least one FILE')
    if (args.options.format !== undefined) throw new UsageError('new writes a notebook: --format does not fit')
    const target = (args.options.output as string | undefined) ?? name.replace(/(\.ipynb)?$/, '.ipynb')
    if (existsSync(target)) return compareWith(target, terminal)
    const title = path.basename(target, '.ipynb').replace(/[-_]+/g, ' ')
    writeResult(terminal, target, writeNotebook(await newInvestigation(title, files, { pathOf: pathFrom(target) })))
    terminal.err(`slablab: ${target} begins the investigation of ${files.length === 1 ? files[0] : `${files.length} files`}; slablab run ${target} executes it\n`)
    return 0
  }
}

/** Where a notebook's relative path leads to. */
export function besideNotebook(notebook: string): (file: string) => string {
  return (file) => path.resolve(path.dirname(notebook), file)
}

/** An investigation is somebody's work, and is never written over: says only which of its files have changed. */
function compareWith(target: string, terminal: Terminal): number {
  const changed = changedInputs(readNotebook(readFileSync(target, 'utf8'), target), besideNotebook(target))
  for (const { file, recorded, found } of changed) {
    terminal.err(`slablab: ${target}: ${file} has changed since the investigation began: sha256 ${found ?? 'unknown, for it cannot be read'}, was ${recorded}\n`)
  }
  if (changed.length === 0) terminal.err(`slablab: ${target} is there already and left as it is; the files that it recorded are what they were\n`)
  return changed.length > 0 ? 1 : 0
}
