import { magics } from './index.js'
import type { ReplMagic } from './magic.js'

const keys = [
  ['Enter', 'runs a cell that is complete, else begins a new line; Alt-Enter always does'],
  ['Tab', 'completes, and shows what a function takes; NAME? tells more'],
  ['↑ ↓', 'earlier cells that begin like what is typed; Ctrl-R searches'],
  ['F2, Ctrl-O', 'looks through the table shown last, or the one that is typed'],
  ['Ctrl-C', 'stops what runs and keeps variables; Ctrl-D leaves'],
  ['Ctrl-A -E -K -U -W -Y', 'as in a shell; Ctrl-_ takes back, Alt-_ again']
]

export const help: ReplMagic = {
  name: 'help',
  usage: '[NAME]',
  summary: 'this list; of one magic, an example',
  example: '%help page',
  code: () => null,
  async run(args, { repl, print }) {
    const asked = args.replace(/^%/, '')
    const magic = magics.find(({ name }) => name === asked)
    if (magic !== undefined) return print(`%${magic.name} ${magic.usage}\n${magic.summary}\nExample: ${magic.example}\n`)
    // The session knows its own magics, and every name of the library.
    await repl.run(`%help ${args}`.trim(), { echo: false })
    if (asked !== '') return
    const heads = magics.map(({ name, usage }) => `%${name} ${usage}`)
    const width = Math.max(...heads.map((head) => head.length))
    print(`In the terminal:
${magics.map(({ summary }, i) => `  ${heads[i].padEnd(width)}  ${summary}`).join('\n')}
  ${'%NAME … | COMMAND'.padEnd(width)}  its text into a shell command; > FILE into a file
  ${'EXPRESSION !| COMMAND'.padEnd(width)}  a value's text into a command; !| --format csv COMMAND

${keys.map(([key, text]) => `  ${key.padEnd(width)}  ${text}`).join('\n')}
`)
  }
}
