import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { columns } from '../../lib/table/columns.js'
import { loadSeries, loadSlabinfo } from '../../lib/table/loadSlabinfo.js'
import { Warnings } from '../../lib/warnings.js'
import { slabinfoSeries, slabinfoText } from '../builders/slabinfo.js'
import { describeEvidence, evidence } from '../evidence.js'

const noon = Date.UTC(2026, 10, 23, 12)
let folder: string
const at = (name: string): string => path.join(folder, name)

function write(name: string, content: string | Uint8Array, time = noon): string {
  mkdirSync(path.dirname(at(name)), { recursive: true })
  writeFileSync(at(name), content)
  utimesSync(at(name), time / 1000, time / 1000)
  return at(name)
}

beforeAll(() => { folder = mkdtempSync(path.join(tmpdir(), 'snapshots-')) })
afterAll(() => rmSync(folder, { recursive: true }))

const kmalloc = (slabs: number): string => slabinfoText([{ name: 'kmalloc-128', slabs }])

type Row = Record<string, unknown>
const load = async (...paths: string[]): Promise<Row[]> => (await loadSlabinfo(paths)).objects() as Row[]

describe('one tidy table', () => {
  test('every column is documented, unknown is null', async () => {
    const table = await loadSlabinfo(write('one', kmalloc(753)))
    expect(table.columnNames().filter((name) => columns[name] === undefined)).toEqual([])
    expect(table.objects()).toEqual([{
      snapshot: 0, time: noon, timeFrom: 'mtime', uptime: null, host: null, cache: 'kmalloc-128', activeObjects: 24096, objects: 24096,
      objectBytes: 128, objectsPerSlab: 32, pagesPerSlab: 1, slabs: 753, bytes: 753 * 4096, file: at('one'), complete: true, listedBy: 'slabinfo'
    }])
    const old = await load(write('old', 'slabinfo - version: 1.0\nfilp 1 2\n'))
    expect(old[0]).toMatchObject({ activeObjects: 1, objects: 2, objectBytes: null, objectsPerSlab: null, slabs: null, bytes: null })
  })

  test('it is a plain arquero table', async () => {
    const table = await loadSlabinfo(write('many', slabinfoSeries({ 'kmalloc-128': [1, 2, 3], filp: [1, 1, 1] })))
    const last = table.filter((row: Row) => row.cache === 'kmalloc-128').orderby('time').objects() as Row[]
    expect(last.map(({ slabs }) => slabs)).toEqual([1, 2, 3])
    expect(table.filter((row: Row) => (row.slabs as number) > 1).numRows()).toBe(2)
  })
})

describe('when a snapshot was taken', () => {
  test('by the file, else its name, else its mtime; the table says which', async () => {
    const rows = await load(
      write('t/slabinfo-20261123-130000', `2026-11-23T09:00:00Z\n${kmalloc(1)}`), write('t/slabinfo-20261123-100000', kmalloc(2)),
      write('t/slabinfo.c', kmalloc(3), noon - 3_600_000))
    expect(rows.map(({ slabs, time, timeFrom }) => [slabs, (noon - (time as number)) / 3_600_000, timeFrom])).toEqual([
      [1, 3, 'file'], [2, 2, 'name'], [3, 1, 'mtime']])
  })

  test('uptimes count back from the last snapshot, which name or mtime dates', async () => {
    const rows = await load(write('boot', slabinfoSeries({ a: [1, 2, 3] }, (i) => `=== uptime=${100 + 60 * i}`)))
    expect(rows.map(({ time, timeFrom }) => [time, timeFrom])).toEqual([120, 60, 0].map((seconds) => [noon - seconds * 1000, 'mtime']))
  })

  test('without any stamp only the last of many is dated', async () => {
    expect((await load(write('none', kmalloc(1).repeat(3)))).map(({ time, timeFrom }) => [time, timeFrom])).toEqual([[null, null], [null, null], [noon, 'mtime']])
  })

  test('files of one time follow each other by name, as people number them', async () => {
    for (const n of [1, 2, 10]) write(`n/slabinfo.${n}`, kmalloc(n))
    expect((await load(at('n/*'))).map(({ slabs }) => slabs)).toEqual([1, 2, 10])
  })

  test('within a file the order is the file\'s, whatever its clock says; files that overlap are merged by time', async () => {
    const clock = [0, 60, 30, 90]
    const stepped = write('steps', clock.map((s, i) => `${1_795_392_000 + s}\n${kmalloc(i + 1)}`).join(''))
    expect((await load(stepped)).map(({ slabs }) => slabs)).toEqual([1, 2, 3, 4])
    const odd = write('odd', [10, 30].map((s) => `${1_795_392_000 + s}\n${kmalloc(s)}`).join(''))
    const even = write('even', [20, 40].map((s) => `${1_795_392_000 + s}\n${kmalloc(s)}`).join(''))
    expect((await load(odd, even)).map(({ slabs }) => slabs)).toEqual([10, 20, 30, 40])
  })
})

describe('where snapshots come from', () => {
  const text = slabinfoSeries({ 'kmalloc-128': [1, 2, 3] })

  test('gzip, xz, zstd, UTF-16', async () => {
    const plain = (await load(write('plain', text))).map(({ slabs, time }) => [slabs, time])
    const packed = [
      write('s.gz', gzipSync(text)), write('s.xz', execFileSync('xz', ['-c'], { input: text })),
      write('s.utf16', Buffer.from(`\ufeff${text}`, 'utf16le'))
    ]
    for (const file of packed) expect((await load(file)).map(({ slabs, time }) => [slabs, time])).toEqual(plain)
  })

  const report: Readonly<Record<string, string>> = {
    'proc/slabinfo': slabinfoText([{ name: 'kmalloc-128', slabs: 55 }]),
    'proc/meminfo': 'MemTotal:  1000 kB\nMemFree:  10 kB\nSUnreclaim:  220 kB\n',
    'proc/cmdline': 'root=/dev/sda1 slab_nomerge quiet\n',
    'sos_commands/memory/free': '               total        used        free      shared  buff/cache   available\nMem:          100000        2000       50000           1        1000       90000\n',
    'sos_commands/host/hostname': 'web1.example\n',
    'sos_commands/date/date': 'Mon Nov 23 09:30:00 UTC 2026\n',
    'proc/uptime': '5000.25 9000.50\n',
    'sos_commands/kernel/dmesg': '[ 1.0] Unreclaimable slab info:\n[ 1.0] Name                      Used          Total\n[ 1.0] filp  1KB  2KB\n',
    'etc/motd': 'kmalloc-128 is fine\n'
  }

  const expectReport = async (file: string): Promise<void> => {
    const series = await loadSeries(file)
    expect(series.snapshots.objects()).toMatchObject([{
      cache: 'kmalloc-128', slabs: 55, host: 'web1.example', time: Date.UTC(2026, 10, 23, 9, 30), timeFrom: 'file', uptime: 5000.25 }])
    expect(series.memory).toMatchObject([{ from: 'meminfo', unreclaimableBytes: 220 * 1024, host: 'web1.example', time: Date.UTC(2026, 10, 23, 9, 30) },
      { from: 'free', totalBytes: 100_000 * 1024 }])
    expect(series).toMatchObject({ merging: false, partial: false })
  }

  const archive = async (members: Readonly<Record<string, string | Uint8Array>>): Promise<Uint8Array> => {
    const tar = pack()
    for (const [name, content] of Object.entries(members)) tar.entry({ name, mtime: new Date(noon) }, typeof content === 'string' ? content : Buffer.from(content))
    tar.entry({ name: 'sosreport-web1/hostname', type: 'symlink', linkname: 'sos_commands/host/hostname' })
    tar.finalize()
    const parts: Buffer[] = []
    for await (const part of tar as AsyncIterable<Buffer>) parts.push(part)
    return Buffer.concat(parts)
  }

  test('an unpacked sos report, also with the links at its root, and a folder of reports', async () => {
    for (const [name, content] of Object.entries(report)) write(`reports/sosreport-web1/${name}`, content)
    symlinkSync('sos_commands/host/hostname', at('reports/sosreport-web1/hostname'))
    symlinkSync('nowhere', at('reports/sosreport-web1/date'))
    await expectReport(at('reports/sosreport-web1'))
    await expectReport(at('reports'))
  })

  test('a packed sos report: tar, tar.gz, tar.xz', async () => {
    const tar = await archive(Object.fromEntries(Object.entries(report).map(([name, content]) => [`./sosreport-web1/${name}`, content])))
    await expectReport(write('sos.tar', tar))
    await expectReport(write('sos.tar.gz', gzipSync(tar)))
    await expectReport(write('sos.tar.xz', execFileSync('xz', ['-c'], { input: tar })))
  })

  test('a report taken without root has no slabs: its OOM log and its memory count', async () => {
    for (const [name, content] of Object.entries(report)) if (name !== 'proc/slabinfo') write(`user/${name}`, content)
    const series = await loadSeries(at('user'))
    expect(series.snapshots.objects()).toMatchObject([{ cache: 'filp', bytes: 2048, uptime: 1, host: 'web1.example' }])
    expect(series.memory).toHaveLength(2)
    expect((await loadSeries(at('user/sos_commands/kernel'))).snapshots.objects()).toMatchObject([{ cache: 'filp', host: null }])
  })

  test('a tar of snapshots, some compressed', async () => {
    const tar = await archive({ 'day/slabinfo-20261123-0100': kmalloc(1), 'day/slabinfo-20261123-0200.gz': gzipSync(kmalloc(2)), 'day/readme': 'none' })
    expect((await load(write('day.tar', tar))).map(({ slabs, timeFrom }) => [slabs, timeFrom])).toEqual([[1, 'name'], [2, 'name']])
  })

  test('a folder takes what holds snapshots and passes over the rest', async () => {
    write('mixed/a', kmalloc(1))
    write('mixed/deep/b', kmalloc(2), noon + 1000)
    write('mixed/vmcore', Buffer.from('KDUMP   \0\0\0\0'))
    write('mixed/notes.txt', 'nothing\n')
    write('mixed/.hidden', kmalloc(9))
    expect((await load(at('mixed'))).map(({ slabs }) => slabs)).toEqual([1, 2])
  })

  test('hosts of several machines', async () => {
    const rows = await load(write('h/a', `host=alpha epoch=1795392000\n${kmalloc(1)}`), write('h/b', `host=beta epoch=1795392001\n${kmalloc(2)}`))
    expect(rows.map(({ host, slabs }) => [host, slabs])).toEqual([['alpha', 1], ['beta', 2]])
  })
})

describe('what can not be read', () => {
  test.each([
    ['empty', '', 'empty: expected slabinfo, slabtop -o, an OOM report, meminfo or free'],
    ['binary', 'KDUMP   \0\0\0', 'binary, not text: expected slabinfo'],
    ['wrong kind', 'hello\n', ':1: no snapshot: found hello, expected slabinfo'],
    ['blank', '\n\n', ':1: no snapshot: found blank lines'],
    ['denied', 'cat: /proc/slabinfo: Permission denied\n', 'found cat: /proc/slabinfo: Permission denied, expected slabinfo, slabtop -o, an OOM report, meminfo or free: /proc/slabinfo is for root only, take it with sudo'],
    ['header only', 'slabinfo - version: 2.1\n', 'no snapshot: found slabinfo - version: 2.1']
  ])('%s', async (name, content, message) => {
    await expect(loadSlabinfo(write(`bad/${name}`, content))).rejects.toThrow(message)
    await expect(loadSlabinfo(at(`bad/${name}`))).rejects.toThrow(at(`bad/${name}`))
  })

  test('absent files, globs without a match, folders without snapshots', async () => {
    await expect(loadSlabinfo(at('absent'))).rejects.toThrow(/ENOENT.*absent/)
    await expect(loadSlabinfo(at('absent*'))).rejects.toThrow('absent*: no file matches')
    mkdirSync(at('nothing'))
    await expect(loadSlabinfo(at('nothing'))).rejects.toThrow('nothing: no snapshots in this folder')
    await expect(loadSlabinfo([])).rejects.toThrow('no files to read')
  })

  test('with a collector, what could be read is returned and the rest is said', async () => {
    const warnings = new Warnings()
    const series = await loadSeries([write('good', kmalloc(4)), at('absent')], { warnings })
    expect(series.partial).toBe(true)
    expect(series.snapshots.numRows()).toBe(1)
    expect(warnings.list().map(({ message }) => message)).toEqual([expect.stringContaining('ENOENT')])
  })

  test('a compressed series that breaks off gives its whole snapshots', async () => {
    const text = slabinfoSeries(Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`cache-${i}`, Array.from({ length: 200 }, (__, n) => (i * n * 7919) % 1000)])))
    const packed = gzipSync(text)
    const file = write('torn.gz', packed.subarray(0, packed.length / 2))
    await expect(loadSlabinfo(file)).rejects.toThrow('torn.gz: damaged gzip stream: found unexpected end of file')
    const warnings = new Warnings()
    const series = await loadSeries(file, { warnings })
    const snapshots = series.snapshots.rollup({ n: 'd => op.max(d.snapshot)' }).get('n', 0) as number
    expect(snapshots).toBeGreaterThan(20)
    expect(series.snapshots.numRows()).toBe((snapshots + 1) * 40)
    expect(warnings.list().map(({ message }) => message).join('\n')).toMatch(/damaged gzip stream[^]*snapshot left out/)
  })

  test('a tar that is cut or is none', async () => {
    const tar = pack()
    tar.entry({ name: 'slabinfo.1' }, kmalloc(1))
    tar.entry({ name: 'slabinfo.2' }, kmalloc(2))
    tar.finalize()
    const parts: Buffer[] = []
    for await (const part of tar as AsyncIterable<Buffer>) parts.push(part)
    const cut = write('cut.tar', Buffer.concat(parts).subarray(0, 1500))
    await expect(loadSlabinfo(cut)).rejects.toThrow(/cut\.tar: damaged tar archive/)
    const warnings = new Warnings()
    expect((await loadSeries(cut, { warnings })).snapshots.numRows()).toBe(1)
  })

  test('an abort stops it', async () => {
    await expect(loadSlabinfo(at('good'), { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i)
  })
})

describeEvidence('the evidence', () => {
  test('the reference case: two machines, one row each', async () => {
    const rows = await load(evidence('seq-operations', '*.slabinfo'))
    expect(rows.map(({ activeObjects, objects, bytes }) => [activeObjects, objects, bytes])).toEqual(
      expect.arrayContaining([[22_726, 24_096, 753 * 4096], [1_767_698, 1_770_688, 55_334 * 4096]]))
  })

  test('a real series', async () => {
    const table = await loadSlabinfo(evidence('arm64-slab', 'slabinfo-series.txt.gz'))
    expect(table.numRows()).toBe(30 * 59)
    const leak = table.filter((row: Row) => row.cache === 'kmalloc-128').objects() as Row[]
    expect(leak.map(({ slabs }) => slabs)).toEqual(expect.arrayContaining([142, 2220]))
    expect(leak[29]).toMatchObject({ snapshot: 29, time: 32_000, timeFrom: 'file', uptime: 32.72, activeObjects: 71_040 })
  })
})

test('/proc/slabinfo of this machine, where it may be read', async () => {
  const own = await loadSlabinfo('/proc/slabinfo').catch((error: NodeJS.ErrnoException) => error.code)
  if (typeof own === 'string' || own === undefined) expect(own).toMatch(/EACCES|EPERM|ENOENT/)
  else expect(own.numRows()).toBeGreaterThan(20)
})
