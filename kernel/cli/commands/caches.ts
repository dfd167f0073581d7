import { cachesOfSnapshot, crashCaches, UsageError } from '../../../lib/index.js'
import { asCrash, asOption } from '../asCrash.js'
import type { Command } from '../command.js'
import { evidenceOptions, finishEvidence, openEvidence } from '../evidence.js'
import { areSnapshots } from '../evidenceKind.js'
import { writeResult, writeTable } from '../output.js'
import { sampleOf, sampleOptions, sampleUsage, saySampled } from '../sample.js'
import { finishSeries, openSeries } from '../seriesInput.js'

export const caches: Command = {
  name: 'caches',
  usage: `FILE… ${sampleUsage}`,
  summary: 'slab caches: sizes, objects in use, slabs',
  text: `FILE is a vmcore, a crash session with kmem -s or kmem -S in it, or slabinfo (of many snapshots, the last).
What it does not show is empty. With --sample, for a machine whose page structures take minutes to read (100 GB of memory and more): about N
stretches of 64 pages are drawn at random and only these are read. Numbers then stand with the bounds of a 95 % interval; slabs, total and bytes
are exact where the kernel counts them (scaledBy), objects in use are estimated. 10000 are read in a second or two.`,
  example: 'slablab caches session.crash.txt\nslablab caches vmcore --format csv --output caches.csv\nslablab caches vmcore --as crash    # kmem -s\nslablab caches vmcore --sample 10000',
  options: { ...evidenceOptions, ...asOption, ...sampleOptions },
  async run(args, terminal) {
    const crash = asCrash(args)
    const sampled = sampleOf(args)
    if (crash && sampled !== undefined) throw new UsageError('--as crash prints what crash would, which takes no sample')
    if (!crash && args.positionals.length > 0 && await areSnapshots(args.positionals, false)) {
      if (sampled !== undefined) throw new UsageError('--sample is for a vmcore: slabinfo counts all there is')
      const series = await openSeries(args.positionals, terminal)
      writeTable(terminal, args, cachesOfSnapshot(series.snapshots))
      return finishSeries(terminal, series)
    }
    const dump = await openEvidence(args.positionals, args, terminal)
    const table = dump.caches(sampled)
    if (crash) writeResult(terminal, args.options.output as string | undefined, crashCaches(dump.system))
    else writeTable(terminal, args, table)
    if (sampled !== undefined) saySampled(terminal, dump, sampled)
    return finishEvidence(terminal, dump, table.numRows() > 0 ? undefined : `${dump.system.name} shows no caches: kmem -s would`)
  }
}
