import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { testSession } from '../builders/testSession.js'

// What tslab's own kernel can't do, or does wrong. Its protocol failures are tests of the kernel.
const cells = testSession('tslab')
const { folder } = cells

describe('packages', () => {
  test('of ESM with types, none of which is near the notebook', async () => {
    expect(await cells.value("import { render } from 'ink'\nimport { KernelManager } from '@jupyterlab/services'\nimport * as vl from 'vega-lite'\nimport { op } from 'arquero'\n[typeof render, typeof KernelManager, typeof vl.compile, typeof op.sum]"))
      .toBe("[ 'function', 'function', 'function', 'function' ]")
  })

  test('that is not there is named, with where it was looked for', async () => {
    expect(await cells.session.execute("import nothing from 'no-such-package'\nnothing")).toMatchObject({ status: 'error', message: expect.stringContaining("Cannot find module 'no-such-package'") as string })
  })

  test('a variable whose type no declaration can write does not stop the cell (TS2742)', async () => {
    const inner = path.join(folder, 'node_modules/outer/node_modules/inner')
    mkdirSync(inner, { recursive: true })
    writeFileSync(path.join(inner, 'package.json'), '{ "name": "inner", "version": "1.0.0", "types": "index.d.ts" }')
    writeFileSync(path.join(inner, 'index.d.ts'), 'export declare class Inner { private secret; value: number }\n')
    writeFileSync(path.join(inner, '../../package.json'), '{ "name": "outer", "version": "1.0.0", "main": "index.js", "types": "index.d.ts" }')
    writeFileSync(path.join(inner, '../../index.d.ts'), "import { Inner } from 'inner'\nexport declare function make(): Inner\n")
    writeFileSync(path.join(inner, '../../index.js'), 'exports.make = () => ({ value: 8 })\n')
    expect(await cells.value("import { make } from 'outer'\nconst made = make(), beside = 'kept'\nmade.value")).toBe('8')
    expect(await cells.value('made.value + beside.length')).toBe('12')
    expect(await cells.session.execute('beside.nothing')).toMatchObject({ message: expect.stringContaining('TS2339') as string })
  })
})

describe('local files', () => {
  test('a changed file is taken anew, and its errors name its lines', async () => {
    writeFileSync(path.join(folder, 'mine.ts'), 'export const version: number = 1\n')
    expect(await cells.value("import { version } from './mine'\nversion")).toBe('1')
    writeFileSync(path.join(folder, 'mine.ts'), 'export const version: string = "two"\nexport function fail(): never {\n  throw new Error("here")\n}\n')
    expect(await cells.value("import { version } from './mine'\nversion")).toBe("'two'")
    const failed = await cells.session.execute("import { fail } from './mine'\nfail()")
    expect(failed).toMatchObject({ status: 'error', message: 'here' })
    expect(failed.status === 'error' && failed.traceback[1]).toBe(`    at fail (${path.join(folder, 'mine.ts')}:3:9)`)
  })

  test('plain JavaScript, ESM and JSON', async () => {
    writeFileSync(path.join(folder, 'plain.mjs'), 'export default await Promise.resolve(3)\n')
    writeFileSync(path.join(folder, 'data.json'), '{ "n": 4 }')
    expect(await cells.value("import three from './plain.mjs'\nimport data from './data.json'\nthree + data.n")).toBe('7')
  })
})

describe('output', () => {
  test('of a runaway loop is capped and counted, and an image is shown', async () => {
    await cells.value('for (let i = 0; i < 300000; i++) console.log(`line ${i}`)\ndisplay({ "image/png": "aGk=" })')
    const shown = cells.outputs.map((output) => output.kind === 'stream' ? output.text.length : 0).reduce((a, b) => a + b)
    expect(shown).toBe(1 << 20)
    expect(cells.printed()).toContain('(output capped at 1,048,576 characters; what follows is counted, not shown)')
    expect(cells.printed()).toMatch(/\([\d,]+ more characters in [\d,]+ lines were left out; the last of them:\)\n[^]*line 299999\n$/)
    expect(cells.outputs.some((output) => output.kind === 'display' && output.data['image/png'] === 'aGk=')).toBe(true)
  })

  test('keeps its order around a display that takes its time', async () => {
    await cells.value('display({ [Symbol.for("Jupyter.display")]: async () => { await new Promise((done) => setTimeout(done, 50)); return { "text/plain": "slow" } } })\nconsole.log("after")')
    expect(cells.outputs.map(({ kind }) => kind)).toEqual(['display', 'stream'])
  })

  test('of what a cell has started is shown', async () => {
    await cells.value("import { spawnSync } from 'node:child_process'\nspawnSync('echo', ['from a child'], { stdio: 'inherit' }).status")
    expect(cells.printed()).toBe('from a child\n')
  })
})

describe('what goes wrong beside a cell', () => {
  test('an error in a timer and a rejected promise are told, and cost nothing', async () => {
    await cells.value('const stays = 1\nsetTimeout(() => { throw new Error("in a timer") }, 1)\nvoid Promise.reject(new Error("unheard"))\nawait new Promise((done) => setTimeout(done, 100))')
    expect(cells.printed()).toContain('Uncaught Error: in a timer\n    at Cell[')
    expect(cells.printed()).toContain('Uncaught Error: unheard')
    expect(await cells.value('stays')).toBe('1')
  })

  test('a loop in a timer is interrupted, at the cost of the variables, which is told', async () => {
    const running = cells.session.execute('setTimeout(() => { while (true) {} }, 10)\nawait new Promise(() => {})')
    await new Promise((resolve) => setTimeout(resolve, 1000))
    await cells.session.interrupt()
    expect(await running).toMatchObject({ status: 'error', name: 'KeyboardInterrupt' })
    expect(await cells.value('1 + 1')).toBe('2')
  })

  test('a loop that a cell left behind can be interrupted when no cell runs', async () => {
    await cells.value('setTimeout(() => { while (true) {} }, 50)\nnull')
    await new Promise((resolve) => setTimeout(resolve, 200))
    await cells.session.interrupt()
    expect(cells.printed()).toContain('all variables are lost; the next cell starts anew')
    expect(await cells.value('1 + 1')).toBe('2')
  })

  test('nothing is printed that no cell has asked for', async () => {
    await cells.value("import 'vega-lite'\nnull")
    expect(cells.outputs).toEqual([])
  })
})
