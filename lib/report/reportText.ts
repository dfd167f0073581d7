import { table, type ColumnTable } from 'arquero'
import type { DescribedGroup } from '../analysis/signatures.js'
import { findingText } from '../display/finding.js'
import { formatTable } from '../display/formatTable.js'
import { renderText } from '../display/renderText.js'
import { wrapTo } from '../display/wrapTo.js'
import { hex } from '../util/hex.js'
import { typeText } from '../util/typeText.js'
import { formatCount } from '../util/units.js'
import { visible } from '../util/visible.js'
import { asciiOf, meaningOf } from './exampleObjects.js'
import { paragraph } from './paragraph.js'
import { prompts } from './prompts.js'
import type { ExampleObject, Missing, Provenance, Report, Section } from './reportModel.js'
import { changedRows, growingRows } from './reportRows.js'
import { capital } from './summary.js'
import { wordsText } from './wordsText.js'

export interface ReportTextOptions {
  /** Terminal columns. Default 80. */
  readonly width?: number
  /** With ANSI colours. Default false. */
  readonly colour?: boolean
}

const mostRows = 10
/** Lines longer than this are hard to read, however wide the terminal is. */
const mostColumns = 100

/** A report for the terminal: the same as the page, in characters. What comes from evidence never acts on the terminal. */
export async function reportText(report: Report, options: ReportTextOptions = {}): Promise<string> {
  const layout = { width: Math.min(options.width ?? 80, mostColumns), colour: options.colour ?? false }
  const style = styles(layout.colour)
  const { title, summary, suspects, compare, growth, signatures, examples, missing, incomplete, provenance } = report
  const heading = (text: string): string => `\n${style.bold(visible(text))}\n${style.dim('─'.repeat(Math.min(layout.width, text.length)))}\n`
  const parts = [
    `${wrapTo(visible(title), layout.width).map(style.bold).join('\n')}\n\n`,
    paragraph(visible(summary), layout.width),
    ...(incomplete.length === 0 ? [] : ['\n', ...incomplete.map((reason) => paragraph(visible(reason), layout.width, 'Partial: '))]),
    heading('Suspects'),
    suspects.length === 0 ? 'None: no rule found anything to accuse in this evidence.\n' : suspects.map((finding) => `${findingText(finding, layout)}\n`).join('\n')
  ]
  if (compare !== null) {
    parts.push(heading(capital(`${compare.before} against ${compare.after}`)), await plotOf(compare, layout), tableText(changedRows(compare.table, mostRows), compareColumns, 'caches differ less or not at all', layout))
  }
  if (growth !== null) {
    parts.push(heading('Growth over time'), await plotOf(growth, layout), tableText(growingRows(growth.table, mostRows), growthColumns, 'caches are steady, or too little is known of them', layout))
  }
  if (signatures !== null) parts.push(heading('What the objects hold'), await plotOf(signatures, layout), groupsText(signatures.groups, layout.width, style))
  if (examples.length > 0) parts.push(heading('Example objects'), examples.map((one) => exampleText(one, style)).join('\n'))
  parts.push(heading('What this evidence cannot show, and the command that would'), missing.length === 0 ? 'Nothing is known to be missing.\n' : missing.map((one) => missingText(one, layout.width, style)).join(''))
  parts.push(heading('Provenance'), provenanceText(provenance, style))
  return parts.join('')
}

type Style = ReturnType<typeof styles>

function styles(colour: boolean): { bold: (text: string) => string; dim: (text: string) => string; cyan: (text: string) => string } {
  const paint = (code: string) => (text: string): string => (colour && text !== '' ? `\u001b[${code}m${text}\u001b[0m` : text)
  return { bold: paint('1'), dim: paint('2'), cyan: paint('36') }
}

async function plotOf({ plot }: Pick<Section, 'plot'>, layout: Required<ReportTextOptions>): Promise<string> {
  return plot === null ? '' : `${await renderText(plot, layout)}\n`
}

const compareColumns = ['cache', 'beforeObjects', 'afterObjects', 'deltaObjects', 'deltaBytes', 'status'] as const
const growthColumns = ['cache', 'verdict', 'bytesPerHour', 'low', 'high', 'bytes', 'reason'] as const

function tableText<K extends string>(
  { rows, others }: { rows: readonly Readonly<Record<K, unknown>>[]; others: number }, names: readonly K[], rest: string, layout: Required<ReportTextOptions>
): string {
  const shown: ColumnTable = table(Object.fromEntries(names.map((name) => [name, rows.map((row) => row[name])])))
  const more = others > 0 ? `${formatCount(others)} further ${rest}.\n` : ''
  return rows.length === 0 ? more : `${formatTable(shown, 'table', { ...layout, total: rows.length }).replace(/\n[^\n]*\n$/, '\n')}${more}`
}

function groupsText(groups: readonly DescribedGroup[], width: number, style: Style): string {
  const shown = groups.slice(0, mostRows)
  const lines = shown.map(({ cache, group, signatures, type, words, reach }) => {
    const head = `${formatCount(group.objects)} of ${formatCount(signatures.readObjects)} objects read in ${cache?.name ?? 'an unknown cache'}, ${type === null ? 'type unknown' : typeText(type.type)}, example ${hex(group.example)}`
    return `${paragraph(visible(head), width)}${style.bold(paragraph(visible(wordsText(words)), width, '  '))}${style.dim(paragraph(visible(`${reach.bytes} bytes: ${reach.basis}`), width, '  '))}`
  })
  return `${lines.join('')}${groups.length > shown.length ? `${formatCount(groups.length - shown.length)} smaller groups.\n` : ''}`
}

/** Columns for the name of a member: a few are so long that all meanings would stand far out. */
const widestMember = 32

function exampleText({ title, address, words }: ExampleObject, style: Style): string {
  const lines: string[] = [`${visible(title)} at ${address}`]
  const widest = Math.min(widestMember, Math.max(0, ...words.map(({ member }) => (member === null ? 0 : member.length + 3))))
  words.forEach((word, i) => {
    if (word.stale && i > 0 && !words[i - 1].stale) lines.push(style.dim('  ┄┄┄ the object ends; remains of former users of the slot follow ┄┄┄'))
    const bytes = word.words > 1 ? '…'.padEnd(23) : word.bytes.length === 0 ? 'not in the evidence'.padEnd(23) : word.bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const member = visible(word.member === null ? '' : `.${word.member}`).padEnd(widest - 2)
    const line = `  +0x${word.offset.toString(16).padStart(2, '0')}  ${bytes}  ${(word.words > 1 ? '' : asciiOf(word.bytes)).padEnd(8)}  `
    const meaning = visible(meaningOf(word))
    lines.push(word.stale ? style.dim(`${line}${meaning}`.trimEnd()) : `${line}${member}${widest > 0 ? '  ' : ''}${word.symbol === null ? meaning : style.bold(meaning)}`.trimEnd())
  })
  return `${lines.join('\n')}\n`
}

function missingText({ text, command, where }: Missing, width: number, style: Style): string {
  const prompt = prompts[where ?? 'shell']
  return `${paragraph(visible(text), width, '• ')}${command === null ? '' : `${command.split('\n').map((line) => `    ${style.dim(prompt)} ${style.cyan(visible(line))}\n`).join('')}`}`
}

function provenanceText({ inputs, versions, kernels, options, warnings, made }: Provenance, style: Style): string {
  const lines = inputs.map(({ file, kind, bytes, sha256 }) => `${visible(file)}\n  ${bytes === null ? '' : `${formatCount(bytes)} bytes, `}${kind}\n  ${style.dim(`sha256 ${sha256 ?? 'not read again'}`)}`)
  for (const { file, release, architecture, buildId } of kernels) {
    const known = [release, architecture, buildId].filter((part) => part !== null)
    if (known.length > 0) lines.push(visible(`${file}: Linux ${known.join(', ')}`))
  }
  const given = Object.entries(options).map(([name, value]) => `${name} ${value}`)
  lines.push(`${Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(', ')}; options: ${given.length === 0 ? 'none' : visible(given.join(', '))}; made ${made}`)
  for (const { message, times } of warnings) lines.push(visible(`warning: ${message}${times > 1 ? ` (${formatCount(times)} times)` : ''}`))
  return `${lines.join('\n')}\n`
}
