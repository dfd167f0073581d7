import { fileKinds, UsageError } from '../../../lib/index.js'
import type { Command } from '../command.js'
import { writeTable } from '../output.js'

export const file: Command = {
  name: 'file',
  usage: 'FILE…',
  summary: 'what a file is, and what makes something readable of one that slablab does not read',
  text: 'Tells by content, not by name, and looks into gzip, xz and zstd. Of a folder, each of its files.',
  example: 'slablab file vmcore session.txt slabinfo.gz',
  async run(args, terminal) {
    if (args.positionals.length === 0) throw new UsageError('expected a FILE')
    writeTable(terminal, args, await fileKinds(args.positionals))
  }
}
