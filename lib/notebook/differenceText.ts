import { visible } from '../util/visible.js'
import type { NotebookDifference } from './compareNotebooks.js'

/** Lines of one difference that are shown of each side, and what they are cut to. */
const mostLines = 12
const mostCharacters = 200

/**
 * A difference for a person: where it is, and the lines that differ, those expected with `-`, those found with `+`.
 *
 * @example differenceText({ cell: 3, id: 'growth', what: 'stdout', expected: '5\n', found: '6\n' }) // 'cell 3 (growth), stdout:\n  - 5\n  + 6\n'
 */
export function differenceText({ cell, id, what, expected, found }: NotebookDifference): string {
  const head = `cell ${cell} (${id}), ${what}:`
  if (expected === null) return `${head} not expected\n${marked('+', linesOf(found ?? ''))}`
  if (found === null) return `${head} expected and not there\n${marked('-', linesOf(expected))}`
  const [first, second] = [linesOf(expected), linesOf(found)]
  let start = 0
  while (start < first.length && start < second.length && first[start] === second[start]) start++
  let end = 0
  while (end < first.length - start && end < second.length - start && first[first.length - 1 - end] === second[second.length - 1 - end]) end++
  const at = start === 0 ? '' : ` from line ${start + 1}`
  return `${head}${at}\n${marked('-', first.slice(start, first.length - end))}${marked('+', second.slice(start, second.length - end))}`
}

function linesOf(text: string): string[] {
  return text.replace(/\n$/, '').split('\n')
}

function marked(mark: string, lines: readonly string[]): string {
  const shown = lines.slice(0, mostLines).map((line) => `  ${mark} ${visible(line.length > mostCharacters ? `${line.slice(0, mostCharacters)}…` : line)}\n`)
  const rest = lines.length - mostLines
  return rest > 0 ? `${shown.join('')}  ${mark} … ${rest} more lines\n` : shown.join('')
}
