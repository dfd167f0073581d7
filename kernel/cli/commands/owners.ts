import { owners as group } from '../../../lib/index.js'
import type { Command } from '../command.js'
import { evidenceOptions, finishEvidence, openEvidence } from '../evidence.js'
import { writeTable } from '../output.js'
import { progressLine } from '../progress.js'

export const owners: Command = {
  name: 'owners',
  usage: 'FILE… [--cache NAME]',
  summary: 'whom objects are charged to, and the source line that allocated them',
  text: `Cgroups are known of accounted objects (the kmalloc-cg- caches among them), source lines where the kernel was built with memory allocation
profiling. Allocated objects of which neither is known are one row a cache, with nothing in these columns.`,
  example: 'slablab owners vmcore\nslablab owners vmcore --cache kmalloc-cg-32 --format json',
  options: { ...evidenceOptions, cache: { type: 'string', multiple: true, value: 'NAME', text: 'only this cache (may be given several times)' } },
  async run(args, terminal) {
    const cache = args.options.cache as string[] | undefined
    const dump = await openEvidence(args.positionals, args, terminal, cache === undefined)
    const progress = progressLine(terminal, 'reading owners', 'caches')
    try {
      const table = await group(dump, { ...(cache === undefined ? {} : { cache }), onProgress: progress.onProgress, signal: terminal.signal })
      progress.done()
      writeTable(terminal, args, table)
      const known = ['cgroup', 'file'].some((column) => (table.array(column) as unknown[]).some((value) => value !== null))
      if (!known) terminal.err('slablab: nothing here is charged to a cgroup below the root, and no source lines were recorded\n')
      return finishEvidence(terminal, dump)
    } finally {
      progress.done()
    }
  }
}
