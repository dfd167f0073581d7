import { fileKinds, openDataset } from '../../lib/index.js'
import path from 'node:path'

/** What a session starts from: the cells that open it, and the names they give. */
export interface Opening {
  readonly files: readonly string[]
  readonly cells: readonly string[]
  readonly names: { readonly dump: string | null, readonly snapshots: string | null }
  /** Files that no cell opens, with what they are. */
  readonly unused: readonly string[]
}

/** The case that comes with slablab, and what of it is evidence. */
const bundled = { name: 'arm64-slab', files: ['slabinfo-series.txt.gz', 'meminfo', 'vmcore'] }

const snapshotKinds = new Set(['slabinfo', 'slabtop', 'oom-report', 'tar'])
const dumpKinds = new Set(['kdump-compressed', 'kdump-flattened', 'diskdump', 'elf-core'])
/** What the report reads beside snapshots. */
const besideKinds = new Set(['meminfo', 'free'])

/** The bundled case, opened by its name: what is saved then runs wherever slablab is installed. */
export function bundledOpening(): Opening {
  const { folder } = openDataset(bundled.name)
  return {
    files: bundled.files.map((file) => fromHere(path.join(folder, file))),
    cells: [
      `const { paths } = openDataset('${bundled.name}')`,
      `const snapshots = await loadSlabinfo(paths['${bundled.files[0]}'])`,
      'const dump = await openDump(paths.vmcore)'
    ],
    names: { dump: 'dump', snapshots: 'snapshots' }, unused: []
  }
}

/**
 * The cells that open files: snapshots together as `snapshots`, dumps as `dump`, `dump2`, …, crash sessions together as `session`. They are
 * cells like those that a person types, so that what is saved starts with them.
 *
 * @throws UsageError where there is no such file
 */
export async function openingOf(paths: readonly string[]): Promise<Opening> {
  const rows = (await fileKinds(paths)).objects() as { file: string, kind: string, detail: string }[]
  const of = (kinds: ReadonlySet<string>): string[] => rows.filter(({ kind }) => kinds.has(kind)).map(({ file }) => file)
  const snapshots = of(snapshotKinds)
  const beside = of(besideKinds)
  const dumps = of(dumpKinds)
  const sessions = of(new Set(['crash-session']))
  const symbols = of(new Set(['symbol-list', 'kallsyms', 'elf-object', 'elf-executable']))
  const cells: string[] = []
  if (snapshots.length > 0) cells.push(`const snapshots = await loadSlabinfo(${list(snapshots)})`)
  dumps.forEach((file, i) => cells.push(`const dump${i === 0 ? '' : i + 1} = await openDump(${list([file, ...symbols])})`))
  if (sessions.length > 0) cells.push(`const session = await openDump(${list([...sessions, ...symbols])})`)
  const used = new Set([...snapshots, ...beside, ...dumps, ...sessions, ...(dumps.length + sessions.length > 0 ? symbols : [])])
  return {
    files: paths, cells,
    names: { dump: dumps.length > 0 ? 'dump' : sessions.length > 0 ? 'session' : null, snapshots: snapshots.length > 0 ? 'snapshots' : null },
    unused: rows.filter(({ file }) => !used.has(file)).map(({ file, detail }) => `${file}: ${detail}`)
  }
}

function list(files: readonly string[]): string {
  const texts = files.map((file) => `'${file.replaceAll('\\', '\\\\').replaceAll('\'', '\\\'')}'`)
  return texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`
}

/** A path as short as can be said from here. */
function fromHere(file: string): string {
  const relative = path.relative(process.cwd(), file)
  return relative.startsWith('..') || path.isAbsolute(relative) ? file : relative
}
