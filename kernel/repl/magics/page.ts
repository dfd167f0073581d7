import { UsageError } from '../../../lib/index.js'
import type { ReplMagic } from './magic.js'

export const page: ReplMagic = {
  name: 'page',
  usage: '[EXPRESSION]',
  summary: 'look through a table: filter, sort, and go on from its rows (F2 or Ctrl-O do the same)',
  example: '%page dump.caches()',
  code: (args) => args === '' ? null : args,
  async run(args, { repl }) {
    const expression = args === '' ? repl.lastExpression : args
    if (expression === null) throw new UsageError('nothing to page: give an expression, such as %page dump.caches()')
    await repl.page(expression, expression.split('\n')[0])
  }
}
