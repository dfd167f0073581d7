import { addressNamed, crashRead, readWords, UsageError } from '../../../lib/index.js'
import { asCrash, asOption } from '../asCrash.js'
import type { Command } from '../command.js'
import { evidenceOptions, finishEvidence, openEvidence } from '../evidence.js'
import { writeResult, writeTable } from '../output.js'

const defaultWords = 16

export const read: Command = {
  name: 'read',
  usage: 'FILE… ADDRESS|SYMBOL [--words N]',
  summary: 'words of memory, each with the symbol or slab cache it points at',
  text: 'Words that the evidence does not hold stay empty, and say why: excluded by the dump tool, absent, unmapped or corrupt.',
  example: 'slablab read vmcore 0xffff8e89812d1ec0 --words 4',
  options: { ...evidenceOptions, ...asOption, words: { type: 'string', short: 'n', value: 'N', text: `how many words (default: ${defaultWords})` } },
  async run(args, terminal) {
    const files = args.positionals.slice(0, -1)
    const address = args.positionals.at(-1)
    if (files.length === 0 || address === undefined) throw new UsageError('expected FILE and ADDRESS')
    const words = args.options.words as string | undefined
    if (words !== undefined && !/^\d+$/.test(words)) throw new UsageError(`expected --words to be a number, got ${words}`)
    const count = words === undefined ? defaultWords : Number(words)
    const crash = asCrash(args)
    const dump = await openEvidence(files, args, terminal)
    if (crash) writeResult(terminal, args.options.output as string | undefined, crashRead(dump.system, addressNamed(dump.system, address), { count }))
    else writeTable(terminal, args, readWords(dump.system, address, count))
    return finishEvidence(terminal, dump)
  }
}
