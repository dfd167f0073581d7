import { addressNamed, crashRead, readWords, UsageError } from '../../../lib/index.js'
import { asCrash, asOption } from '../asCrash.js'
import type { Command } from '../command.js'
import { evidenceOptions, filesAndRest, finishEvidence, openEvidence } from '../evidence.js'
import { writeResult, writeTable } from '../output.js'

const defaultWords = 16

export const read: Command = {
  name: 'read',
  usage: 'FILE… ADDRESS|SYMBOL… [--words N]',
  summary: 'words of memory, each with the symbol or slab cache it points at',
  text: 'Words that the evidence does not hold stay empty, and say why: excluded by the dump tool, absent, unmapped or corrupt.',
  example: 'slablab read vmcore 0xffff8e89812d1ec0 --words 4',
  options: { ...evidenceOptions, ...asOption, words: { type: 'string', short: 'n', value: 'N', text: `how many words (default: ${defaultWords})` } },
  async run(args, terminal) {
    const { files, rest: addresses } = filesAndRest(args.positionals)
    if (addresses.length === 0) throw new UsageError('expected FILE and ADDRESS')
    const words = args.options.words as string | undefined
    if (words !== undefined && !/^\d+$/.test(words)) throw new UsageError(`expected --words to be a number, got ${words}`)
    const count = words === undefined ? defaultWords : Number(words)
    const crash = asCrash(args)
    const dump = await openEvidence(files, args, terminal)
    if (crash) {
      const texts = addresses.map((address) => crashRead(dump.system, addressNamed(dump.system, address), { count }))
      writeResult(terminal, args.options.output as string | undefined, texts.join(''))
    } else {
      const [first, ...more] = addresses.map((address) => readWords(dump.system, address, count))
      writeTable(terminal, args, more.length === 0 ? first : first.concat(more))
    }
    return finishEvidence(terminal, dump)
  }
}
