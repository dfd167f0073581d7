import type { CodeCell, Metadata, Notebook, Output, OutputData } from './notebook.js'
import { isJson } from './readNotebook.js'
import { sameButTimes, type Run } from './sameButTimes.js'

/** One thing in which two notebooks differ. */
export interface NotebookDifference {
  /** Place of the cell, from 1, and its id. */
  readonly cell: number
  readonly id: string
  /** What of the cell: `source`, `stdout`, `result (text/plain)` … */
  readonly what: string
  /** Null where there is nothing. */
  readonly expected: string | null
  readonly found: string | null
}

/** What a plot is drawn from, before what is drawn: pixels differ between machines. */
const drawn = ['image/png', 'image/jpeg']
const sources = ['application/vnd.vegalite.v5+json', 'application/vnd.vega.v5+json', 'image/svg+xml']
/** The order in which a person wants to see what differs. */
const readable = ['text/plain', 'text/markdown', 'text/html']

/**
 * In what a notebook differs from the one that is expected: cells and outputs, apart from times, counts of executions and tracebacks. Pictures
 * are compared by what they were drawn from. A code cell's `metadata.slablab.alternative` names a text that its output may be as well, where
 * something of the environment is missing.
 *
 * @example compareNotebooks(committed, executed).map(({ id, what }) => `${id}: ${what}`) // ['top-growers: result (text/plain)']
 */
export function compareNotebooks(expected: Notebook, found: Notebook): NotebookDifference[] {
  const runs: Runs = [runOf(expected.metadata), runOf(found.metadata)]
  const count = Math.max(expected.cells.length, found.cells.length)
  return Array.from({ length: count }, (_, i) => {
    const [first, second] = [expected.cells[i], found.cells[i]]
    const { id } = first ?? second
    const place = { cell: i + 1, id }
    if (first === undefined || second === undefined) return [{ ...place, what: 'cell', expected: first?.source ?? null, found: second?.source ?? null }]
    if (first.source !== second.source || first.cell_type !== second.cell_type) return [{ ...place, what: 'source', expected: first.source, found: second.source }]
    if (first.cell_type !== 'code' || second.cell_type !== 'code') return []
    return outputDifferences(first, second, runs).map((difference) => ({ ...place, ...difference }))
  }).flat()
}

type Runs = readonly [Run | null, Run | null]
type Difference = Pick<NotebookDifference, 'what' | 'expected' | 'found'>

/** When a notebook was run, as papermill notes it. */
function runOf({ papermill }: Metadata): Run | null {
  if (typeof papermill !== 'object' || papermill === null) return null
  const { start_time: start, end_time: end } = papermill as Record<string, unknown>
  if (typeof start !== 'string' || typeof end !== 'string') return null
  const run = { start: Date.parse(start), end: Date.parse(end) }
  return Number.isNaN(run.start) || Number.isNaN(run.end) ? null : run
}

function outputDifferences(expected: CodeCell, found: CodeCell, runs: Runs): Difference[] {
  const differences = [
    ...(['stdout', 'stderr'] as const).map((name) => textDifference(name, streamText(expected, name), streamText(found, name), runs)),
    ...bundleDifferences(expected, found, runs),
    textDifference('error', errorText(expected), errorText(found), runs)
  ].filter((difference) => difference !== null)
  return differences.length > 0 && isAlternative(expected, found) ? [] : differences
}

/** Two streams come from two pipes: in which order their pieces arrive is chance. */
function streamText({ outputs }: CodeCell, name: 'stdout' | 'stderr'): string | null {
  const texts = outputs.flatMap((output) => output.output_type === 'stream' && output.name === name ? [output.text] : [])
  return texts.length === 0 ? null : texts.join('')
}

function errorText({ outputs }: CodeCell): string | null {
  const error = outputs.find((output) => output.output_type === 'error')
  return error === undefined ? null : `${error.ename}: ${error.evalue}`
}

type Shown = Extract<Output, { data: OutputData }>

function bundleDifferences(expected: CodeCell, found: CodeCell, runs: Runs): (Difference | null)[] {
  const shown = (cell: CodeCell): Shown[] => cell.outputs.filter((output): output is Shown => 'data' in output)
  const [first, second] = [shown(expected), shown(found)]
  return Array.from({ length: Math.max(first.length, second.length) }, (_, i) => {
    const what = (first[i] ?? second[i]).output_type === 'execute_result' ? 'result' : `display ${i + 1}`
    return bundleDifference(what, first[i]?.data, second[i]?.data, runs)
  })
}

function bundleDifference(what: string, expected: OutputData | undefined, found: OutputData | undefined, runs: Runs): Difference | null {
  const all = [...new Set([...Object.keys(expected ?? {}), ...Object.keys(found ?? {})])]
  const types = all.some((type) => sources.includes(type)) ? all.filter((type) => !drawn.includes(type)) : all
  const rank = (type: string): number => readable.includes(type) ? readable.indexOf(type) : readable.length
  for (const type of types.sort((a, b) => rank(a) - rank(b))) {
    const difference = textDifference(`${what} (${type})`, dataText(type, expected?.[type]), dataText(type, found?.[type]), runs)
    if (difference !== null) return difference
  }
  return null
}

function dataText(type: string, data: unknown): string | null {
  if (data === undefined) return null
  return isJson(type) || typeof data !== 'string' ? JSON.stringify(ordered(data), null, 1) : data
}

/** The order of keys is how an object was made, and says nothing. */
function ordered(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(ordered)
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1).map(([key, item]) => [key, ordered(item)]))
}

function textDifference(what: string, expected: string | null, found: string | null, runs: Runs): Difference | null {
  if (expected === found) return null
  if (expected !== null && found !== null && sameButTimes(expected, found, ...runs)) return null
  return { what, expected, found }
}

function isAlternative({ metadata: { slablab } }: CodeCell, { outputs }: CodeCell): boolean {
  if (typeof slablab !== 'object' || slablab === null) return false
  const { alternative } = slablab as Record<string, unknown>
  const text = outputs.map((output) => output.output_type === 'stream' ? output.text : null)
  return typeof alternative === 'string' && text.every((part) => part !== null) && text.join('').trim() === alternative.trim()
}
