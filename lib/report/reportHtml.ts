import type { ColumnTable } from 'arquero'
import type { EvidenceItem, Finding } from '../analysis/finding.js'
import { growingCache } from '../analysis/rules/growingCache.js'
import type { DescribedGroup } from '../analysis/signatures.js'
import { renderSvg } from '../display/renderSvg.js'
import type { PlotSpecification } from '../plot/specification.js'
import { counted, formatBytes, formatCount } from '../util/units.js'
import { typeText } from '../util/typeText.js'
import { hex } from '../util/hex.js'
import { asciiOf, meaningOf } from './exampleObjects.js'
import { keyFigures } from './keyFigures.js'
import { html, inlineSvg, type Html } from './html.js'
import type { ExampleObject, ExampleWord, Missing, Provenance, Report } from './reportModel.js'
import { reportStyle } from './reportStyle.js'
import { changedRows, growingRows } from './reportRows.js'
import { prompts } from './prompts.js'
import { capital } from './summary.js'
import { wordsText } from './wordsText.js'

/** Rows of a table at most; the machine-readable report has them all. */
const mostRows = 15

/**
 * A report as one HTML page that needs nothing else: style and plots are in it, it runs no scripts, and whatever comes from evidence is
 * escaped. It reads on any width, light or dark, and prints.
 */
export async function reportHtml(report: Report): Promise<string> {
  const { title, summary, suspects, compare, growth, signatures, examples, missing, provenance } = report
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="slablab ${provenance.versions.slablab ?? ''}">
<title>${title} · slablab report</title>
<style>${trusted(reportStyle)}</style>
</head>
<body>
<main>
<header>
<p class="kind">Slab memory report · ${provenance.made.slice(0, 10)} · ${provenance.inputs.map(({ file }) => baseName(file)).join(', ')}</p>
<h1>${title}</h1>
<p class="summary">${summary}</p>
${report.incomplete.length === 0 ? null : html`<p class="partial"><b>This report is partial.</b> ${report.incomplete.map((reason) => html`<br>${reason}`)}</p>`}
${figures(report)}
</header>
<section>
<h2>Suspects</h2>
${suspects.length === 0 ? html`<p class="lead">None: no rule found anything to accuse in this evidence.</p>` : suspects.map((finding) => suspect(finding, isSampled(report, finding)))}
</section>
${compare === null ? null : html`<section>
<h2>${capital(`${compare.before} against ${compare.after}`)}</h2>
${await figure(compare.plot, 'compare')}
${compareTable(compare.table)}
</section>`}
${growth === null ? null : html`<section>
<h2>Growth over time</h2>
${await figure(growth.plot, 'growth')}
${growthTable(growth.table)}
</section>`}
${signatures === null ? null : html`<section>
<h2>What the objects hold</h2>
<p class="lead">Objects grouped by the words in them. Addresses of code tell kinds apart; what varies is given by its kind and range.</p>
${await figure(signatures.plot, 'signatures')}
${signaturesTable(signatures.groups)}
</section>`}
${examples.length === 0 ? null : html`<section>
<h2>Example objects</h2>
<p class="lead">Eight bytes a line, with what they mean. Below the dashed line the object has ended: there lie remains of former users of its slot.</p>
${examples.map(example)}
</section>`}
<section>
<h2>What this evidence cannot show</h2>
${missing.length === 0 ? html`<p class="lead">Nothing is known to be missing.</p>` : html`<p class="lead">And the command that would.</p>
<ul class="missing">${missing.map(missingItem)}</ul>`}
</section>
<section>
<h2>Provenance</h2>
${provenanceHtml(provenance)}
</section>
<footer>Made by slablab ${provenance.versions.slablab ?? ''} on ${provenance.made.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')}. Each piece of evidence carries the code of a notebook cell that recomputes it.</footer>
</main>
</body>
</html>
`
  return page.text
}

function trusted(text: string): Html {
  return inlineSvg(text, '')
}

function figures(report: Report): Html | null {
  const list = keyFigures(report)
  return list.length === 0 ? null : html`<dl class="figures">${list.map(({ name, value }) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}

async function figure(plot: PlotSpecification | null, prefix: string): Promise<Html | null> {
  if (plot === null) return null
  // The page has margins of its own; labels in a wider font than was measured need a little on the left.
  const svg = await renderSvg({ ...plot, padding: { left: 10, right: 10, top: 8, bottom: 8 } })
  const description = (plot as { description?: unknown }).description
  return html`<figure role="img" aria-label="${typeof description === 'string' ? description : prefix}">${inlineSvg(svg, `${prefix}-`)}</figure>`
}

const classOf: Record<Finding['verdict'], string> = { leak: 'leak', maybe: 'maybe', 'not a leak': 'clear' }

/** Whether the finding's objects are some that somebody read, and its counts what they show and no more. */
function isSampled({ signatures }: Report, { cache, rule }: Finding): boolean {
  return rule !== growingCache.name && (signatures?.groups.some((one) => (one.cache?.name ?? null) === cache && one.signatures.readObjects < one.signatures.objects) ?? false)
}

function suspect(finding: Finding, sampled: boolean): Html {
  const { verdict, confidence, cache, type, objects, bytes, unreachable, retainedBytes, module, hypothesis, fix, rule, evidence } = finding
  const tags = [
    confidence,
    ...(cache === null ? [] : [cache]),
    ...(type === null ? [] : [typeText(type)]),
    ...(module === null ? [] : [`module ${module}`]),
    ...(objects === null ? [] : sampled ? [`seen in ${counted(objects, 'object')}`] : [`${formatCount(objects)} objects${bytes === null ? '' : `, ${formatBytes(bytes)}`}`]),
    ...(unreachable === null ? [] : [`${formatCount(unreachable)} unreachable`]),
    ...(retainedBytes === null ? [] : [`keeps ${formatBytes(retainedBytes)}`])
  ]
  return html`<article class="${classOf[verdict]}">
<p class="tags"><b>${verdict}</b>${tags.map((tag) => html`<span>${tag}</span>`)}</p>
<h3>${hypothesis}</h3>
<p class="fix"><b>What to do</b>${fix}</p>
<ol>${evidence.map(evidenceItem)}</ol>
<p class="where">Rule: ${rule}</p>
</article>
`
}

function evidenceItem({ text, addresses, code }: EvidenceItem): Html {
  const where = addresses.length === 0 ? null : html` <span class="where">${addresses.map((address) => html`<code>${address}</code> `)}</span>`
  return html`<li>${text}${where}${code === null ? null : html`<pre>${lines(code)}</pre>`}</li>
`
}

function compareTable(table: ColumnTable): Html {
  const { rows, others } = changedRows(table, mostRows)
  return html`<div class="scroll"><table>
<thead><tr><th>cache</th><th class="number">before<br><small>objects</small></th><th class="number">after<br><small>objects</small></th><th class="number">difference<br><small>objects</small></th><th class="number">difference<br><small>slab pages</small></th><th>status</th></tr></thead>
<tbody>${rows.map((row) => html`<tr><td class="name">${row.cache}</td><td class="number">${count(row.beforeObjects)}</td><td class="number">${count(row.afterObjects)}</td><td class="number">${signed(row.deltaObjects, formatCount)}</td><td class="number">${signed(row.deltaBytes, formatBytes)}</td><td>${row.status}</td></tr>
`)}</tbody></table></div>
${others > 0 ? html`<p class="where">${formatCount(others)} further caches differ less or not at all.</p>` : null}`
}

function growthTable(table: ColumnTable): Html {
  const { rows, others } = growingRows(table, mostRows)
  if (rows.length === 0) return html`<p class="lead">${formatCount(others)} caches, none of which is known to grow.</p>`
  return html`<div class="scroll"><table>
<thead><tr><th>cache</th><th>verdict</th><th class="number">rate<br><small>an hour</small></th><th class="number">95 %<br><small>from, to</small></th><th class="number">memory</th><th>why</th></tr></thead>
<tbody>${rows.map((row) => html`<tr><td class="name">${row.cache}</td><td>${row.verdict}</td><td class="number">${signed(row.bytesPerHour, formatBytes)}</td><td class="number">${signed(row.low, formatBytes)}<br>${signed(row.high, formatBytes)}</td><td class="number">${row.bytes === null ? '' : formatBytes(row.bytes)}</td><td>${row.reason}</td></tr>
`)}</tbody></table></div>
${others > 0 ? html`<p class="where">${formatCount(others)} further caches are steady, or too little is known of them.</p>` : null}`
}

function signaturesTable(groups: readonly DescribedGroup[]): Html {
  const shown = groups.slice(0, mostRows)
  return html`<div class="scroll"><table>
<thead><tr><th>cache</th><th class="number">objects</th><th class="number">share</th><th>type</th><th>words</th><th>example</th></tr></thead>
<tbody>${shown.map(({ cache, group, signatures, type, words }) => html`<tr><td class="name">${cache?.name ?? '?'}</td><td class="number">${formatCount(group.objects)}</td><td class="number">${share(group.objects, signatures.readObjects)}</td><td>${type?.type ?? ''}</td><td><span class="words">${wordsText(words)}</span></td><td><code>${hex(group.example)}</code></td></tr>
`)}</tbody></table></div>
${groups.length > shown.length ? html`<p class="where">${formatCount(groups.length - shown.length)} smaller groups.</p>` : null}`
}

function example({ title, address, words, note }: ExampleObject): Html {
  const firstStale = words.findIndex(({ stale }) => stale)
  const row = (word: ExampleWord, i: number): Html => {
    const bytes = word.words > 1 ? '…' : word.bytes.length === 0 ? 'not in the evidence' : word.bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const meaning = meaningOf(word)
    return html`<tr class="${word.stale ? 'stale' : i === firstStale - 1 ? 'end' : ''}"><td>+0x${word.offset.toString(16).padStart(2, '0')}</td><td>${bytes}</td><td>${word.words > 1 ? '' : asciiOf(word.bytes)}</td><td>${word.member === null ? null : html`<span class="member">.${word.member}</span> `}${word.symbol === null ? meaning : html`<b>${meaning}</b>`}</td></tr>
`
  }
  return html`<h3>${title} at <code>${address}</code></h3>
<p class="where">${note}</p>
<div class="scroll"><table class="bytes"><tbody>${words.map(row)}</tbody></table></div>
`
}

function missingItem({ text, command, where }: Missing): Html {
  return html`<li>${text}${command === null ? null : html`<pre>${command.split('\n').map((line, i) => html`${i === 0 ? '' : newline}<span class="prompt">${prompts[where ?? 'shell']} </span>${line}`)}</pre>`}</li>
`
}

function provenanceHtml({ inputs, versions, kernels, options, warnings }: Provenance): Html {
  const machines = kernels.filter(({ release, buildId, architecture }) => release !== null || buildId !== null || architecture !== null)
  const given = Object.entries(options)
  return html`<div class="scroll"><table class="inputs">
<thead><tr><th>input</th><th>kind</th><th class="number">bytes</th><th>sha256</th></tr></thead>
<tbody>${inputs.map(({ file, kind, bytes, sha256 }) => html`<tr><td>${file}</td><td>${kind}</td><td class="number">${count(bytes)}</td><td><code>${sha256 ?? 'not read again'}</code></td></tr>
`)}</tbody></table></div>
<p>${Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(' · ')}${machines.map(({ file, release, buildId, architecture }) => ` · ${baseName(file)}: Linux ${[release, architecture, buildId === null ? null : `build id ${buildId}`].filter((part) => part !== null).join(', ')}`)}</p>
<p>Options: ${given.length === 0 ? 'none' : given.map(([name, value]) => `${name} ${value}`).join(', ')}</p>
${warnings.length === 0 ? null : html`<h3>Warnings while reading</h3><ul>${warnings.map(({ message, times }) => html`<li>${message}${times > 1 ? ` (${formatCount(times)} times)` : ''}</li>`)}</ul>`}`
}

/** A line end, which escaping would show. */
const newline = html`
`

/** Text whose line ends stay. */
function lines(text: string): Html[] {
  return text.split('\n').map((line, i) => (i === 0 ? html`${line}` : html`
${line}`))
}

function baseName(path: string): string {
  return path.replace(/^.*[/\\]/, '')
}

function count(value: number | null): string {
  return value === null ? '' : formatCount(value)
}

function signed(value: number | null, format: (value: number) => string): string {
  if (value === null) return ''
  return value > 0 ? `+${format(value)}` : format(value).replace(/^-/, '−')
}

function share(part: number, whole: number): string {
  const percent = (part / whole) * 100
  return part < whole && percent > 99.95 ? '> 99.9 %' : `${percent.toFixed(percent < 10 || percent > 99 ? 1 : 0)} %`.replace('.0 %', ' %')
}
