import type { ReplMagic } from './magic.js'

const shown = 20

export const history: ReplMagic = {
  name: 'history',
  usage: '[N|TEXT]',
  summary: `the last ${shown} cells of all sessions, or N, or those that contain TEXT`,
  example: '%history suspects',
  code: () => null,
  async run(args, { repl, print }) {
    const { cells } = repl.options.history
    const number = Number(args)
    const wanted = args === '' ? cells.slice(-shown) : Number.isInteger(number) && number > 0 ? cells.slice(-number) : cells.filter((cell) => cell.includes(args))
    print(wanted.map((cell) => `${cell}\n`).join(''))
  }
}
