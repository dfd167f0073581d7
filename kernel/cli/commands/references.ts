import { addressNamed, chainTo, references as find, UsageError, type ReferenceChain } from '../../../lib/index.js'
import type { Command } from '../command.js'
import { evidenceOptions, filesAndRest, finishEvidence, openEvidence } from '../evidence.js'
import { parseFormat, writeTable } from '../output.js'
import { progressLine } from '../progress.js'

export const references: Command = {
  name: 'references',
  usage: 'FILE… ADDRESS…',
  summary: 'who points at an address, or anywhere into the object there',
  text: `All addresses take one pass. A reference is exact, interior (into the object) or tagged (its low bits mark something). Where objects
of general caches refer to it, all objects are typed, to say what these are. Beside the table, the shortest chain from the kernel's own
memory is shown: why the object is alive. A symbol stands for its address.`,
  example: 'slablab references vmcore 0xffff8e8981f7f240',
  options: { ...evidenceOptions, untyped: { type: 'boolean', text: 'be quicker, without what lies in objects of general caches (kmalloc) that refer to it' } },
  async run(args, terminal) {
    const { files, rest: targets } = filesAndRest(args.positionals)
    if (targets.length === 0) throw new UsageError('expected FILE and ADDRESS')
    const dump = await openEvidence(files, args, terminal, true)
    const addresses = targets.map((text) => addressNamed(dump.system, text))
    const progress = progressLine(terminal, 'looking for references', 'pages')
    const options = { onProgress: progress.onProgress, signal: terminal.signal, types: args.options.untyped !== true }
    try {
      const table = await find(dump, addresses, options)
      progress.done()
      writeTable(terminal, args, table)
      if (parseFormat(args.options.format as string | undefined) === 'table') {
        for (const [i, address] of addresses.entries()) terminal.err(`${targets[i]}: ${chainText(await chainTo(dump, address, options))}\n`)
      }
    } finally {
      progress.done()
    }
    return finishEvidence(terminal, dump)
  }
}

function chainText(chain: ReferenceChain | undefined): string {
  if (chain === undefined) return 'no chain of references leads to an allocated object there'
  return [chain.root.text, ...chain.objects.map(({ address, cache }) => `${cache} 0x${address.toString(16)}`)].join(' → ')
}
