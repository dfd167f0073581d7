import {
  cacheChanges, compare as compareTables, compareDumps, comparedBy, compareSteps, formatBytes, formatCount, memoryShare, mergeNote, openDump, snapshotAt, UsageError,
  type CacheChange, type Dump, type DumpComparison, type ExperimentStep, type Series, type SnapshotChoice
} from '../../../lib/index.js'
import type { Command, Terminal } from '../command.js'
import { areSnapshots } from '../evidenceKind.js'
import { writeTable } from '../output.js'
import { finishSeries, memoryEnds, openSeries, say } from '../seriesInput.js'

type CacheTable = ExperimentStep['caches']

/** One side of a comparison: its caches, and what the file told besides. */
interface Side { readonly caches: CacheTable; readonly series: Series | undefined; readonly partial: boolean; readonly dump?: Dump }

export const compare: Command = {
  name: 'compare',
  usage: 'A B | SERIES | FILE FILE… --label NAME --label NAME…',
  summary: 'two snapshots, hosts, times or dumps: what grew, what shrank, what is new or gone',
  text: `Of a file with many snapshots its last counts, or with one file alone its first and last. With a --label for each file, the files are the
steps of an experiment (a service stopped, a module reloaded), and the result says what each step changed: what fell and what did not.
Two dumps of the same boot are compared object by object: new, gone and surviving ones, by address and by what they hold. Of different
boots, only the numbers of each kind can be compared.`,
  example: `slablab compare healthy.slabinfo leaking.slabinfo
slablab compare series.txt --before 2026-11-23T00:00Z --after 2026-11-23T06:00Z
slablab compare monday.vmcore friday.vmcore --by type
slablab compare run.slabinfo stopped.slabinfo reloaded.slabinfo --label running --label 'service stopped' --label 'module reloaded'`,
  options: {
    before: { type: 'string', value: 'TIME|N', text: 'which snapshot of the first file: number, or the last at a time' },
    after: { type: 'string', value: 'TIME|N', text: 'which snapshot of the last file' },
    by: { type: 'string', value: 'cache|type|signature', text: 'of two dumps: a row for each cache (default), type, or signature of what objects hold' },
    label: { type: 'string', multiple: true, value: 'NAME', text: 'what was done before each file was taken; one for each file' }
  },
  async run(args, terminal) {
    const files = args.positionals
    const labels = args.options.label as string[] | undefined
    if (labels !== undefined && labels.length !== files.length) throw new UsageError(`expected a --label for each of ${files.length} files, got ${labels.length}`)
    if (files.length === 0 || (files.length > 2 && labels === undefined)) throw new UsageError(`expected two files to compare, or one series, got ${files.length}; more need --label`)
    const choices = [parseChoice(args.options.before as string | undefined, 'before'), parseChoice(args.options.after as string | undefined, 'after')]
    const sides: Side[] = []
    for (const file of files) sides.push(await openSide(file, terminal))
    const code = finishSeries(terminal, ...sides.map(({ partial }) => ({ partial }) as Series))
    const chosen = ends(sides, choices)
    if (labels !== undefined) {
      const steps = labels.map((label, i) => ({ label, caches: chosen[i] }))
      writeTable(terminal, args, compareSteps(steps))
      say(terminal, args, stepSentences(steps))
      return code
    }
    const dumps = sides.flatMap(({ dump }) => dump ?? [])
    const by = comparedBy.find((one) => one === (args.options.by ?? 'cache'))
    if (by === undefined || (args.options.by !== undefined && dumps.length !== 2)) {
      throw new UsageError(by === undefined ? `expected --by to be one of ${comparedBy.join(', ')}, got ${args.options.by as string}` : '--by is for two dumps')
    }
    const found = dumps.length === 2 ? compareDumps(dumps[0], dumps[1], by) : undefined
    const table = found?.table ?? compareTables(chosen[0], chosen[1])
    const changes = cacheChanges(chosen[0], chosen[1])
    const same = changes.filter(({ status }) => status === 'same').length
    // People look for what changed; data holds all.
    const asData = (args.options.format ?? 'table') !== 'table'
    writeTable(terminal, args, asData ? table : table.filter((row: CacheChange) => row.status !== 'same'), terminal.outIsTerminal ? { rows: 20 } : {})
    say(terminal, args, [...(same > 0 ? [`${formatCount(same)} of ${formatCount(changes.length)} caches did not change.`] : []), ...notes(changes, sides, chosen[1]), ...(found === undefined ? [] : bootNotes(found))])
    return code
  }
}

async function openSide(file: string, terminal: Terminal): Promise<Side> {
  if (await areSnapshots([file], true)) {
    const series = await openSeries([file], terminal)
    return { caches: series.snapshots, series, partial: series.partial }
  }
  const dump = await openDump([file], { signal: terminal.signal })
  const partial = (dump.system.incomplete ?? []).length > 0
  return dump.system.kind === 'dump' ? { caches: dump.caches(), series: undefined, partial, dump } : { caches: dump.caches(), series: undefined, partial }
}

/** What two dumps are to each other. */
function bootNotes({ boot: { same, reasons, order } }: DumpComparison): string[] {
  const late = order === 'reversed' ? ['The second dump is the earlier one.'] : []
  return [`The two dumps: ${reasons.join('; ')}${same ? '' : ', so nothing is said of which objects survive'}.`, ...late]
}

function parseChoice(text: string | undefined, option: string): SnapshotChoice | undefined {
  if (text === undefined || text === 'first' || text === 'last') return text
  if (/^\d+$/.test(text)) return Number(text)
  const time = new Date(/(?:z|[+-]\d\d:?\d\d)$/i.test(text) || !/t|\d \d/i.test(text) ? text : `${text}Z`)
  if (Number.isNaN(time.getTime())) throw new UsageError(`expected --${option} to be a time such as 2026-11-23T06:00Z, or a number, got ${text}`)
  return time
}

/** The caches of each side; a series alone gives its first and last snapshot. */
function ends(sides: readonly Side[], [before, after]: readonly (SnapshotChoice | undefined)[]): CacheTable[] {
  const at = ({ caches, series }: Side, choice: SnapshotChoice): CacheTable => (series === undefined ? caches : snapshotAt(caches, choice))
  if (sides.length === 1) {
    const [side] = sides
    if (side.series === undefined) throw new UsageError('expected two files to compare, got one dump')
    const both = [at(side, before ?? 'first'), at(side, after ?? 'last')]
    if (before === undefined && after === undefined && both[0].get('snapshot', 0) === both[1].get('snapshot', 0)) throw new UsageError('expected two snapshots to compare, got one')
    return both
  }
  return sides.map((side, i) => at(side, (i === 0 ? before : i === sides.length - 1 ? after : undefined) ?? 'last'))
}

/** What stands behind the cache that grew most, and what it explains of the missing memory. */
function notes(changes: readonly CacheChange[], sides: readonly Side[], after: CacheTable): string[] {
  const [most] = changes
  if (most === undefined || (most.deltaBytes ?? 0) <= 0) return ['No cache has more memory than before.']
  const found = [`${most.cache}: ${most.deltaObjects === null ? '' : `+${formatCount(most.deltaObjects)} objects, `}+${formatBytes(most.deltaBytes ?? 0)} of slab pages.`]
  const rows = after.objects() as { cache: string; objectBytes?: number | null; slotBytes?: number | null }[]
  const row = rows.find(({ cache }) => cache === most.cache)
  // A dump shows what was merged by itself.
  const series = sides[sides.length - 1].series
  const note = series === undefined ? null : mergeNote(most.cache, row?.objectBytes ?? null, rows.map(({ cache }) => cache), series.merging)
  if (note !== null) found.push(`${note.text}.`)
  const memory = memoryEnds(sides.flatMap((side, i) => {
    const own = side.series?.memory ?? []
    const whole = own.filter(({ unreclaimableBytes }) => unreclaimableBytes !== null)
    const list = whole.length > 0 ? whole : own
    return sides.length === 1 ? list : i === 0 ? list.slice(0, 1) : list.slice(-1)
  }))
  if (memory !== undefined) found.push(`Memory: ${memoryShare(...memory, { name: most.cache, bytes: most.deltaBytes }).text}.`)
  return found
}

/** Caches named in a sentence. */
const mostNamed = 5
/** Part of a cache that has to go for it to have fallen. */
const fallen = 0.05

/** For each step, which of the large caches fell and which did not. */
function stepSentences(steps: readonly ExperimentStep[]): string[] {
  const bytesOf = (caches: CacheTable): Map<string, number> => {
    const list = caches.columnNames().includes('snapshot') ? snapshotAt(caches, 'last') : caches
    return new Map((list.objects() as { cache: string; bytes: number | null }[]).map(({ cache, bytes }) => [cache, bytes ?? 0]))
  }
  return steps.slice(1).map(({ label, caches }, i) => {
    const before = bytesOf(steps[i].caches)
    const after = bytesOf(caches)
    const largest = [...before].sort((a, b) => b[1] - a[1]).slice(0, mostNamed).filter(([, bytes]) => bytes > 0)
    const fell = [...before].map(([cache, bytes]) => ({ cache, bytes, by: bytes - (after.get(cache) ?? 0) }))
      .filter(({ bytes, by }) => by > fallen * bytes).sort((a, b) => b.by - a.by).slice(0, mostNamed)
    const stayed = largest.filter(([cache, bytes]) => (after.get(cache) ?? 0) >= bytes * (1 - fallen))
    const fellText = fell.length === 0 ? 'nothing' : fell.map(({ cache, by }) => `${cache} (by ${formatBytes(by)})`).join(', ')
    const stayedText = stayed.length === 0 ? '' : `; did not fall: ${stayed.map(([cache]) => `${cache} (${formatBytes(after.get(cache) ?? 0)})`).join(', ')}`
    return `After ‘${label}’ fell: ${fellText}${stayedText}.`
  })
}
