import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from '../../kernel/cli/run.js'
import { fakeTerminal } from '../builders/fakeTerminal.js'
import { slabinfoSeries, slabinfoText } from '../builders/slabinfo.js'
import { describeEvidence, evidence } from '../evidence.js'

let folder: string
const at = (name: string): string => path.join(folder, name)
const write = (name: string, text: string): string => {
  writeFileSync(at(name), text)
  return at(name)
}

interface Ran { code: number; out: string; err: string }

async function slablab(...argv: string[]): Promise<Ran> {
  const terminal = fakeTerminal()
  const code = await run(argv, terminal)
  return { code, out: terminal.text, err: terminal.errors }
}

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'series-'))
  write('series', slabinfoSeries({ leak: Array.from({ length: 20 }, (_, i) => 10 + 10 * i), small: Array.from({ length: 20 }, (_, i) => 10 + (i >> 1)), kmem_cache: Array<number>(20).fill(5) }))
})
afterAll(() => rmSync(folder, { recursive: true }))

const healthy = 'datasets/seq-operations/healthy.slabinfo'
const leaking = 'datasets/seq-operations/leaking.slabinfo'

describe('growth', () => {
  test('a table for people, with the threshold below it', async () => {
    const { code, out, err } = await slablab('growth', at('series'))
    expect(code).toBe(0)
    expect(err).toBe('')
    expect(out).toMatch(/^cache +verdict +reason/)
    expect(out).toMatch(/^leak +growing +grew 760 KiB in 19 min, 9\d % of the whole growth/m)
    expect(out).toMatch(/^small +steady +grew 36 KiB, below the threshold of 10 % of the whole growth/m)
    expect(out).toMatch(/^Threshold: 10 % of the whole growth of \d+ KiB\.$/m)
  })

  test('JSON is the contract and nothing else; the words go to stderr', async () => {
    const { out, err } = await slablab('growth', at('series'), '--format', 'json', '--threshold', '2 %')
    const rows = JSON.parse(out) as Record<string, unknown>[]
    expect(rows.map(({ cache, verdict }) => [cache, verdict])).toEqual([['leak', 'growing'], ['small', 'growing'], ['kmem_cache', 'steady']])
    expect(Object.keys(rows[0])).toEqual(['cache', 'verdict', 'reason', 'bytesPerHour', 'low', 'high', 'objects', 'bytes', 'reclaimable'])
    expect(err).toMatch(/Threshold: 2 %/)
  })

  test('memory beside the snapshots: what is missing, and what the cache explains', async () => {
    const meminfo = (free: number, slab: number): string => `MemTotal: 100000 kB\nMemFree: ${free} kB\nBuffers: 0 kB\nCached: 0 kB\nSReclaimable: 10 kB\nSUnreclaim: ${slab} kB\n`
    const text = slabinfoSeries({ leak: [100, 200, 300, 400, 500, 600, 700], kmem_cache: [5, 5, 5, 5, 5, 5, 5] })
    const parts = text.split(/(?==== SNAPSHOT)/)
    const { out } = await slablab('growth', write('memory', parts.map((part, i) => part + meminfo(50_000 - 500 * i, 1000 + 400 * i)).join('')))
    expect(out).toMatch(/^Memory: 2\.93 MiB more is used than before; unreclaimable slab grew by 2\.34 MiB \(80 % of it\); leak grew by 2\.34 MiB, which explains 100 % of that\.$/m)
  })

  test('wrong usage is 2, unreadable is 1, part of it is shown and marked', async () => {
    expect((await slablab('growth')).code).toBe(2)
    expect(await slablab('growth', at('series'), '--threshold', 'much')).toMatchObject({ code: 2, err: 'slablab: expected --threshold to be a percentage from 0 to 100, got much\n' })
    expect(await slablab('growth', write('empty', ''))).toMatchObject({ code: 1, out: '' })
    const denied = await slablab('growth', write('denied', 'cat: /proc/slabinfo: Permission denied\n'))
    expect(denied).toMatchObject({ code: 1, out: '' })
    expect(denied.err).toMatch(/denied:1: no snapshot: found cat: \/proc\/slabinfo: Permission denied, expected .*sudo\n/)
    expect(await slablab('growth', write('meminfo', 'MemTotal: 100 kB\nMemFree: 1 kB\n'))).toMatchObject({ code: 1, err: expect.stringContaining('no snapshot of slab caches, only of memory') as string })
    const partly = await slablab('growth', at('series'), at('absent'))
    expect(partly.code).toBe(1)
    expect(partly.out).toMatch(/^leak +growing/m)
    expect(partly.err).toMatch(/ENOENT.*absent[^]*partial result/)
  })

  test('an OOM report lists unreclaimable caches only', async () => {
    const log = write('oom', '[ 1.5] Unreclaimable slab info:\n[ 1.5] Name                      Used          Total\n[ 1.5] my_cache          1000KB       1010KB\n')
    expect(JSON.parse((await slablab('growth', log, '--format', 'json')).out)).toMatchObject([{ cache: 'my_cache', verdict: 'unknown', objects: null, bytes: 1010 * 1024, reclaimable: false }])
  })

  test('several machines: one is chosen', async () => {
    const both = write('both', slabinfoSeries({ a: [1, 2] }, (i) => `host=alpha epoch=${1_795_392_000 + i}`) + slabinfoSeries({ a: [1, 2] }, (i) => `host=beta epoch=${1_795_392_100 + i}`))
    expect(await slablab('growth', both)).toMatchObject({ code: 2, err: expect.stringContaining('snapshots of 2 machines (alpha, beta)') as string })
    expect((await slablab('growth', both, '--host', 'beta')).code).toBe(0)
  })
})

describe('compare', () => {
  test('the reference case', async () => {
    const { code, out } = await slablab('compare', healthy, leaking)
    expect(code).toBe(0)
    expect(out).toMatch(/^kmalloc-128 +22,726 +1,767,698 +1,744,972 +213 MiB +grown$/m)
    expect(out).toMatch(/kmalloc-128: \+1,744,972 objects, \+213 MiB of slab pages\./)
    expect(out).toMatch(/kmalloc-128 has slots of 128 bytes; what may hide there: kmalloc of up to 128 bytes/)
    expect(JSON.parse((await slablab('compare', healthy, leaking, '--format', 'json')).out)).toEqual([{
      cache: 'kmalloc-128', beforeObjects: 22_726, afterObjects: 1_767_698, deltaObjects: 1_744_972, deltaBytes: 223_563_776, status: 'grown' }])
  })

  test('a series alone, by number and by time', async () => {
    const deltas = async (...argv: string[]): Promise<unknown> => (JSON.parse((await slablab('compare', at('series'), ...argv, '--format', 'json')).out) as { cache: string; deltaObjects: number }[]).find(({ cache }) => cache === 'leak')?.deltaObjects
    expect(await deltas()).toBe(190 * 32)
    expect(await deltas('--before', '5', '--after', '7')).toBe(20 * 32)
    expect(await deltas('--before', '2026-11-23T00:02Z', '--after', '2026-11-23 00:10')).toBe(80 * 32)
    expect(await slablab('compare', at('series'), '--before', 'noon')).toMatchObject({ code: 2, err: expect.stringContaining('expected --before to be a time such as') as string })
  })

  test('steps of an experiment: what fell and what did not', async () => {
    const step = (name: string, leak: number, sessions: number): string => write(name, slabinfoText([{ name: 'kmalloc-128', slabs: leak }, { name: 'sessions', slabs: sessions }]))
    const files = [step('running', 1000, 600), step('stopped', 1000, 20), step('reloaded', 999, 20)]
    const labels = ['--label', 'running', '--label', 'service stopped', '--label', 'module reloaded']
    const { out } = await slablab('compare', ...files, ...labels)
    expect(out).toMatch(/^After ‘service stopped’ fell: sessions \(by 2\.27 MiB\); did not fall: kmalloc-128 \(3\.91 MiB\)\.$/m)
    expect(out).toMatch(/^After ‘module reloaded’ fell: nothing; did not fall: kmalloc-128 \(3\.9 MiB\), sessions \(80 KiB\)\.$/m)
    const rows = JSON.parse((await slablab('compare', ...files, ...labels, '--format', 'json')).out) as Record<string, unknown>[]
    expect(rows).toHaveLength(4)
    expect(rows[0]).toEqual({ step: 'service stopped', cache: 'kmalloc-128', beforeObjects: 32_000, afterObjects: 32_000, deltaObjects: 0, deltaBytes: 0, status: 'same' })
    expect((await slablab('compare', ...files)).err).toMatch(/expected two files to compare, or one series, got 3; more need --label/)
    expect((await slablab('compare', ...files, '--label', 'a')).err).toMatch(/expected a --label for each of 3 files, got 1/)
  })
})

test('caches of slabinfo: what it does not know is null', async () => {
  const { out, code } = await slablab('caches', leaking, '--format', 'json')
  expect(code).toBe(0)
  expect(JSON.parse(out)).toEqual([{
    cache: 'kmalloc-128', address: null, objectBytes: null, slotBytes: 128, allocated: 1_767_698, total: 1_770_688, slabs: 55_334, slabBytes: 4096, bytes: 226_648_064, aliases: [] }])
})

describe('watch', () => {
  test('records, says what grows in plain lines, and goes on', async () => {
    const from = write('slabinfo', slabinfoText([{ name: 'leak', slabs: 7 }]))
    const line = ['watch', at('recorded'), '--from', from, '--interval', '0.01', '--count', '2']
    const { code, out, err } = await slablab(...line)
    expect(code).toBe(0)
    expect(out).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ {2}snapshot 1 {2}slab 28 KiB\n.* snapshot 2 {2}slab 28 KiB\n$/)
    expect(err).toMatch(/^2 snapshots in .*recorded; what grew: slablab growth .*recorded\n$/)
    await slablab(...line)
    expect(readFileSync(at('recorded'), 'utf8').match(/^=== SNAPSHOT/gm)).toHaveLength(4)
  })

  test('on a terminal it draws over its own lines and nothing else', async () => {
    const from = write('slabinfo', slabinfoText([{ name: 'leak', slabs: 7 }]))
    const terminal = fakeTerminal({ outIsTerminal: true, width: 80 })
    await run(['watch', at('live'), '--from', from, '--interval', '0.01', '--count', '3'], terminal)
    const frames = terminal.text.split(/\u001b\[\d+A/)
    expect(frames).toHaveLength(3)
    for (const frame of frames) expect(frame.split('\n').slice(0, -1).every((text) => text.startsWith('\u001b[2K'))).toBe(true)
    expect(terminal.text).not.toMatch(/\u001b\[[0-3]?J/)
    expect(frames[2]).toMatch(/3 snapshots/)
  })

  test('wrong usage, unreadable slabs', async () => {
    expect(await slablab('watch')).toMatchObject({ code: 2, err: 'slablab: expected one FILE to record to, got 0\n' })
    expect(await slablab('watch', at('x'), '--interval', '-1')).toMatchObject({ code: 2 })
    expect(await slablab('watch', at('x'), '--count', '1.5')).toMatchObject({ code: 2, err: 'slablab: expected --count to be a number above 0, got 1.5\n' })
    expect(await slablab('watch', at('x'), '--from', at('none'))).toMatchObject({ code: 1, out: '' })
  })
})

describeEvidence('the evidence', () => {
  test('a snapshot against a dump of the same machine', async () => {
    const { code, out } = await slablab('compare', evidence('arm64-slab', 'slabinfo-series.txt.gz'), evidence('arm64-slab', 'vmcore'), '--format', 'json')
    expect(code).toBe(0)
    const leak = (JSON.parse(out) as { cache: string; beforeObjects: number; afterObjects: number }[]).find(({ cache }) => cache === 'kmalloc-128')
    // slabinfo counts what lies in array caches as active; the dump does not.
    expect(leak).toMatchObject({ beforeObjects: 71_040, afterObjects: 71_003 })
  })
})
