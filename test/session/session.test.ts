import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { lessOptimized } from '../../kernel/session/optimizeLess.js'
import type { CellResult } from '../../kernel/session/session.js'
import { testSession } from '../builders/testSession.js'

const cells = testSession('session')
const { folder } = cells

async function failure(code: string): Promise<Extract<CellResult, { status: 'error' }>> {
  const result = await cells.session.execute(code)
  if (result.status !== 'error') throw new Error(`expected an error, got ${JSON.stringify(result)}`)
  return result
}

describe('values', () => {
  test('the last expression is the value, and nothing is printed', async () => {
    expect(await cells.value('const a = 20\na + 1')).toBe('21')
    expect(cells.outputs).toEqual([])
  })

  test('their process has V8 optimize less', async () => {
    expect(await cells.value('process.execArgv.slice(0, -1).join(" ")')).toBe(`'${lessOptimized.join(' ')}'`)
  })

  test('a declaration has no value, null has one', async () => {
    expect(await cells.value('const b = 1')).toBeUndefined()
    expect(await cells.value('null')).toBe('null')
  })

  test('arquero is at hand as its own documentation calls it', async () => {
    expect(await cells.value("aq.table({ a: [1, 2] }).orderby(aq.desc('a')).get('a', 0)")).toBe('2')
    expect(await cells.value("import * as imported from 'arquero'\nimported.table === aq.table")).toBe('true')
  })

  test('what packages and the language document is shown, though it is read only then', async () => {
    const shown = async (code: string): Promise<unknown> => (await cells.session.inspect(code, code.length)).data['text/plain']
    expect(await shown('Math.max')).toMatch(/max\(\.\.\.values: number\[\]\): number\n\nReturns the larger of a set of supplied numeric expressions\.\n\n@param values/)
    expect(await shown('aq.desc')).toMatch(/Annotate a table expression to indicate descending sort order\.[^]*Example:\ndesc\('colA'\)/)
  })

  test('await at the top level', async () => {
    expect(await cells.value('const later = await Promise.resolve(7)\nlater * 6')).toBe('42')
    expect(await cells.value('later')).toBe('7')
    expect(await cells.value('let total = 0\nfor await (const n of (async function* () { yield 1; yield 2 })()) total += n\ntotal')).toBe('3')
  })

  test('names are declared again, with other types', async () => {
    await cells.value('let again = 1\nfunction twice(n: number): number { return 2 * n }')
    expect(await cells.value('const again = "text"\nagain.toUpperCase()')).toBe("'TEXT'")
    expect(await cells.value('function twice(s: string): string { return s + s }\ntwice(again)')).toBe("'texttext'")
  })

  test('classes, interfaces, enums and shorthand properties across cells', async () => {
    await cells.value('interface Point { x: number }\nclass Place implements Point { constructor(readonly x: number) {} }\nenum Side { Left = 3 }')
    expect(await cells.value('const place: Point = new Place(5)\nconst x = place.x\nplace instanceof Place && Side.Left')).toBe('3')
    expect(await cells.value('({ x, again })')).toBe("{ x: 5, again: 'text' }")
  })

  test('a function sees what its variables become later', async () => {
    await cells.value('let counted = 1\nconst read = () => counted')
    await cells.value('counted = 9')
    expect(await cells.value('read()')).toBe('9')
  })

  test('bundles of tables', async () => {
    const result = await cells.session.execute("import { table } from 'arquero'\ntable({ cache: ['dentry'], objects: [3] })")
    expect(result.status === 'ok' && Object.keys(result.value?.data ?? {})).toEqual(['text/html', 'text/plain'])
  })
})

describe('the library', () => {
  test('its public names are in scope, and the module by its name', async () => {
    expect(await cells.value("import * as whole from 'slablab'\n[formatBytes(2048), whole.hex === hex]")).toBe("[ '2 KiB', true ]")
  })

  test('its types are known', async () => {
    const number = cells.session.executionCount + 1
    expect((await failure('formatBytes("many")')).message).toBe(`Cell[${number}].ts:1:13 TS2345: Argument of type 'string' is not assignable to parameter of type 'number'.`)
  })
})

describe('streams', () => {
  test('in order, as they were written', async () => {
    await cells.value('console.log("one"); console.error("two"); process.stdout.write("three")')
    expect(cells.outputs).toEqual([
      { kind: 'stream', name: 'stdout', text: 'one\n' }, { kind: 'stream', name: 'stderr', text: 'two\n' }, { kind: 'stream', name: 'stdout', text: 'three' }
    ])
  })
})

describe('errors', () => {
  test('name cells and lines as they were written, without frames of ours', async () => {
    const number = cells.session.executionCount + 1
    await cells.value('\n\nfunction fail(): never {\n  throw new RangeError("too far")\n}')
    const error = await failure('const before: number = 1\n\nfail()')
    expect(error).toMatchObject({ name: 'RangeError', message: 'too far' })
    expect(error.traceback).toEqual([
      'RangeError: too far', `    at fail (Cell[${number}].ts:4:9)`, `    at Cell[${number + 1}].ts:3:1`
    ])
  })

  test('of types show the place', async () => {
    const number = cells.session.executionCount + 1
    expect((await failure('const good = 1\nmissing + good')).traceback).toEqual([
      `Cell[${number}].ts:2:1 TS2304: Cannot find name 'missing'.`, '  2 | missing + good', '      ^^^^^^^'
    ])
  })
})

describe('imports', () => {
  test('node:, CommonJS, ESM with a top-level await, local TypeScript', async () => {
    writeFileSync(path.join(folder, 'helper.ts'), 'import { sep } from "node:path"\nexport const help = (n: number): string => sep.repeat(n)\n')
    expect(await cells.value("import { help } from './helper'\nimport fs, { existsSync } from 'node:fs'\nimport * as vega from 'vega'\n[help(2), fs.existsSync === existsSync, typeof vega.parse]")).toBe("[ '//', true, 'function' ]")
    expect(await cells.value("const lite = await import('vega-lite')\ntypeof lite.compile")).toBe("'function'")
  })
})

describe('interrupts', () => {
  test('a loop stops and variables stay', async () => {
    await cells.value('const kept = 1')
    const running = cells.session.execute('while (true) {}')
    await new Promise((resolve) => setTimeout(resolve, 300))
    await cells.session.interrupt()
    expect(await running).toMatchObject({ status: 'error', name: 'KeyboardInterrupt' })
    expect(await cells.value('kept')).toBe('1')
  })

  test('a loop after an await, too', async () => {
    const running = cells.session.execute('await 1\nwhile (true) {}')
    await new Promise((resolve) => setTimeout(resolve, 300))
    await cells.session.interrupt()
    expect(await running).toMatchObject({ status: 'error', name: 'KeyboardInterrupt' })
    expect(await cells.value('kept')).toBe('1')
  })

  test('waiting stops at once', async () => {
    const running = cells.session.execute('await new Promise(() => {})')
    await new Promise((resolve) => setTimeout(resolve, 200))
    await cells.session.interrupt()
    expect(await running).toMatchObject({ status: 'error', name: 'KeyboardInterrupt' })
    expect(await cells.value('kept')).toBe('1')
  })
})

describe('the end of the process', () => {
  test('costs the variables only, and is told', async () => {
    expect(await failure('process.exit(3)')).toMatchObject({ name: 'ProcessEnded', message: 'the process that runs the cells ended with exit code 3' })
    expect(cells.outputs).toEqual([{ kind: 'notice', text: 'all variables are lost; the next cell starts anew' }])
    expect((await failure('kept')).message).toContain("Cannot find name 'kept'")
    expect(await cells.value('1 + 1')).toBe('2')
  })
})
