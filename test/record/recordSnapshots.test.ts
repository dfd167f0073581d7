import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { recordSnapshots } from '../../lib/record/recordSnapshots.js'
import { SnapshotHistory } from '../../lib/record/snapshotHistory.js'
import { readSnapshots } from '../../lib/source/snapshotReader.js'
import { loadSeries } from '../../lib/table/loadSlabinfo.js'
import { Warnings } from '../../lib/warnings.js'
import { slabinfoText } from '../builders/slabinfo.js'

let folder: string
const at = (name: string): string => path.join(folder, name)
const files = (): { target: string; source: string; beside: string[]; uptime: string } => ({ target: at('series'), source: at('slabinfo'), beside: [at('meminfo')], uptime: at('uptime') })

function show(slabs: number, uptime = 100): void {
  writeFileSync(at('slabinfo'), slabinfoText([{ name: 'leak', slabs }, { name: 'kmem_cache', slabs: 3 }]))
  writeFileSync(at('uptime'), `${uptime}.25 1.00\n`)
}

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'record-'))
  writeFileSync(at('meminfo'), 'MemTotal:  1000 kB\nMemFree:  10 kB\nSUnreclaim:  220 kB')
  show(1)
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('recording', () => {
  test('snapshots come back with times, uptimes, host and memory', async () => {
    let slabs = 1
    const taken = await recordSnapshots({ ...files(), interval: 5, count: 6, host: 'web1', onSnapshot: () => show(++slabs, 100 + slabs) })
    expect(taken).toBe(6)
    const series = await loadSeries(at('series'))
    expect(series.snapshots.filter('d => d.cache === "leak"').array('slabs')).toEqual([1, 2, 3, 4, 5, 6])
    expect(series.snapshots.array('uptime').slice(0, 3)).toEqual([100.25, 100.25, 102.25])
    expect(new Set(series.snapshots.array('host'))).toEqual(new Set(['web1']))
    expect(series.memory).toHaveLength(6)
    expect(series.memory[0]).toMatchObject({ unreclaimableBytes: 220 * 1024, host: 'web1', uptime: 100.25 })
    expect(series.partial).toBe(false)
  })

  test('a run after a kill goes on in the same file, whatever byte it was killed at', async () => {
    await recordSnapshots({ ...files(), interval: 1, count: 2 })
    const whole = readFileSync(at('series'), 'utf8')
    const second = whole.indexOf('=== SNAPSHOT 0', 10) >= 0 ? whole.indexOf('=== SNAPSHOT 0', 10) : whole.indexOf('=== SNAPSHOT 1')
    for (const length of [second, second + 5, second + 80, second + 260, second + 420, whole.length - 40, whole.length - 1]) {
      writeFileSync(at('series'), whole.slice(0, length))
      await recordSnapshots({ ...files(), interval: 1, count: 1 })
      const series = await loadSeries(at('series'), { warnings: new Warnings() })
      const snapshots = new Set(series.snapshots.array('snapshot')).size
      expect(snapshots, `killed at ${length - second}`).toBeGreaterThanOrEqual(2)
      expect(series.snapshots.numRows(), `killed at ${length - second}`).toBe(2 * snapshots)
    }
  })

  test('an abort ends it between snapshots, with what was taken', async () => {
    const stop = new AbortController()
    const taken = await recordSnapshots({ ...files(), interval: 60_000, signal: stop.signal, onSnapshot: () => setTimeout(() => stop.abort(), 5) })
    expect(taken).toBe(1)
    expect(readSnapshots('s', readFileSync(at('series'), 'utf8')).heads).toHaveLength(1)
    expect(await recordSnapshots({ ...files(), interval: 1, signal: AbortSignal.abort() })).toBe(0)
  })

  test('what lies beside may be missing; slabs may not', async () => {
    await recordSnapshots({ ...files(), beside: [at('none')], uptime: at('none'), interval: 1, count: 1 })
    expect(readFileSync(at('series'), 'utf8')).toMatch(/^=== SNAPSHOT 0 epoch=[\d.]+ utc=\S+\nslabinfo - version: 2\.1\n/)
    await expect(recordSnapshots({ ...files(), source: at('none'), interval: 1, count: 1 })).rejects.toThrow(/ENOENT.*none/)
    writeFileSync(at('slabinfo'), 'cat: /proc/slabinfo: Permission denied\n')
    await expect(recordSnapshots({ ...files(), interval: 1, count: 1 })).rejects.toThrow('no snapshot: found cat: /proc/slabinfo: Permission denied, expected what /proc/slabinfo shows')
    writeFileSync(at('slabinfo'), slabinfoText([{ name: 'a' }]).repeat(2))
    await expect(recordSnapshots({ ...files(), interval: 1, count: 1 })).rejects.toThrow('2 snapshots')
  })

  test('nothing is written where the slabs cannot be read', async () => {
    await expect(recordSnapshots({ ...files(), source: at('none'), interval: 1, count: 1 })).rejects.toThrow()
    expect(existsSync(at('series'))).toBe(false)
  })

  test('it appends to what is there', async () => {
    appendFileSync(at('series'), `2026-11-23 00:00:00\n${slabinfoText([{ name: 'old' }])}`)
    await recordSnapshots({ ...files(), interval: 1, count: 1 })
    expect((await loadSeries(at('series'))).snapshots.array('cache')).toEqual(['old', 'leak', 'kmem_cache'])
  })
})

test('a long recording is thinned out, its first and last snapshot stay', () => {
  const history = new SnapshotHistory()
  for (let i = 0; i < 2000; i++) {
    const text = `uptime=${i} epoch=${1_795_392_000 + i}\n${slabinfoText([{ name: 'leak', slabs: i + 1 }, { name: 'other', slabs: 5 }])}`
    history.add({ path: 'live', bytes: 0, series: readSnapshots('live', text), modified: null, host: null, time: null, uptime: null, merging: null })
  }
  expect(history.length).toBeLessThanOrEqual(400)
  const slabs = history.snapshots().filter('d => d.cache === "leak"').array('slabs')
  expect([slabs[0], slabs.at(-1)]).toEqual([1, 2000])
  expect(history.growth().objects({ limit: 1 })).toMatchObject([{ cache: 'leak', verdict: 'growing' }])
  expect(history.slabBytes()).toBe(2005 * 4096)
})
