import { writeFileSync } from 'node:fs'
import { UsageError } from '../../../lib/index.js'
import type { ReplMagic } from './magic.js'

export const save: ReplMagic = {
  name: 'save',
  usage: 'FILE.ts',
  summary: 'write the cells of this session, those that failed left out, as a program',
  example: '%save session.ts',
  code: () => null,
  async run(args, { repl, print }) {
    if (args === '') throw new UsageError('expected a file: %save session.ts')
    const cells = repl.cells.filter(({ result, code }) => result?.status === 'ok' && !/^\s*[%!]/.test(code))
    // Run again by `slablab repl < FILE`, where the library's names are in scope as they were here.
    writeFileSync(args, `// Run again with: slablab repl < ${args}\n${cells.map(({ code }) => `${code}\n`).join('')}`)
    print(`${cells.length} cells in ${args}; again: slablab repl < ${args}\n`)
  }
}
