import { UsageError } from '../../../lib/index.js'
import type { ReplMagic } from './magic.js'

/** Columns of addresses take seconds to sort, and tables come with the number that sorts the same. */
const addresses = new Set(['address'])

export const sort: ReplMagic = {
  name: 'sort',
  usage: '[-]COLUMN [EXPRESSION]',
  summary: 'a table sorted by a column, with - the largest first; without an expression the table shown last',
  example: '%sort -bytes dump.caches()',
  code: (args) => args.includes(' ') ? sorted(args) : null,
  run: async (args, { repl, run }) => run(sorted(args.includes(' ') ? args : `${args} ${last(repl.lastExpression)}`))
}

function last(expression: string | null): string {
  if (expression === null) throw new UsageError('nothing to sort: %sort COLUMN EXPRESSION, such as %sort -bytes dump.caches()')
  return expression
}

function sorted(args: string): string {
  const [, minus, column, expression] = /^(-?)([A-Za-z_]\w*)\s+([^]+)$/.exec(args.trim()) ?? []
  if (column === undefined) throw new UsageError(`expected %sort COLUMN EXPRESSION, got %sort ${args}`)
  const key = addresses.has(column) ? 'rank' : column
  const simple = /^[\w.$]+(\([^()]*\))?(\.[\w$]+(\([^()]*\))?)*$/.test(expression.trim())
  const value = simple ? expression.trim() : `(${expression.trim()})`
  // The negative number would put text in no order.
  return minus === '' ? `${value}.orderby('${key}')` : `${value}.orderby(aq.desc('${key}'))`
}
