import { tmpdir } from 'node:os'
import path from 'node:path'
import { formatTable, recordSnapshots, UsageError, type SnapshotHistory } from '../../../lib/index.js'
import { sparkline } from '../views/sparkline.js'
import type { ReplMagic } from './magic.js'

const defaults = { seconds: 2, source: '/proc/slabinfo' }
/** Few rows: the live part of the terminal has to stay well below its height. */
const rows = 6
const sparkCells = 16

export const watch: ReplMagic = {
  name: 'watch',
  usage: '[FILE] [--interval SECONDS] [--from PATH]',
  summary: 'record /proc/slabinfo of this machine and show live what grows; Ctrl-C ends it, and the series is at hand as a file',
  example: '%watch series.txt --interval 5',
  code: (args) => {
    const { target, seconds, source } = parse(args)
    return `await recordSnapshots({ target: ${JSON.stringify(target)}, interval: ${seconds * 1000}, source: ${JSON.stringify(source)}, onSnapshot: (taken, history) => display(history.growth()) })`
  },
  async run(args, { repl, print }) {
    const { target, seconds, source } = parse(args)
    const abort = new AbortController()
    repl.showLive([`reading ${source} …`], () => abort.abort())
    try {
      const taken = await recordSnapshots({
        target, interval: seconds * 1000, source, signal: abort.signal,
        onSnapshot: (count, history) => repl.showLive(lines(count, history, repl.tty.columns, repl.colour))
      })
      print(`${taken} snapshots in ${target}\n`)
      repl.offer(`const watched = await loadSlabinfo(${JSON.stringify(target)})`)
    } finally {
      repl.endLive()
    }
  }
}

function parse(args: string): { target: string, seconds: number, source: string } {
  const words = args.split(/\s+/).filter((word) => word !== '')
  const option = (name: string): string | undefined => {
    const at = words.indexOf(`--${name}`)
    return at < 0 ? undefined : words.splice(at, 2)[1]
  }
  const seconds = Number(option('interval') ?? defaults.seconds)
  if (!(seconds > 0)) throw new UsageError('expected --interval to be a number of seconds above 0')
  const source = option('from') ?? defaults.source
  if (words.length > 1) throw new UsageError(`expected one FILE, got ${words.join(' ')}`)
  return { target: words[0] ?? path.join(tmpdir(), `slabinfo-${process.pid}.txt`), seconds, source }
}

/** What grows, and how each came to its size, one row a cache. */
function lines(taken: number, history: SnapshotHistory, columns: number, colour: boolean): string[] {
  const grown = history.growth().select('cache', 'verdict', 'bytesPerHour', 'objects', 'bytes').slice(0, rows)
  const text = formatTable(grown, 'table', { width: columns - sparkCells - 2, colour, rows }).trimEnd().split('\n')
  const series = new Map<string, number[]>()
  for (const { cache, bytes } of history.snapshots().objects() as { cache: string, bytes: number | null }[]) {
    if (bytes !== null) series.set(cache, [...series.get(cache) ?? [], bytes])
  }
  const names = grown.array('cache') as string[]
  // Before the rows stand the names of columns, and their units where there are any.
  const head = text.length - names.length - 1
  return [`${taken} snapshots, what grows first`, ...text.map((line, i) => i >= head && names[i - head] !== undefined
    ? `${sparkline(series.get(names[i - head]) ?? [], sparkCells).padEnd(sparkCells)}  ${line}` : `${' '.repeat(sparkCells + 2)}${line}`)]
}
