import { signatures as group } from '../../../lib/index.js'
import type { Command } from '../command.js'
import { evidenceOptions, finishEvidence, openEvidence } from '../evidence.js'
import { writeTable } from '../output.js'
import { progressLine } from '../progress.js'

export const signatures: Command = {
  name: 'signatures',
  usage: 'FILE… [--cache NAME]',
  summary: 'objects grouped by what they hold',
  text: `Allocated objects are divided by the words in them: addresses of code first, then shape. An object is often smaller than its slot; what
former users left behind it does not divide. Objects that the evidence does not hold are counted in askedObjects and are in no group.`,
  example: 'slablab signatures session.crash.txt --cache kmalloc-128\nslablab signatures vmcore --cache kmalloc-cg-32 --format json',
  options: { ...evidenceOptions, cache: { type: 'string', multiple: true, value: 'NAME', text: 'only this cache (may be given several times)' } },
  async run(args, terminal) {
    const cache = args.options.cache as string[] | undefined
    const dump = await openEvidence(args.positionals, args, terminal, cache === undefined)
    const progress = progressLine(terminal, 'reading objects', 'objects')
    try {
      const table = group(dump, undefined, { ...(cache === undefined ? {} : { cache }), onProgress: progress.onProgress, signal: terminal.signal })
      progress.done()
      writeTable(terminal, args, table)
      const of = cache === undefined ? '' : ` of ${cache.join(', ')}`
      return finishEvidence(terminal, dump, table.numRows() > 0 ? undefined : `${dump.system.name} holds no contents of allocated objects${of}: rd ADDRESS in crash reads them`)
    } finally {
      progress.done()
    }
  }
}
