import { readWords, UsageError } from '../../../lib/index.js'
import type { Command } from '../command.js'
import { evidenceOptions, openEvidence, showWarnings } from '../evidence.js'
import { writeTable } from '../output.js'

const defaultWords = 16

export const read: Command = {
  name: 'read',
  usage: 'FILE… ADDRESS|SYMBOL [--words N]',
  summary: 'words of memory, each with the symbol or slab cache it points at',
  text: 'Words that the evidence does not hold stay empty, and say why: excluded by the dump tool, absent, unmapped or corrupt.',
  example: 'slablab read vmcore 0xffff8e89812d1ec0 --words 4',
  options: { ...evidenceOptions, words: { type: 'string', short: 'n', value: 'N', text: `how many words (default: ${defaultWords})` } },
  async run(args, terminal) {
    const files = args.positionals.slice(0, -1)
    const address = args.positionals.at(-1)
    if (files.length === 0 || address === undefined) throw new UsageError('expected FILE and ADDRESS')
    const words = args.options.words as string | undefined
    if (words !== undefined && !/^\d+$/.test(words)) throw new UsageError(`expected --words to be a number, got ${words}`)
    const dump = await openEvidence(files, args, terminal)
    writeTable(terminal, args, readWords(dump.system, address, words === undefined ? defaultWords : Number(words)))
    showWarnings(terminal, dump.system.warnings)
  }
}
