import type { Magic } from './magic.js'

export const who: Magic = {
  name: 'who',
  usage: '[NAME…]',
  summary: 'list the variables of the session',
  example: '%who',
  code: () => null,
  async run(args, context) {
    const wanted = args.split(/\s+/).filter((word) => word !== '')
    const found = (await context.variables()).filter(({ name }) => wanted.length === 0 || wanted.includes(name))
    if (found.length === 0) return context.output({ kind: 'stream', name: 'stdout', text: 'no variables\n' })
    const rows = [['name', 'type', 'value'], ...found.map(({ name, type, value }) => [name, type, value])]
    const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column].length)))
    context.output({
      kind: 'stream', name: 'stdout',
      text: rows.map((row) => `${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()}\n`).join('')
    })
  }
}
