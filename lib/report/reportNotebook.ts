import { codeCell, markdownCell, newNotebook, type Cell, type Notebook } from '../notebook/notebook.js'
import { parametersTag } from '../notebook/parameters.js'
import type { Finding } from '../analysis/finding.js'
import { formatCount } from '../util/units.js'
import { codeSpan, markdownText } from './markdownText.js'
import { prompts } from './prompts.js'
import type { Input, Provenance, Report } from './reportModel.js'

export interface ReportNotebookOptions {
  /** What a file of the report is called from where the notebook lies. Default: as the report calls it. */
  readonly pathOf?: (file: string) => string
}

/** How a finding's cell opens a machine, after its files are named. */
const opened = /await openDump\((files\[\d+\]|\[files\[\d+\](?:, files\[\d+\])*\])\)/g
/** Caches whose objects the notebook groups. */
const mostCaches = 3

/**
 * The investigation that a report tells of, as a notebook: what was found, and the cells that find it again. The files stand in the cell
 * with the parameters, so that it runs on other evidence as well; the last cell says what the files were when it was written.
 *
 * @example writeNotebook(reportNotebook(await report(['healthy.slabinfo', 'leaking.slabinfo', 'session.crash.txt'])))
 */
export function reportNotebook(report: Report, { pathOf = (file) => file }: ReportNotebookOptions = {}): Notebook {
  const { title, summary, suspects, missing, incomplete, provenance } = report
  const { inputs } = provenance
  const rewrite = rewriter(provenance)
  const partial = incomplete.length === 0 ? '' : `\n\n**This report is partial.** ${incomplete.map(markdownText).join('; ')}`
  const shown = suspects.flatMap((finding, i) => suspectCells(finding, `suspect-${i + 1}`, rewrite))
  const measured = measuredCells(report, rewrite)
  return newNotebook([
    markdownCell('title', `# ${markdownText(title)}\n\n${markdownText(summary)}${partial}`),
    codeCell('parameters', `// The evidence. Paths are those from where this notebook lies.\nlet files = ${pathList(inputs.map(({ file }) => pathOf(file)))}`, [parametersTag]),
    ...rewrite.openCells(),
    markdownCell('suspects', suspects.length === 0 ? '## Suspects\n\nNone: no rule found anything to accuse in this evidence.' : '## Suspects'),
    ...shown, ...measured,
    markdownCell('missing', `## What this evidence cannot show, and the command that would\n\n${missingText(missing)}`),
    markdownCell('provenance-title', '## Provenance\n\nThe files as they were when this was written; the last column tells which have changed since.'),
    codeCell('provenance', `await provenance(files, ${recordedCode(inputs)})`)
  ])
}

function suspectCells({ verdict, confidence, cache, type, objects, hypothesis, fix, evidence, rule }: Finding, id: string, rewrite: Rewriter): Cell[] {
  const what = [type, cache].filter((part) => part !== null).map(codeSpan).join(' in ')
  const count = objects === null ? '' : `, ${formatCount(objects)} objects`
  return [
    markdownCell(id, [
      `### ${verdict} (${confidence})${what === '' ? '' : `: ${what}`}${count}`, markdownText(hypothesis), `**Fix.** ${markdownText(fix)}`, `Rule: ${markdownText(rule)}.`
    ].join('\n\n')),
    ...evidence.flatMap(({ text, addresses, code }, i): Cell[] => {
      const where = addresses.length === 0 ? '' : `\n\nAt ${addresses.map(codeSpan).join(', ')}.`
      const told = markdownCell(`${id}-evidence-${i + 1}`, `**${i + 1}.** ${markdownText(text)}${where}`)
      return code === null ? [told] : [told, codeCell(`${id}-evidence-${i + 1}-code`, rewrite.code(code))]
    })
  ]
}

/** What the report measured: the tables and their plots. */
function measuredCells({ compare, growth, signatures, suspects }: Report, rewrite: Rewriter): Cell[] {
  const cells: Cell[] = []
  if (compare !== null) {
    const code = rewrite.code(compare.code)
    cells.push(
      markdownCell('compare-title', `## ${markdownText(compare.before)} against ${markdownText(compare.after)}`),
      codeCell('compare-plot', `const changes = ${code}\nplotCompare(changes)`), codeCell('compare', 'changes.filter((d) => d.deltaBytes !== 0)')
    )
  }
  if (growth !== null) {
    const series = rewrite.code(growth.code.replace(/^growth\((.*)\)$/s, '$1'))
    cells.push(
      markdownCell('growth-title', '## Growth over time'),
      codeCell('growth-plot', `const snapshots = ${series}\nplotGrowth(snapshots)`), codeCell('growth', 'growth(snapshots).filter((d) => d.verdict !== \'steady\')')
    )
  }
  const dump = rewrite.firstDump()
  const named = [...new Set([...suspects.map(({ cache }) => cache), ...(signatures?.groups ?? []).map(({ cache }) => cache?.name ?? null)])]
  const caches = named.filter((cache) => cache !== null).slice(0, mostCaches)
  if (signatures !== null && dump !== null && caches.length > 0) {
    cells.push(
      markdownCell('signatures-title', '## What the objects hold\n\nObjects grouped by the words in them. Addresses of code tell kinds apart; what varies is given by its kind and range.'),
      codeCell('signatures-plot', `const objects = await ${dump}.objects([${caches.map((cache) => `'${cache}'`).join(', ')}])\nconst groups = signatures(${dump}, objects.filter((d) => d.state === 'allocated'))\nplotSignatures(groups)`),
      codeCell('signatures', 'groups')
    )
  }
  return cells
}

function missingText(missing: Report['missing']): string {
  if (missing.length === 0) return 'Nothing is known to be missing.'
  return missing.map(({ text, command, where }) => {
    const line = command === null ? '' : `\n\n  \`\`\`\n${command.split('\n').map((one) => `  ${prompts[where ?? 'shell']} ${one}`).join('\n')}\n  \`\`\``
    return `* ${markdownText(text)}${line}`
  }).join('\n')
}

/** Sizes and hashes as code, for a cell that says what has changed since. */
export function recordedCode(inputs: readonly Pick<Input, 'sha256'>[]): string {
  return `{ recorded: [\n${inputs.map(({ sha256 }) => `  ${sha256 === null ? 'null' : `'${sha256}'`}`).join(',\n')}\n] }`
}

function pathList(paths: readonly string[]): string {
  return `[${paths.map((path) => JSON.stringify(path)).join(', ')}]`
}

interface Rewriter {
  /** A cell's code, with the files taken from the parameters and what they hold opened once. */
  code(code: string): string
  openCells(): Cell[]
  /** The variable of the first machine; null where there is none. */
  firstDump(): string | null
}

/** The findings' cells each open what they need. A notebook opens it once, and knows the files from its parameters. */
function rewriter({ inputs, kernels }: Provenance): Rewriter {
  const machines: string[] = []
  const variable = (i: number): string => i === 0 ? 'dump' : `dump${i + 1}`
  const variableFor = (files: string): string => {
    if (!machines.includes(files)) machines.push(files)
    return variable(machines.indexOf(files))
  }
  const named = (code: string): string => inputs.reduce((text, { file }, i) => text.replaceAll(JSON.stringify(file), `files[${i}]`), code)
  return {
    code: (code) => named(code).replace(opened, (_, files: string) => variableFor(files)).replace(/\((dump\d*)\)\./g, '$1.'),
    openCells: () => machines.length === 0 ? [] : [codeCell('open', machines.map((files, i) => `const ${variable(i)} = await openDump(${files})`).join('\n'))],
    firstDump: () => {
      const first = inputs.findIndex(({ file }) => file === kernels[0]?.file)
      return machines.length > 0 ? variable(0) : first < 0 ? null : variableFor(`files[${first}]`)
    }
  }
}
