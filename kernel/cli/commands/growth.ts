import { defaultThreshold, formatBytes, growth as growthOf, memoryShare, mergeNote, snapshotAt, cacheChanges, visible, type Series } from '../../../lib/index.js'
import type { Command } from '../command.js'
import { writeTable } from '../output.js'
import { finishSeries, memoryEnds, openSeries, parseShare, say, seriesOptions } from '../seriesInput.js'

export const growth: Command = {
  name: 'growth',
  usage: 'FILE…',
  summary: 'which caches grow, how fast and how sure, from snapshots over time',
  text: `FILE is a slabinfo snapshot or a series of them, slabtop -o, an OOM report, a folder, a glob, or an sos report; meminfo and free output
beside them tell how much memory is missing. growing: the rate's lower bound is above 0, nothing was given back, and the cache holds
at least the threshold of the machine's whole growth. Rates are in bytes an hour, with 95 % bounds.`,
  example: "slablab growth 'snapshots/*'\nslablab growth slabinfo-series.txt.gz --threshold 5 --format json",
  options: {
    ...seriesOptions,
    threshold: { type: 'string', value: 'PERCENT', text: `part of the whole growth a cache must hold to be called growing (default: ${defaultThreshold * 100})` },
    top: { type: 'string', value: 'N', text: 'only the N worst caches' }
  },
  async run(args, terminal) {
    const threshold = parseShare(args.options.threshold as string | undefined, 'threshold') ?? defaultThreshold
    const top = args.options.top === undefined ? Infinity : Number(args.options.top)
    const series = await openSeries(args.positionals, terminal)
    const host = args.options.host as string | undefined
    const table = growthOf(series.snapshots, { threshold, memory: series.memory, ...(host === undefined ? {} : { host }) })
    const shown = Number.isFinite(top) ? table.slice(0, top) : table
    writeTable(terminal, args, shown, { total: table.numRows(), ...(terminal.outIsTerminal ? { rows: 20 } : {}) })
    const rows = table.objects() as { cache: string; verdict: string; reason: string; growthBytes: number }[]
    const whole = rows.reduce((sum, { growthBytes }) => sum + growthBytes, 0)
    const growing = rows.filter(({ verdict }) => verdict === 'growing')
    say(terminal, args, [
      // A terminal is often too narrow for the reason's column.
      ...(terminal.outIsTerminal ? growing.map(({ cache, reason }) => `${visible(cache)}: ${reason}.`) : []),
      `Threshold: ${Number((threshold * 100).toFixed(2))} % of the whole growth of ${formatBytes(whole)}.`,
      ...notes(series, growing.map(({ cache }) => cache), host)
    ])
    return finishSeries(terminal, series)
  }
}

/** What the growing caches' names may hide, and what they explain of the missing memory. */
function notes({ snapshots, memory, merging }: Series, growing: readonly string[], host: string | undefined): string[] {
  if (growing.length === 0) return []
  const last = snapshotAt(snapshots, 'last').objects() as { cache: string; objectBytes: number | null }[]
  const names = last.map(({ cache }) => cache)
  const found = growing.slice(0, 3).flatMap((cache) => {
    const note = mergeNote(cache, last.find((row) => row.cache === cache)?.objectBytes ?? null, names, merging)
    return note === null ? [] : `${note.text}.`
  })
  const ends = memoryEnds(memory, host)
  if (ends !== undefined) {
    const change = cacheChanges(snapshots).find(({ cache }) => cache === growing[0])
    found.push(`Memory: ${memoryShare(...ends, change === undefined ? undefined : { name: change.cache, bytes: change.deltaBytes }).text}.`)
  }
  return found
}
