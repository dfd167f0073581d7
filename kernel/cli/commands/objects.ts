import { crashObjects, UsageError, type Dump } from '../../../lib/index.js'
import { asCrash, asOption } from '../asCrash.js'
import type { Command } from '../command.js'
import { evidenceOptions, finishEvidence, openEvidence } from '../evidence.js'
import { writeResult, writeTable } from '../output.js'

export const objects: Command = {
  name: 'objects',
  usage: 'FILE… [--cache NAME]',
  summary: 'objects of slab caches, each with its state',
  text: `Addresses are those of the payload: behind a left red zone, where there is one. An object is allocated, free, cached (on a
CPU's list, ready to be handed out), pending (waits for RCU) or unknown. Of a crash session these are the objects that it lists.`,
  example: 'slablab objects session.crash.txt --cache kmalloc-128\nslablab objects vmcore --cache kmalloc-128 --format csv\nslablab objects vmcore --cache kmalloc-128 --as crash    # kmem -S kmalloc-128',
  options: { ...evidenceOptions, ...asOption, cache: { type: 'string', multiple: true, value: 'NAME', text: 'only this cache (may be given several times)' } },
  async run(args, terminal) {
    const crash = asCrash(args)
    const cache = args.options.cache as string[] | undefined
    if (crash && cache === undefined) throw new UsageError('expected --cache NAME with --as crash')
    const dump = await openEvidence(args.positionals, args, terminal)
    if (crash) {
      writeResult(terminal, args.options.output as string | undefined, crashListing(dump, cache!))
      return finishEvidence(terminal, dump)
    }
    const table = await dump.objects(cache)
    writeTable(terminal, args, table)
    const of = cache === undefined ? '' : ` of ${cache.join(', ')}`
    return finishEvidence(terminal, dump, table.numRows() > 0 ? undefined : `${dump.system.name} lists no objects${of}: kmem -S CACHE would`)
  }
}

function* crashListing(dump: Dump, caches: readonly string[]): Generator<string> {
  for (const cache of caches) yield* crashObjects(dump.system, cache)
}
