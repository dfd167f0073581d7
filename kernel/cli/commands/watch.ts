import { hostname } from 'node:os'
import { formatBytes, formatCount, formatTable, formatTime, recordSnapshots, UsageError, visible, type SnapshotHistory } from '../../../lib/index.js'
import type { Command, Terminal } from '../command.js'

/** Lines of the live table: few, so that what stood above stays in sight. */
const liveRows = 8

export const watch: Command = {
  name: 'watch',
  usage: 'FILE [--interval SECONDS] [--count N]',
  summary: 'record slabinfo at an interval to a file, and show what grows',
  text: `Appends a snapshot of /proc/slabinfo and /proc/meminfo to FILE at each interval, each whole and on the disk before the next: whoever kills
it at any moment leaves a file that slablab reads. Run again, it goes on in the same file. Ctrl-C ends it. Needs root, as /proc/slabinfo does.`,
  example: 'sudo slablab watch series.txt --interval 60\nslablab growth series.txt',
  options: {
    interval: { type: 'string', value: 'SECONDS', text: 'time between snapshots (default: 10)' },
    count: { type: 'string', value: 'N', text: 'stop after N snapshots (default: when interrupted)' },
    from: { type: 'string', value: 'PATH', text: 'where slabs are read (default: /proc/slabinfo)' }
  },
  async run(args, terminal) {
    const target = args.positionals[0] ?? (args.options.output as string | undefined)
    if (target === undefined || args.positionals.length > 1) throw new UsageError(`expected one FILE to record to, got ${args.positionals.length}`)
    const interval = positive(args.options.interval as string | undefined, 'interval') ?? 10
    const count = positive(args.options.count as string | undefined, 'count')
    const from = args.options.from as string | undefined
    const draw = terminal.outIsTerminal ? liveTable(terminal, target) : plainLines(terminal)
    const taken = await recordSnapshots({
      target, interval: interval * 1000, host: hostname(), signal: terminal.signal, onSnapshot: draw,
      ...(count === undefined ? {} : { count }), ...(from === undefined ? {} : { source: from })
    })
    terminal.err(`${formatCount(taken)} snapshot${taken === 1 ? '' : 's'} in ${visible(target)}; what grew: slablab growth ${visible(target)}\n`)
  }
}

function positive(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  if (!(number > 0) || (option === 'count' && !Number.isInteger(number))) throw new UsageError(`expected --${option} to be a number above 0, got ${text}`)
  return number
}

/** Draws over its own last lines and touches nothing above them. */
function liveTable(terminal: Terminal, target: string): (taken: number, history: SnapshotHistory) => void {
  let drawn = 0
  return (taken, history) => {
    const grown = history.growth().select('cache', 'verdict', 'bytesPerHour', 'low', 'high', 'bytes').slice(0, liveRows)
    const head = `${formatTime(Date.now())}  ${formatCount(taken)} snapshots in ${visible(target)}, slab ${formatBytes(history.slabBytes())}`
    const lines = [head.slice(0, terminal.width), ...formatTable(grown, 'table', { width: terminal.width, colour: terminal.colour, rows: liveRows }).trimEnd().split('\n')]
    const up = drawn > 0 ? `\u001b[${drawn}A` : ''
    const over = Math.max(0, drawn - lines.length)
    terminal.out(`${up}${lines.map((line) => `\u001b[2K${line}\n`).join('')}${'\u001b[2K\n'.repeat(over)}${over > 0 ? `\u001b[${over}A` : ''}`)
    drawn = lines.length
  }
}

/** One line a snapshot, for logs and pipes. */
function plainLines(terminal: Terminal): (taken: number, history: SnapshotHistory) => void {
  return (taken, history) => {
    const rows = history.growth().objects() as { cache: string; verdict: string; growthBytes: number; bytesPerHour: number | null }[]
    const top = rows.filter(({ growthBytes }) => growthBytes > 0).sort((a, b) => b.growthBytes - a.growthBytes).slice(0, 3)
    const grown = top.map(({ cache, verdict, growthBytes }) => `${visible(cache)} +${formatBytes(growthBytes)}${verdict === 'growing' ? ' (growing)' : ''}`)
    terminal.out(`${formatTime(Date.now())}  snapshot ${taken}  slab ${formatBytes(history.slabBytes())}${grown.length > 0 ? `  ${grown.join(', ')}` : ''}\n`)
  }
}
