import type { Magic } from './magic.js'

export const time: Magic = {
  name: 'time',
  usage: 'CODE',
  summary: 'say how long code takes; alone on its line, the whole cell',
  example: '%time await suspects(dump)',
  takesCell: true,
  code: (args) => `console.time('cell')\n${args}\nconsole.timeEnd('cell')`,
  async run(args, context) {
    const started = performance.now()
    try {
      return await context.evaluate(args)
    } finally {
      context.output({ kind: 'notice', text: `${shown(performance.now() - started)}` })
    }
  }
}

function shown(milliseconds: number): string {
  return milliseconds < 1000 ? `${milliseconds.toPrecision(3)} ms` : `${(milliseconds / 1000).toPrecision(4)} s`
}
