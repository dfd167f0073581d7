import { allocationStacks } from '../../../lib/index.js'
import type { Command } from '../command.js'
import { evidenceOptions, finishEvidence, openEvidence } from '../evidence.js'
import { parseFormat, writeResult, writeTable } from '../output.js'
import { progressLine } from '../progress.js'
import { stackLines } from '../stackLines.js'

/** Stacks that a terminal gets: who holds most comes first. */
const shownStacks = 10

export const stacks: Command = {
  name: 'stacks',
  usage: 'FILE… [--cache NAME] [--freed]',
  summary: 'who allocated: the recorded stacks, by the memory they hold',
  text: `Of machines that ran with slub_debug=U (slub_debug=U,kmalloc-128 for one cache): each stack by which objects were allocated that are still
allocated, the one that holds most memory first. KFENCE, where it ran, recorded the same of a few objects in any cache. What other
machines tell of their objects: owners, types and signatures.`,
  example: 'slablab stacks vmcore\nslablab stacks vmcore --cache kmalloc-cg-32 --format json\nslablab stacks vmcore --freed    # who freed what now lies free',
  options: {
    ...evidenceOptions,
    cache: { type: 'string', multiple: true, value: 'NAME', text: 'only this cache (may be given several times)' },
    freed: { type: 'boolean', text: 'who freed the objects that are free now' }
  },
  async run(args, terminal) {
    const cache = args.options.cache as string[] | undefined
    const dump = await openEvidence(args.positionals, args, terminal, cache === undefined)
    const progress = progressLine(terminal, 'reading allocation records', 'caches')
    try {
      const table = await allocationStacks(dump, {
        ...(cache === undefined ? {} : { cache }), kind: args.options.freed === true ? 'free' : 'alloc', onProgress: progress.onProgress, signal: terminal.signal
      })
      progress.done()
      const target = args.options.output as string | undefined
      const most = target === undefined && terminal.outIsTerminal ? shownStacks : Infinity
      if (parseFormat(args.options.format as string | undefined) !== 'table') writeTable(terminal, args, table)
      else writeResult(terminal, target, stackLines(table.objects() as Parameters<typeof stackLines>[0], most))
      const of = cache === undefined ? '' : ` for ${cache.join(', ')}`
      return finishEvidence(terminal, dump, table.numRows() > 0 ? undefined : `this kernel recorded no stacks${of}: it would with slub_debug=U on its command line`)
    } finally {
      progress.done()
    }
  }
}
