import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { readNotebook } from '../../lib/notebook/readNotebook.js'
import { describeTmux, TmuxTerminal } from '../builders/tmux.js'

const main = path.resolve('dist/kernel/cli/main.js')
const minutes = 60_000
let folder = ''
let terminal: TmuxTerminal | undefined

function start(args: string, columns = 80, rows = 24, environment: Record<string, string> = {}): TmuxTerminal {
  folder = mkdtempSync(path.join(tmpdir(), 'slablab-repl-'))
  terminal = new TmuxTerminal({
    command: `${process.execPath} ${main} ${args}`, folder, columns, rows, environment: { XDG_STATE_HOME: path.join(folder, 'state'), ...environment }
  })
  return terminal
}

const history = (): string[] => readFileSync(path.join(folder, 'state/slablab/repl-history.jsonl'), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as string)

afterEach(() => {
  terminal?.close()
  rmSync(folder, { recursive: true, force: true })
})

describeTmux('an investigation, from the first key to the saved notebook', () => {
  test('shows at every step what it should', { timeout: 10 * minutes }, async () => {
    const t = start('repl')
    const screens: string[] = []
    // How far up the screen has scrolled hangs on how long a cell ran: the word on that takes a line of its own.
    const step = async (what: string, pattern: RegExp, from = ''): Promise<void> => {
      const screen = await t.waitFor(pattern)
      screens.push(`==== ${what}\n${screen.slice(screen.indexOf(from))}\n`)
    }
    await step('start', /try first/)
    t.type('growth(snapshots)')
    t.press('Enter')
    await step('what grows', /of 59 rows/, 'slab> growth')
    t.type('%page dump.caches()')
    t.press('Enter')
    await step('all caches', /row 1 of 59/)
    t.type('/kmalloc-128 bytes>1M')
    await step('filtered while typing', /objects\nkmalloc-128 [^]*filter: kmalloc-128 bytes>1M/)
    t.press('Enter')
    await t.waitFor(/row 1 of 1 of 59/)
    t.press('Enter')
    await step('groups of objects that hold the same', /› kmalloc-128\ncache[^]*row 1 of \d+ /)
    t.press('Enter')
    await step('objects of the largest group', /› seq_operations\n[^]*row 1 of 60,0/)
    t.press('Down', 'Enter')
    await step('words of an object, with its members', /row 1 of 16/)
    t.type('r')
    await step('who refers to it', /nobody refers to it/)
    t.press('Escape')
    await t.waitFor(/row 1 of 16/)
    t.press('Escape')
    await step('back at the objects', /row 2 of 60,0/)
    t.type('c')
    await step('the code of that page, at the prompt', /slab> await objectsLike/, 'slab> await objectsLike')
    t.press('C-u')
    t.type('await findSuspects(dump)')
    t.press('Enter')
    await t.waitFor(/fix/i)
    screens.push(`==== the verdict\n${t.scrollback().slice(t.scrollback().lastIndexOf('slab> await findSuspects'))}\n`)
    t.type('%notebook session.ipynb')
    t.press('Enter')
    await t.waitFor(/cells with their outputs/)
    const notebook = readNotebook(readFileSync(path.join(folder, 'session.ipynb'), 'utf8'))
    expect(notebook.cells.map(({ source }) => source)).toEqual([
      'const { paths } = openDataset(\'arm64-slab\')', 'const snapshots = await loadSlabinfo(paths[\'slabinfo-series.txt.gz\'])', 'const dump = await openDump(paths.vmcore)',
      'growth(snapshots)', 'await findSuspects(dump)'
    ])
    expect(history()).toEqual(['growth(snapshots)', '%page dump.caches()', 'await findSuspects(dump)', '%notebook session.ipynb'])
    // Where this checkout lies is nobody's business.
    await expect(screens.join('\n').replaceAll(/"[^"\s]*\/(?=datasets\/arm64-slab\/)/g, '"').replaceAll(`${process.cwd()}/`, '')).toMatchFileSnapshot('screens/investigation.txt')
  })
})

describeTmux('the prompt in a real terminal', () => {
  test('keeps what is typed before anything is loaded, and never clears what was shown', { timeout: 5 * minutes }, async () => {
    const t = start('repl', 80, 24, { NO_COLOR: '1' })
    await t.waitFor(/slab>/, 20)
    t.type('[1, 2,')
    await t.waitFor(/slab> \[1, 2,/, 20)
    await t.waitFor(/try first[^]*slab> \[1, 2,/)
    // An open bracket goes on in the next line.
    t.press('Enter')
    t.type('3]')
    t.press('Enter')
    await t.waitFor(/\[ 1, 2, 3 \]/)
    // A paste is one piece, and no line of it is run by itself.
    t.paste('const pasted = (\n  6 *\n  7\n)\npasted')
    await t.waitFor(/ {4}\. pasted$/m)
    t.press('Enter')
    await t.waitFor(/^42$/m)
    // Wide characters count as two cells.
    t.type('\'漢字\'')
    t.press('Left', 'Left')
    t.type('x')
    expect(await t.waitFor(/slab> '漢x字'/)).not.toContain('\u001b')
    t.press('C-c')
    await t.waitFor(/'漢x字'\^?C?/)
    // A loop is stopped, and its variables are still there.
    t.type('while (true) {}')
    t.press('Enter')
    await t.waitFor(/Ctrl-C stops/)
    t.type('pasted + 1')
    await t.waitFor(/slab> pasted \+ 1/)
    t.press('C-c')
    await t.waitFor(/was interrupted/)
    t.press('Enter')
    await t.waitFor(/^43$/m)
    // What does not compile comes back.
    t.type('pasted.nothing')
    t.press('Enter')
    await t.waitFor(/TS2339[^]*slab> pasted\.nothing$/)
    t.press('C-u')
    // A process that dies is replaced, with a word.
    t.type('process.exit(3)')
    t.press('Enter')
    await t.waitFor(/all variables are lost/)
    // Narrower and wider: the prompt is whole, and nothing above it is gone.
    t.type('\'a text that is longer than a narrow terminal\'')
    t.resize(40, 15)
    await t.waitFor(/slab> 'a text that is longer than a/)
    t.resize(100, 30)
    await t.waitFor(/slab> 'a text that is longer than a narrow terminal'/)
    const all = t.scrollback()
    for (const shown of ['slablab 0', 'try first', '[ 1, 2, 3 ]', '42', '43', 'TS2339', 'all variables are lost']) expect(all).toContain(shown)
    t.close()
    // The terminal is gone; the history is not.
    await new Promise((resolve) => setTimeout(resolve, 1000))
    expect(history().at(-1)).toBe('process.exit(3)')
    expect(existsSync(path.join(folder, 'core'))).toBe(false)
  })
})
