import type { ReplMagic } from './magic.js'

export const quit: ReplMagic = {
  name: 'quit',
  usage: '',
  summary: 'leave, as Ctrl-D does',
  example: '%quit',
  code: () => null,
  run: async (_args, { repl }) => repl.leave()
}
