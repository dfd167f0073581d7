import type { Finding } from '../analysis/finding.js'
import { counted, formatBytes, formatCount } from '../util/units.js'
import { visible } from '../util/visible.js'
import { escapeHtml } from './escapeHtml.js'
import { wrapTo } from './wrapTo.js'

/** Addresses of one item of evidence that are shown; the value holds all. */
const mostAddresses = 4

/** A finding, by its shape. */
export function isFinding(value: unknown): value is Finding {
  if (typeof value !== 'object' || value === null) return false
  const { verdict, confidence, rule, hypothesis, evidence } = value as Record<string, unknown>
  return [verdict, confidence, rule, hypothesis].every((member) => typeof member === 'string') && Array.isArray(evidence)
}

/** A list of findings, and of nothing else. */
export function isFindings(value: unknown): value is readonly Finding[] {
  return Array.isArray(value) && value.length > 0 && value.every(isFinding)
}

/** What a finding says, in the order a person asks: what, how sure, where, why, what to do, and what it rests on. */
interface FindingLines {
  readonly heading: string
  readonly accused: string
  readonly hypothesis: string
  readonly fix: string
  readonly evidence: readonly { readonly text: string, readonly addresses: string, readonly code: string | null }[]
  readonly rule: string
}

function linesOf(finding: Finding): FindingLines {
  const held = [
    finding.objects === null ? null : counted(finding.objects, 'object'),
    finding.bytes === null ? null : formatBytes(finding.bytes),
    finding.unreachable === null ? null : `${formatCount(finding.unreachable)} of them unreachable`,
    finding.retainedBytes === null || finding.retainedBytes === finding.bytes ? null : `${formatBytes(finding.retainedBytes)} retained`
  ].filter((part) => part !== null).join(', ')
  const what = [finding.type, finding.cache].filter((part) => part !== null).join(' in ')
  return {
    heading: `${finding.verdict} (${finding.confidence})${what === '' ? '' : `: ${what}`}${held === '' ? '' : `, ${held}`}`,
    accused: [
      finding.symbols.join(', '), finding.module === null ? '' : `module ${finding.module}`
    ].filter((part) => part !== '').join(', '),
    hypothesis: finding.hypothesis,
    fix: finding.fix,
    evidence: finding.evidence.map(({ text, addresses, code }) => ({
      text, code,
      addresses: addresses.slice(0, mostAddresses).join(', ') + (addresses.length > mostAddresses ? ` and ${addresses.length - mostAddresses} more` : '')
    })),
    rule: finding.rule
  }
}

export interface FindingTextOptions {
  readonly width?: number
  readonly colour?: boolean
  /** With the cell behind each piece of evidence that recomputes it. Default true. */
  readonly code?: boolean
}

/** A finding as text of at most `width` columns. */
export function findingText(finding: Finding, { width = 80, colour = false, code: withCode = true }: FindingTextOptions = {}): string {
  const { heading, accused, hypothesis, fix, evidence, rule } = linesOf(finding)
  const strong = (text: string): string => colour ? `\u001b[1m${text}\u001b[0m` : text
  const paragraph = (text: string, first: string, next: string): string[] =>
    wrapTo(visible(text), width - next.length).map((line, i) => (i === 0 ? first : next) + line)
  return [
    ...paragraph(heading, '', '').map(strong),
    ...(accused === '' ? [] : paragraph(accused, '  ', '  ')),
    ...paragraph(hypothesis, '  ', '  '),
    ...(fix === '' ? [] : paragraph(fix, '  fix: ', '       ')),
    ...evidence.flatMap(({ text, addresses, code }, i) => [
      ...paragraph(text, `  ${i + 1}. `, '     '),
      ...(addresses === '' ? [] : paragraph(addresses, '     at ', '        ')),
      ...(code === null || !withCode ? [] : code.split('\n').map((line) => `     > ${visible(line)}`))
    ]),
    ...paragraph(`rule: ${rule}`, '  ', '  ')
  ].join('\n')
}

/** A finding as HTML, everything from evidence escaped. */
export function findingHtml(finding: Finding): string {
  const { heading, accused, hypothesis, fix, evidence, rule } = linesOf(finding)
  const items = evidence.map(({ text, addresses, code }) => `<li>${escapeHtml(text)}` +
    (addresses === '' ? '' : `<br><code>${escapeHtml(addresses)}</code>`) +
    (code === null ? '' : `<pre><code>${code.split('\n').map(escapeHtml).join('\n')}</code></pre>`) + '</li>')
  return `<section>
<h4>${escapeHtml(heading)}</h4>
${accused === '' ? '' : `<p><code>${escapeHtml(accused)}</code></p>\n`}<p>${escapeHtml(hypothesis)}</p>
${fix === '' ? '' : `<p><b>Fix:</b> ${escapeHtml(fix)}</p>\n`}${items.length === 0 ? '' : `<ol>\n${items.join('\n')}\n</ol>\n`}<p><small>rule: ${escapeHtml(rule)}</small></p>
</section>
`
}
