import { crashScript as scriptOf, objectStates, UsageError, type ObjectState } from '../../../lib/index.js'
import type { Command } from '../command.js'
import { evidenceOptions, finishEvidence, openEvidence } from '../evidence.js'
import { writeResult } from '../output.js'

export const crashScript: Command = {
  name: 'crash-script',
  usage: 'FILE… --cache NAME [--sample N]',
  summary: 'input for crash that reads the objects which a session lists',
  text: `The next session then holds their contents: crash -i FILE VMLINUX VMCORE > session.txt, and slablab reads session.txt
(together with the first one, which lists them).`,
  example: 'slablab crash-script session.crash.txt --cache kmalloc-128 --sample 200 --output read.cmds',
  options: {
    ...evidenceOptions,
    cache: { type: 'string', value: 'NAME', text: 'the cache whose objects are read' },
    sample: { type: 'string', value: 'N', text: 'so many objects, evenly chosen over all (default: every one)' },
    state: { type: 'string', value: objectStates.join('|'), text: 'only objects in this state (default: any)' }
  },
  async run(args, terminal) {
    const { cache, sample, state } = args.options as Record<string, string | undefined>
    if (args.options.format !== undefined) throw new UsageError('a crash input file has no --format')
    if (cache === undefined) throw new UsageError('expected --cache NAME')
    if (sample !== undefined && !/^[1-9]\d*$/.test(sample)) throw new UsageError(`expected --sample to be a count of 1 or more, got ${sample}`)
    if (state !== undefined && !objectStates.includes(state as ObjectState)) {
      throw new UsageError(`expected --state to be one of ${objectStates.join(', ')}, got ${state}`)
    }
    const dump = await openEvidence(args.positionals, args, terminal)
    const lines = [...scriptOf(dump, {
      cache, ...(sample === undefined ? {} : { sample: Number(sample) }), ...(state === undefined ? {} : { state: state as ObjectState })
    })]
    const reads = lines.filter((line) => line.startsWith('rd ')).length
    if (reads === 0) return finishEvidence(terminal, dump, `${dump.system.name} lists no objects of ${cache}${state === undefined ? '' : ` that are ${state}`}: kmem -S ${cache} would`)
    const target = args.options.output as string | undefined
    writeResult(terminal, target, lines.join(''))
    const code = finishEvidence(terminal, dump)
    if (target !== undefined) terminal.err(`slablab: ${target} reads ${reads} objects: crash -i ${target} VMLINUX VMCORE > session.txt\n`)
    return code
  }
}
