import { crashCaches } from '../../../lib/index.js'
import { asCrash, asOption } from '../asCrash.js'
import type { Command } from '../command.js'
import { evidenceOptions, finishEvidence, openEvidence } from '../evidence.js'
import { writeResult, writeTable } from '../output.js'

export const caches: Command = {
  name: 'caches',
  usage: 'FILE…',
  summary: 'slab caches: sizes, objects in use, slabs',
  text: 'FILE is a vmcore, or a crash session with kmem -s or kmem -S in it. What it does not show is empty.',
  example: 'slablab caches session.crash.txt\nslablab caches vmcore --format csv --output caches.csv\nslablab caches vmcore --as crash    # kmem -s',
  options: { ...evidenceOptions, ...asOption },
  async run(args, terminal) {
    const crash = asCrash(args)
    const dump = await openEvidence(args.positionals, args, terminal)
    const table = dump.caches()
    if (crash) writeResult(terminal, args.options.output as string | undefined, crashCaches(dump.system))
    else writeTable(terminal, args, table)
    return finishEvidence(terminal, dump, table.numRows() > 0 ? undefined : `${dump.system.name} shows no caches: kmem -s would`)
  }
}
