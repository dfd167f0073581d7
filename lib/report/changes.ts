import type { ColumnTable } from 'arquero'
import { filesCode, openCell } from '../analysis/cell.js'
import { compare } from '../analysis/compare.js'
import { growth as growthOf } from '../analysis/growth.js'
import type { DifferenceFact, GrowthFact, MemoryFact } from '../analysis/leakEvidence.js'
import { UsageError } from '../errors.js'
import { snapshotAt } from '../table/snapshotAt.js'
import type { Case } from './openCase.js'
import type { CompareRow, GrowthRow } from './reportRows.js'

/** What a snapshot says of a cache. */
export interface SnapshotCounts {
  readonly activeObjects: number | null
  readonly slotBytes: number | null
}

/** What snapshots say of how caches changed. */
export interface Changes {
  readonly compare: { readonly table: ColumnTable; readonly before: string; readonly after: string; readonly code: string } | null
  readonly growth: { readonly table: ColumnTable; readonly code: string } | null
  readonly differenceFacts: readonly DifferenceFact[]
  readonly growthFacts: readonly GrowthFact[]
  readonly memory: MemoryFact | null
  /** The last snapshot of each file, by a name for people. */
  readonly snapshots: readonly { readonly label: string; readonly caches: ReadonlyMap<string, SnapshotCounts> }[]
}

/** Fewer snapshots are no series. */
const leastSnapshots = 3

interface SnapshotRow { readonly cache: string; readonly activeObjects: number | null; readonly objectBytes: number | null }

/** Growth where the snapshots are a series, differences where they are two; of a series also those of its first and last snapshot. */
export function changesOf(opened: Case): Changes {
  const { series, snapshotFiles, warnings } = opened
  const files = snapshotFiles.filter((file) => file.series.snapshots.numRows() > 0)
  const labels = labelsOf(files.map(({ path }) => path))
  const counts = files.map((file) => snapshotCount(file.series.snapshots))
  const snapshots = files.map((file, i): Changes['snapshots'][number] => {
    const last = snapshotAt(file.series.snapshots, 'last').objects() as SnapshotRow[]
    return { label: labels[i], caches: new Map(last.map(({ cache, activeObjects, objectBytes }) => [cache, { activeObjects, slotBytes: objectBytes }])) }
  })
  const growth = series === null || counts.reduce((sum, count) => sum + count, 0) < leastSnapshots ? null : tryGrowth(series, warnings)
  const code = `growth(await loadSlabinfo(${filesCode(files.map(({ path }) => path))}))`
  const growthFacts = growth === null ? [] : (growth.objects() as GrowthRow[]).map((row): GrowthFact => ({ ...row, code }))
  return { ...differences(comparedOf(opened, files, labels, counts)), growth: growth === null ? null : { table: growth, code }, growthFacts, memory: memoryOf(opened), snapshots }
}

/** The first and last reading of the machine's memory, in the order of the files. */
function memoryOf({ snapshotFiles }: Case): MemoryFact | null {
  const readings = snapshotFiles.flatMap(({ path, series }) => series.memory.map((reading) => ({ path, reading })))
  if (readings.length === 0) return null
  const paths = [...new Set(readings.map(({ path }) => path))]
  const one = (i: number, at: string): string => `(await loadSeries(${JSON.stringify(readings[i].path)})).memory.at(${at})`
  const last = readings.length - 1
  const code = paths.length === 1 && readings.length === 1 ? one(0, '0') : `memoryShare(${one(0, '0')}, ${one(last, '-1')})`
  return { before: readings[0].reading, after: readings[last].reading, code }
}

function snapshotCount(snapshots: ColumnTable): number {
  return new Set(snapshots.array('snapshot')).size
}

function tryGrowth(series: NonNullable<Case['series']>, warnings: Case['warnings']): ColumnTable | null {
  try {
    return growthOf(series.snapshots, { memory: series.memory })
  } catch (error) {
    // Snapshots of several machines: each would have to be asked for by its name.
    if (!(error instanceof UsageError)) throw error
    warnings.add(`no growth: ${error.message}`)
    return null
  }
}

/** Two lists of caches to compare, with what to call them and the code that gets them. */
interface Compared {
  readonly before: string
  readonly after: string
  readonly first: ColumnTable
  /** Undefined where the first holds both, as its first and last snapshot. */
  readonly second?: ColumnTable
  readonly code: string
}

/** The first and last of several snapshot files, or of one file; of two dumps, the one against the other. */
function comparedOf({ machines }: Case, files: Case['snapshotFiles'], labels: readonly string[], counts: readonly number[]): Compared | undefined {
  const load = (path: string): string => `await loadSlabinfo(${JSON.stringify(path)})`
  const [first, last] = [files[0], files[files.length - 1]]
  if (files.length > 1) {
    return {
      before: labels[0], after: labels[labels.length - 1], first: first.series.snapshots, second: last.series.snapshots,
      code: `compare(${load(first.path)}, ${load(last.path)})`
    }
  }
  if (files.length === 1 && counts[0] > 1) return { before: 'the first snapshot', after: 'the last', first: first.series.snapshots, code: `compare(${load(first.path)})` }
  const dumps = machines.filter(({ dump }) => dump.system.kind === 'dump')
  if (dumps.length < 2) return undefined
  const [before, after] = [dumps[0], dumps[dumps.length - 1]]
  const [a, b] = labelsOf([before.files[0], after.files[0]])
  return {
    before: a, after: b, first: before.dump.caches(), second: after.dump.caches(),
    code: `compare(${[before, after].map(({ files: own }) => openCell(own, (dump) => `(${dump}).caches()`)).join(', ')})`
  }
}

function differences(compared: Compared | undefined): Pick<Changes, 'compare' | 'differenceFacts'> {
  if (compared === undefined) return { compare: null, differenceFacts: [] }
  const { before, after, first, second, code } = compared
  const table = compare(first, second)
  const differenceFacts = (table.objects() as CompareRow[]).map((row): DifferenceFact => ({ ...row, before, after, code }))
  return { compare: { table, before, after, code }, differenceFacts }
}

/** Short names for files: without folders and endings, as far as they stay apart. */
export function labelsOf(paths: readonly string[]): string[] {
  const short = paths.map((path) => path.replace(/^.*[/\\]/, '').replace(/(\.slabinfo|\.txt|\.log)?(\.(gz|xz|zst))?$/i, ''))
  return new Set(short).size === short.length && !short.includes('') ? short : [...paths]
}
