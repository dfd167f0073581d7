import { help } from './help.js'
import { history } from './history.js'
import type { ReplMagic } from './magic.js'
import { notebook } from './notebook.js'
import { page } from './page.js'
import { quit } from './quit.js'
import { report } from './report.js'
import { save } from './save.js'
import { sort } from './sort.js'
import { tour } from './tour.js'
import { watch } from './watch.js'

/** The magics of the terminal, by name. */
export const magics: readonly ReplMagic[] = [help, history, notebook, page, quit, report, save, sort, tour, watch]

export function magicNamed(name: string): ReplMagic | undefined {
  return magics.find((magic) => magic.name === name)
}
