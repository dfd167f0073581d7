import { sampledSignatures, signatures as group } from '../../../lib/index.js'
import type { Command } from '../command.js'
import { evidenceOptions, finishEvidence, openEvidence } from '../evidence.js'
import { writeTable } from '../output.js'
import { progressLine } from '../progress.js'
import { sampleOf, sampleOptions, sampleUsage, saySampled } from '../sample.js'

export const signatures: Command = {
  name: 'signatures',
  usage: `FILE… [--cache NAME] ${sampleUsage}`,
  summary: 'objects grouped by what they hold',
  text: `Allocated objects are divided by the words in them: addresses of code first, then shape. An object is often smaller than its slot; what
former users left behind it does not divide. Objects that the evidence does not hold are counted in askedObjects and are in no group.
With --sample, only slabs in about N stretches of 64 pages each, drawn at random, are looked at, and of each cache at most N objects in them are
read: seconds on a machine of any size. objects and bytes are then estimates, and the true numbers lie between objectsLow and objectsHigh,
shareLow and shareHigh, in 95 of 100 cases.`,
  example: 'slablab signatures session.crash.txt --cache kmalloc-128\nslablab signatures vmcore --cache kmalloc-cg-32 --format json\nslablab signatures vmcore --sample 10000',
  options: {
    ...evidenceOptions,
    cache: { type: 'string', multiple: true, value: 'NAME', text: 'only this cache (may be given several times)' },
    ...sampleOptions
  },
  async run(args, terminal) {
    const cache = args.options.cache as string[] | undefined
    const sample = sampleOf(args)
    const dump = await openEvidence(args.positionals, args, terminal, cache === undefined && sample === undefined)
    const progress = progressLine(terminal, 'reading objects', 'objects')
    try {
      const options = { ...(cache === undefined ? {} : { cache }), onProgress: progress.onProgress, signal: terminal.signal }
      const table = sample === undefined ? group(dump, undefined, options) : sampledSignatures(dump, { ...options, ...sample })
      progress.done()
      writeTable(terminal, args, table)
      if (sample !== undefined) saySampled(terminal, dump, sample, true)
      const of = cache === undefined ? '' : ` of ${cache.join(', ')}`
      return finishEvidence(terminal, dump, table.numRows() > 0 ? undefined : `${dump.system.name} holds no contents of allocated objects${of}: rd ADDRESS in crash reads them`)
    } finally {
      progress.done()
    }
  }
}
