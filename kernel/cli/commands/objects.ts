import type { Command } from '../command.js'
import { evidenceOptions, finishEvidence, openEvidence } from '../evidence.js'
import { writeTable } from '../output.js'

export const objects: Command = {
  name: 'objects',
  usage: 'FILE… [--cache NAME]',
  summary: 'objects of slab caches, each with its state',
  text: `Addresses are those of the payload: behind a left red zone, where there is one. An object is allocated, free, cached (on a
CPU's list, ready to be handed out), pending (waits for RCU) or unknown. Of a crash session these are the objects that it lists.`,
  example: 'slablab objects session.crash.txt --cache kmalloc-128\nslablab objects vmcore --cache kmalloc-128 --format csv',
  options: { ...evidenceOptions, cache: { type: 'string', multiple: true, value: 'NAME', text: 'only this cache (may be given several times)' } },
  async run(args, terminal) {
    const dump = await openEvidence(args.positionals, args, terminal)
    const cache = args.options.cache as string[] | undefined
    const table = await dump.objects(cache)
    writeTable(terminal, args, table)
    const of = cache === undefined ? '' : ` of ${cache.join(', ')}`
    return finishEvidence(terminal, dump, table.numRows() > 0 ? undefined : `${dump.system.name} lists no objects${of}: kmem -S CACHE would`)
  }
}
