import { defaultSeed, formatCount, sampleFacts, UsageError, type Dump, type SampleOptions } from '../../lib/index.js'
import type { Arguments, OptionDescription, Terminal } from './command.js'

/** Options of commands that can look at a part of a machine. */
export const sampleOptions: Readonly<Record<string, OptionDescription>> = {
  sample: { type: 'string', value: 'N', text: 'look at about N stretches of 64 pages, drawn at random, instead of all memory' },
  seed: { type: 'string', value: 'S', text: `draw others: the same seed draws the same ones (default: ${defaultSeed})` }
}

export const sampleUsage = '[--sample N [--seed S]]'

const MOST_SEED = 2 ** 32 - 1

/** What `--sample` and `--seed` say; undefined where everything is to be read. @throws UsageError */
export function sampleOf({ options }: Pick<Arguments, 'options'>): Required<SampleOptions> | undefined {
  const { sample, seed } = options as Record<string, string | undefined>
  if (sample !== undefined && !/^[1-9]\d{0,9}$/.test(sample)) throw new UsageError(`expected --sample to be a positive integer, got ${sample}`)
  if (seed !== undefined && (!/^\d{1,10}$/.test(seed) || Number(seed) > MOST_SEED)) throw new UsageError(`expected --seed to be an integer from 0 to ${MOST_SEED}, got ${seed}`)
  if (sample === undefined) {
    if (seed !== undefined) throw new UsageError('--seed is for --sample N')
    return undefined
  }
  return { sample: Number(sample), seed: seed === undefined ? defaultSeed : Number(seed) }
}

/** Says beside the result that it rests on a sample, how much of the machine that was, and what draws it again. `contents`: of objects too. */
export function saySampled(terminal: Terminal, dump: Dump, options: Required<SampleOptions>, contents = false): void {
  const { stretches, allStretches, stretchPages, seed, whole, countedCaches, caches } = sampleFacts(dump, options)
  const read = contents ? `, and at most ${formatCount(options.sample)} objects of each cache` : ''
  if (whole || stretches === null || allStretches === null) {
    terminal.err(`slablab: not sampled: there is no more than --sample ${options.sample} asks for, so all memory was looked at${read}\n`)
    return
  }
  const counted = countedCaches === 0 ? 'the kernel counts no slabs itself, so totals are estimates as well'
    : `slabs and totals of ${countedCaches === caches ? 'all' : `${formatCount(countedCaches)} of ${formatCount(caches)}`} caches are the kernel's own counts`
  terminal.err(`slablab: sampled: ${formatCount(stretches)} of ${formatCount(allStretches)} stretches of ${stretchPages} pages were looked at ` +
    `(1 in ${formatCount(Math.round(allStretches / stretches))})${read}, drawn with --seed ${seed}; numbers are estimates with 95 % intervals; ${counted}\n`)
}
