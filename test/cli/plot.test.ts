import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { run } from '../../kernel/cli/run.js'
import { fakeTerminal } from '../builders/fakeTerminal.js'
import { fixture } from '../plot/fixtures.js'

const session = 'datasets/seq-operations/session.crash.txt'
const healthy = 'datasets/seq-operations/healthy.slabinfo'
const leaking = 'datasets/seq-operations/leaking.slabinfo'
const series = fixture('x86_64-slub.slabinfo.gz')

const folder = mkdtempSync(path.join(tmpdir(), 'slablab-plot-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function plot(...line: string[]): Promise<{ code: number, text: string, errors: string }> {
  const terminal = fakeTerminal()
  const code = await run(['plot', ...line], terminal)
  return { code, text: terminal.text, errors: terminal.errors }
}

describe('drawn in the terminal', () => {
  test.each([
    [['growth', series], 'kmalloc-cg-32 grew by 3.05 MiB in 50 s'],
    [['growth', series, '--cache', 'filp'], 'filp grew by 56 KiB in 50 s'],
    [['growers', series, '--top', '1'], '1 of 154'],
    [['compare', healthy, leaking], '+213 MiB  (+1,744,972 objects)'],
    [['compare', series], 'kmalloc-cg-32 gained 3.05 MiB'],
    [['signatures', session, '--cache', 'kmalloc-128'], '2 of 3 objects that were read in kmalloc-128 are seq_operations'],
    [['occupancy', session, '--cache', 'kmalloc-128'], 'slabs of kmalloc-128 by the share of their slots in use'],
    [['fragmentation', session], 'of slab memory is not in use'],
    [['fragmentation', series], '154 caches']
  ])('%j', async (line, shown) => {
    const { code, text } = await plot(...line)
    expect(code).toBe(0)
    expect(text.replace(/\n/g, ' ')).toContain(shown)
    expect(text).not.toContain('\u001b')
  })
})

describe('written to a file', () => {
  test('as its name says', async () => {
    const at = (name: string): string => path.join(folder, name)
    for (const name of ['x.svg', 'x.png', 'x.vl.json', 'x.txt']) {
      const { code, text } = await plot('compare', healthy, leaking, '--output', at(name))
      expect([code, text]).toEqual([0, ''])
    }
    expect(readFileSync(at('x.svg'), 'utf8')).toMatch(/^<svg .*<\/svg>$/s)
    expect(readFileSync(at('x.png')).subarray(1, 4).toString()).toBe('PNG')
    expect(readFileSync(at('x.txt'), 'utf8')).toContain('kmalloc-128 ┤█')
    const specification = JSON.parse(readFileSync(at('x.vl.json'), 'utf8')) as { $schema: string }
    expect(specification.$schema).toBe('https://vega.github.io/schema/vega-lite/v5.json')
    const { text } = await plot('compare', healthy, leaking, '--format', 'json')
    expect(JSON.parse(text)).toEqual(specification)
  })

  test('of a kind that does not exist: nothing is written', async () => {
    const before = readdirSync(folder)
    const { code, errors } = await plot('compare', healthy, leaking, '--output', path.join(folder, 'x.pdf'))
    expect(code).toBe(2)
    expect(errors).toMatch(/expected --output to end in \.svg, \.png, \.vl\.json or \.txt, got .*x\.pdf/)
    expect(readdirSync(folder)).toEqual(before)
  })
})

describe('wrong usage', () => {
  test.each([
    [[], 'expected a plot: growth, growers, compare, signatures, occupancy, fragmentation; got none'],
    [['toString', series], 'expected a plot: growth, growers, compare, signatures, occupancy, fragmentation; got toString'],
    [['growth'], 'expected a FILE'],
    [['growth', series, '--top', '0'], 'expected --top to be a whole number from 1, got 0'],
    [['growth', series, '--format', 'csv'], 'a plot has no --format csv; json is its vega-lite specification'],
    [['growth', series, '--cache', 'nope'], 'no cache named nope in the snapshots'],
    [['growth', series, '--host', 'nope'], 'no host named nope in the snapshots, which are of an unnamed host'],
    [['occupancy', session, '--cache', 'a', '--cache', 'b'], 'expected one --cache'],
    [['compare', healthy, leaking, series], 'expected two files to compare, or one series, got 3']
  ])('%j', async (line, message) => {
    const { code, text, errors } = await plot(...line)
    expect(errors).toContain(`slablab: ${message}`)
    expect([code, text]).toEqual([2, ''])
  })

  test('evidence of the wrong kind', async () => {
    const { code, errors } = await plot('occupancy', healthy)
    expect(code).toBe(1)
    expect(errors).toContain('expected a vmcore or a crash session')
  })
})
