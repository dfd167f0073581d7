import { loadSlabinfo } from '../table/loadSlabinfo.js'
import { codeCell, markdownCell, newNotebook, type Cell, type Notebook } from '../notebook/notebook.js'
import { parametersTag } from '../notebook/parameters.js'
import type { EvidenceRole } from '../dump/evidenceFiles.js'
import { evidenceFiles } from '../dump/evidenceFiles.js'
import { inputOf } from './provenance.js'
import { markdownText } from './markdownText.js'
import { recordedCode } from './reportNotebook.js'

export interface InvestigationOptions {
  /** What a file is called from where the notebook will lie. Default: as given. */
  readonly pathOf?: (file: string) => string
}

/**
 * The skeleton of an investigation: a question, cells that look at the evidence as its kind allows, and places for what a person finds.
 * Copies nothing; what the files are stands in its last cell and in its metadata, by size and sha256.
 *
 * @throws UsageError where there is no such file
 * @example writeNotebook(await newInvestigation('Leak on node 7', ['vmcore']))
 */
export async function newInvestigation(title: string, paths: readonly string[], { pathOf = (file) => file }: InvestigationOptions = {}): Promise<Notebook> {
  const files = await evidenceFiles(paths)
  const inputs = files.map(({ path, kind }) => inputOf(path, kind.text))
  const of = (...roles: (EvidenceRole | undefined)[]): string => {
    const places = files.flatMap(({ role }, i) => roles.includes(role) ? [`files[${i}]`] : [])
    return places.length === 1 ? places[0] : `[${places.join(', ')}]`
  }
  const has = (role: EvidenceRole): boolean => files.some((file) => file.role === role)
  const isMachine = has('dump') || has('transcript')
  return newNotebook([
    markdownCell('title', `# ${markdownText(title)}\n\n*What was seen, on which machine, since when? What changed before? Who asks?*`),
    codeCell('parameters', `// The evidence. Paths are those from where this notebook lies.\nlet files = [${inputs.map(({ file }) => JSON.stringify(pathOf(file))).join(', ')}]`, [parametersTag]),
    ...(has('snapshot') ? await snapshotCells(files.filter(({ role }) => role === 'snapshot').map(({ path }) => path), of('snapshot')) : []),
    ...(isMachine ? [
      markdownCell('caches-title', '## What is in the slabs?'),
      codeCell('open', `import { desc } from 'arquero'

const dump = await openDump(${of('dump', 'transcript', ...(has('symbols') ? ['symbols' as const] : []))})\ndump.caches().orderby(desc('bytes')).slice(0, 10)`),
      markdownCell('suspects-title', '## Who is suspected?'),
      codeCell('suspects', 'const found = await findSuspects(dump)\nfound'),
      markdownCell('look-title', '## A closer look\n\n*Put in the cache that is suspected, and look at what its objects hold.*'),
      codeCell('look', 'const cache = found[0]?.cache ?? \'kmalloc-128\'\nconst groups = signatures(dump, (await dump.objects(cache)).filter((d) => d.state === \'allocated\'))\nplotSignatures(groups)')
    ] : []),
    markdownCell('conclusion', '## Conclusion\n\n*What leaks, which code does it, how do we know, what would prove it wrong, and what is to be changed.*'),
    markdownCell('provenance-title', '## Provenance\n\nThe files as they were when this investigation began; the last column tells which have changed since.'),
    codeCell('provenance', `await provenance(files, ${recordedCode(inputs)})`)
  ], { slablab: { inputs: inputs.map(({ file, bytes, sha256 }) => ({ file: pathOf(file), bytes, sha256 })) } })
}

/** Fewer snapshots are no series: two can be compared. */
const leastSnapshots = 3

/** What snapshots can be asked depends on how many there are. */
async function snapshotCells(paths: readonly string[], code: string): Promise<Cell[]> {
  const count = new Set((await loadSlabinfo(paths)).array('snapshot')).size
  if (count >= leastSnapshots) return [
    markdownCell('growth-title', '## Which cache, since when, how fast?'),
    codeCell('growth-plot', `const snapshots = await loadSlabinfo(${code})\nplotGrowth(snapshots)`),
    codeCell('growth', 'growth(snapshots)')
  ]
  if (count < 2) return [markdownCell('snapshot-title', '## Which caches are large?'), codeCell('snapshot', `cachesOfSnapshot(await loadSlabinfo(${code}))`)]
  const compared = paths.length === 1 ? `await loadSlabinfo(${code})` : code.replace(/^\[|\]$/g, '').split(', ').map((file) => `await loadSlabinfo(${file})`).join(', ')
  return [
    markdownCell('compare-title', '## Which cache differs, and by how much?'),
    codeCell('compare-plot', `const changes = compare(${compared})\nplotCompare(changes)`),
    codeCell('compare', 'changes')
  ]
}

/** One file of an investigation that is not what it was. */
export interface ChangedInput {
  readonly file: string
  readonly recorded: string | null
  /** Null where it is gone. */
  readonly found: string | null
}

/** Which of the files that an investigation recorded are no longer what they were. Empty for a notebook that recorded none. */
export function changedInputs({ metadata: { slablab } }: Notebook, pathOf: (file: string) => string): ChangedInput[] {
  return recordedInputs(slablab).flatMap(({ file, sha256 }) => {
    const found = inputOf(pathOf(file), '').sha256
    return sha256 === null || found === sha256 ? [] : [{ file, recorded: sha256, found }]
  })
}

function recordedInputs(slablab: unknown): { file: string, sha256: string | null }[] {
  if (typeof slablab !== 'object' || slablab === null || !('inputs' in slablab) || !Array.isArray(slablab.inputs)) return []
  return slablab.inputs.filter((input: unknown): input is { file: string, sha256: string | null } =>
    typeof input === 'object' && input !== null && 'file' in input && typeof input.file === 'string')
}
