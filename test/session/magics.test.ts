import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { cellParts } from '../../kernel/session/magics/cellParts.js'
import { testSession } from '../builders/testSession.js'

const cells = testSession('magics')
const { folder } = cells

async function run(code: string): Promise<unknown> {
  const result = await cells.session.execute(code)
  return result.status === 'ok' ? result.value?.data['text/plain'] : result
}

describe('cellParts', () => {
  test('commands come first, and code keeps its lines', () => {
    expect(cellParts('%load a b\n\n!ls \\\n -l\nconst x = 1')).toMatchObject({
      commands: [{ kind: 'magic', name: 'load', args: 'a b', isCode: false }, { kind: 'shell', command: 'ls \\\n -l' }],
      code: '\n\n\n\nconst x = 1'
    })
  })

  test('a remainder, a negation within and a conditional are code', () => {
    for (const code of ['5 %time', 'x\n!y', 'a ? b : c', 'x?.y']) expect(cellParts(code)).toEqual({ commands: [], code })
  })
})

describe('magics', () => {
  test('%who lists what cells made', async () => {
    await run('const rows = [1, 2]\nfunction double(n: number): number { return n * 2 }')
    await run('%who')
    expect(cells.printed()).toBe('name    type      value\nrows    Array     [ 1, 2 ]\ndouble  function  [Function: double]\n')
  })

  test('%time of a line and of a cell gives its value', async () => {
    expect(await run('%time rows.length')).toBe('2')
    expect(await run('%time\nconst timed = 3\ntimed + 1')).toBe('4')
    expect(cells.printed()).toMatch(/^[\d.]+ m?s[\d.]+ m?s$/)
    expect(await run('timed')).toBe('3')
  })

  test('!command runs in the folder, and its exit code is told', async () => {
    writeFileSync(path.join(folder, 'seen.txt'), '')
    await run('!ls; echo wrong >&2; exit 3')
    expect(cells.outputs.filter((output) => output.kind === 'stream' && output.name === 'stdout')).toEqual([{ kind: 'stream', name: 'stdout', text: 'seen.txt\n' }])
    expect(cells.printed()).toContain('wrong\n(exit code 3)\n')
  })

  test('!command ends with what it started when it is interrupted', async () => {
    const running = cells.session.execute('!sleep 33')
    await new Promise((resolve) => setTimeout(resolve, 300))
    await cells.session.interrupt()
    expect(await running).toMatchObject({ status: 'error', name: 'KeyboardInterrupt' })
  })

  test('%load runs a file, and opens evidence by what it is', async () => {
    writeFileSync(path.join(folder, 'made.ts'), 'const loaded: number = 5\nloaded + 1\n')
    expect(await run('%load made.ts')).toBe('6')
    writeFileSync(path.join(folder, 'one'), 'slabinfo - version: 2.1\n# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>\ndentry 10 20 192 21 1 : tunables 0 0 0 : slabdata 1 1 0\n')
    await run('%load --code one')
    expect(cells.printed()).toBe("const snapshots = await loadSlabinfo('one')\nsnapshots\n")
    expect(await run('%load one\nsnapshots.numRows()')).toBe('1')
  })

  test('%help lists all, and documents one', async () => {
    await run('%help')
    for (const name of ['%help', '%load', '%reset', '%time', '%who', '!COMMAND']) expect(cells.printed()).toContain(name)
    expect(await run('%help suspects')).toContain('Promise<ColumnTable>')
    expect(await run('hexdump?')).toContain('Example:')
    expect(await run('?hexdump')).toBe(await run('hexdump?'))
  })

  test('%reset forgets variables', async () => {
    await run('%reset')
    expect(await run('rows')).toMatchObject({ message: expect.stringContaining("Cannot find name 'rows'") as string })
  })

  test('an unknown one names those that there are', async () => {
    expect(await run('%nothing')).toMatchObject({ status: 'error', message: 'no magic named %nothing: there are %help, %load, %reset, %time, %who' })
  })
})

describe('completion', () => {
  test('of magics and of paths', async () => {
    expect(await cells.session.complete('%ti', 3)).toEqual({ matches: [{ text: '%time', kind: 'magic' }], start: 0, end: 3 })
    expect(await cells.session.complete("const d = await openDump('se", 28)).toEqual({ matches: [{ text: 'seen.txt', kind: 'path' }], start: 26, end: 28 })
  })

  test('of code behind a magic', async () => {
    const { matches, start } = await cells.session.complete('%time openDu', 12)
    expect(matches[0]).toEqual({ text: 'openDump', kind: 'alias' })
    expect(start).toBe(6)
  })
})
