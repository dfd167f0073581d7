import { cachesOfSnapshot, crashCaches } from '../../../lib/index.js'
import { asCrash, asOption } from '../asCrash.js'
import type { Command } from '../command.js'
import { evidenceOptions, finishEvidence, openEvidence } from '../evidence.js'
import { areSnapshots } from '../evidenceKind.js'
import { writeResult, writeTable } from '../output.js'
import { finishSeries, openSeries } from '../seriesInput.js'

export const caches: Command = {
  name: 'caches',
  usage: 'FILE…',
  summary: 'slab caches: sizes, objects in use, slabs',
  text: `FILE is a vmcore, a crash session with kmem -s or kmem -S in it, or slabinfo (of many snapshots, the last).
What it does not show is empty.`,
  example: 'slablab caches session.crash.txt\nslablab caches vmcore --format csv --output caches.csv\nslablab caches vmcore --as crash    # kmem -s',
  options: { ...evidenceOptions, ...asOption },
  async run(args, terminal) {
    const crash = asCrash(args)
    if (!crash && args.positionals.length > 0 && await areSnapshots(args.positionals, false)) {
      const series = await openSeries(args.positionals, terminal)
      writeTable(terminal, args, cachesOfSnapshot(series.snapshots))
      return finishSeries(terminal, series)
    }
    const dump = await openEvidence(args.positionals, args, terminal)
    const table = dump.caches()
    if (crash) writeResult(terminal, args.options.output as string | undefined, crashCaches(dump.system))
    else writeTable(terminal, args, table)
    return finishEvidence(terminal, dump, table.numRows() > 0 ? undefined : `${dump.system.name} shows no caches: kmem -s would`)
  }
}
