import { counted, formatBytes, formatPercent, groupTypes, identifiedShares, sampledTypesTable, sampleTypes, typesTable, type GroupType, type SampledType } from '../../../lib/index.js'
import type { Command } from '../command.js'
import { evidenceOptions, finishEvidence, openEvidence } from '../evidence.js'
import { writeTable } from '../output.js'
import { sampleOf, sampleOptions, sampleUsage, saySampled } from '../sample.js'

export const types: Command = {
  name: 'types',
  usage: `FILE… [--cache NAME] ${sampleUsage}`,
  summary: 'which struct lies in the objects of which cache, and how that is known',
  text: `Told by the prototypes of the functions that objects point at, by what else they point at, and by declared pointers that lead to
them. Rivals are other structs that explain an object as well. How much of the allocated memory is identified is said on stderr.
With --sample, at most N objects of each cache are read, in about N stretches of 64 pages drawn at random: objects and share then stand with the
bounds of a 95 % interval. Pointers from objects outside of the sample are not followed, so that less is identified.`,
  example: 'slablab types vmcore --cache kmalloc-96\nslablab types vmcore --sample 10000',
  options: {
    ...evidenceOptions,
    cache: { type: 'string', multiple: true, value: 'NAME', text: 'only this cache (may be given several times)' },
    ...sampleOptions
  },
  async run(args, terminal) {
    const cache = args.options.cache as string[] | undefined
    const sample = sampleOf(args)
    const dump = await openEvidence(args.positionals, args, terminal, cache === undefined && sample === undefined)
    const options = { signal: terminal.signal, ...(cache === undefined ? {} : { cache }) }
    const found = sample === undefined ? groupTypes(dump, undefined, options) : sampleTypes(dump, { ...options, ...sample })
    writeTable(terminal, args, sample === undefined ? typesTable(found as readonly GroupType[]) : sampledTypesTable(found as readonly SampledType[]))
    for (const { of, what, objects, bytes, share } of identifiedShares(found).filter((row) => row.objects > 0)) {
      terminal.err(`${of}, ${what}: ${counted(objects, 'object')}, ${formatBytes(bytes)}${share === null ? '' : ` (${formatPercent(share)})`}\n`)
    }
    if (sample !== undefined) saySampled(terminal, dump, sample, true)
    return finishEvidence(terminal, dump)
  }
}
