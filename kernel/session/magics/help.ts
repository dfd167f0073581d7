import type { Magic } from './magic.js'

export const help: Magic = {
  name: 'help',
  usage: '[NAME]',
  summary: 'list what there is, or show what is known of a name',
  example: '%help suspects',
  code: (args) => args.trim() === '' ? null : `${args.trim()}?`,
  async run(args, context) {
    const asked = args.trim().replace(/^%/, '')
    const magic = context.magics.find(({ name }) => name === asked)
    if (magic !== undefined) return context.output({ kind: 'stream', name: 'stdout', text: `%${magic.name} ${magic.usage}\n${magic.summary}\nExample: ${magic.example}\n` })
    if (asked !== '') return context.inspect(asked, 0)
    const width = Math.max(...context.magics.map(({ name, usage }) => `%${name} ${usage}`.length))
    const lines = context.magics.map(({ name, usage, summary }) => `  ${`%${name} ${usage}`.padEnd(width)}  ${summary}`)
    context.output({
      kind: 'stream', name: 'stdout',
      text: `Cells are TypeScript, with the names of slablab in scope: openDump('vmcore'), suspects(dump), growth(snapshots), …

${lines.join('\n')}
  ${'!COMMAND'.padEnd(width)}  run a command in the shell
  ${'NAME?, ?NAME'.padEnd(width)}  what NAME is: its types, documentation and an example
  ${'%NAME --code …'.padEnd(width)}  print the TypeScript that does the same

Tab completes, Shift-Tab (in the terminal NAME?) documents; display(value), prompt(question) and clearOutput() are there, too.
`
    })
  }
}
