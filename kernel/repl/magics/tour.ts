import type { ReplMagic } from './magic.js'

interface Step { readonly text: string, readonly code: string, readonly needs: 'dump' | 'snapshots' | null }

/** The way from a suspicion to the culprit, each step with the code that takes it. */
const steps: readonly Step[] = [
  { needs: 'snapshots', text: 'Which caches grow, how fast, and how sure is that? One row a cache, the worst first.', code: 'growth(snapshots)' },
  { needs: 'snapshots', text: 'The same as a picture.', code: 'plotTopGrowers(growth(snapshots))' },
  { needs: 'dump', text: 'What a dump adds: every cache and all of its objects. F2 looks through the table; Enter there goes on from a row.', code: 'dump.caches()' },
  {
    needs: 'dump', text: 'What do the objects of the largest cache hold? Objects that hold the same are a group; words that are pointers name their target.',
    code: 'const largest = dump.caches().orderby(aq.desc(\'bytes\')).get(\'cache\', 0)\nsignatures(dump, undefined, { cache: largest })'
  },
  { needs: 'dump', text: 'One object of the largest group, word by word. In the pager, r on a word asks who refers to the object.', code: 'hexdump(dump, signatures(dump, undefined, { cache: largest }).get(\'example\', 0))' },
  { needs: 'dump', text: 'Which of all this has nobody who refers to it, and whose mistake is that? This follows every reference in the dump.', code: 'await findSuspects(dump)' },
  { needs: null, text: 'The session as a notebook, with all outputs: a colleague runs it again in Jupyter.', code: '%notebook session.ipynb' }
]

export const tour: ReplMagic = {
  name: 'tour',
  usage: '[STEP]',
  summary: 'the investigation step by step: each puts its code at the prompt, Enter runs it, %tour goes on',
  example: '%tour',
  code: (args) => steps[Number(args) - 1]?.code ?? null,
  async run(args, { repl, print }) {
    const possible = steps.filter(({ needs }) => needs === null || repl.names[needs] !== null)
    const asked = Number(args)
    const at = args !== '' && Number.isInteger(asked) && asked > 0 ? asked - 1 : repl.tourStep
    const step = possible[at]
    if (step === undefined) {
      repl.tourStep = 0
      return print('That was the tour. %help lists what else there is; %tour begins again.\n')
    }
    repl.tourStep = at + 1
    print(`${at + 1} of ${possible.length}  ${step.text}\nEnter runs it, %tour goes on.\n`)
    repl.offer(step.code.replaceAll('snapshots', repl.names.snapshots ?? 'snapshots').replaceAll(/\bdump\b/g, repl.names.dump ?? 'dump'))
  }
}
