import { counted, formatBytes, formatPercent, groupTypes, identifiedShares, typesTable } from '../../../lib/index.js'
import type { Command } from '../command.js'
import { evidenceOptions, finishEvidence, openEvidence } from '../evidence.js'
import { writeTable } from '../output.js'

export const types: Command = {
  name: 'types',
  usage: 'FILE… [--cache NAME]',
  summary: 'which struct lies in the objects of which cache, and how that is known',
  text: `Told by the prototypes of the functions that objects point at, by what else they point at, and by declared pointers that lead to
them. Rivals are other structs that explain an object as well. How much of the allocated memory is identified is said on stderr.`,
  example: 'slablab types vmcore --cache kmalloc-96',
  options: { ...evidenceOptions, cache: { type: 'string', multiple: true, value: 'NAME', text: 'only this cache (may be given several times)' } },
  async run(args, terminal) {
    const cache = args.options.cache as string[] | undefined
    const dump = await openEvidence(args.positionals, args, terminal, cache === undefined)
    const groups = groupTypes(dump, undefined, { signal: terminal.signal, ...(cache === undefined ? {} : { cache }) })
    writeTable(terminal, args, typesTable(groups))
    const shares = identifiedShares(groups).filter(({ objects }) => objects > 0)
    for (const { of, what, objects, bytes, share } of shares) {
      terminal.err(`${of}, ${what}: ${counted(objects, 'object')}, ${formatBytes(bytes)}${share === null ? '' : ` (${formatPercent(share)})`}\n`)
    }
    return finishEvidence(terminal, dump)
  }
}
