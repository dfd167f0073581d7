import { gunzipSync } from 'node:zlib'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readSnapshots, SnapshotReader } from '../../lib/source/snapshotReader.js'
import { UNKNOWN_COUNT, type SnapshotSeries } from '../../lib/source/snapshotSeries.js'
import { slabinfoRow, slabinfoSeries, slabinfoText } from '../builders/slabinfo.js'
import { describeEvidence, evidence } from '../evidence.js'

interface PlainRow { cache: string; active: number | null; objects: number | null; objectBytes: number | null; slabs: number | null; bytes: number | null }

/** The rows of snapshot `i`, unknown as null. */
function rowsOf({ heads, caches, rows }: SnapshotSeries, i = 0): PlainRow[] {
  const { firstRow, rows: count } = heads[i]
  const float = (value: number): number | null => (Number.isNaN(value) ? null : value)
  const counted = (value: number): number | null => (value === UNKNOWN_COUNT ? null : value)
  return Array.from({ length: count }, (_, n) => ({
    cache: caches[rows.cache[firstRow + n]],
    active: float(rows.activeObjects[firstRow + n]),
    objects: float(rows.objects[firstRow + n]),
    objectBytes: counted(rows.objectBytes[firstRow + n]),
    slabs: counted(rows.slabs[firstRow + n]),
    bytes: float(rows.bytes[firstRow + n])
  }))
}

const at = (seconds: number): number => (1_795_392_000 + seconds) * 1000

describe('versions of /proc/slabinfo', () => {
  test('2.1 with names that hold blanks, digits, parentheses', () => {
    const names = ['size-64', 'size-64(DMA)', 'fasync cache', 'kmalloc-32(123:session.scope)', ':A-0000192', 'ext4 1 2', 'ip6-frags']
    const series = readSnapshots('slabinfo', slabinfoText(names.map((name) => ({ name, slabs: 3 }))))
    expect(rowsOf(series).map(({ cache }) => cache)).toEqual(names)
    expect(rowsOf(series)[0]).toEqual({ cache: 'size-64', active: 96, objects: 96, objectBytes: 128, slabs: 3, bytes: 3 * 4096 })
    expect(series.problems).toEqual([])
  })

  test('2.0 and 2.1 with statistics, tabs and CR LF', () => {
    const statistics = ' : globalstat    1234    567    89    0    0    0    0    0    0 : cpustat    1    2    3    4'
    const header = 'slabinfo - version: 2.0 (statistics)\r\n'
    const row = slabinfoRow({ name: 'filp', slabs: 7 }, statistics).replace('\n', '\r\n').replace(/^filp +/, 'filp\t\t')
    expect(rowsOf(readSnapshots('slabinfo', header + row))).toEqual([
      { cache: 'filp', active: 224, objects: 224, objectBytes: 128, slabs: 7, bytes: 7 * 4096 }])
  })

  test('1.2 and 1.1, plain, SMP, with statistics', () => {
    const rows = 'kmem_cache            53     78    100    2    2    1\nfile lock cache        0     42     92    0    1    2\n'
    for (const [header, tail] of [['1.1', ''], ['1.1 (SMP)', ' :  252  126'], ['1.1 (statistics)', ' :     58      58     3    0    0'], ['1.2', '']]) {
      const text = `slabinfo - version: ${header}\n${rows.replaceAll('\n', `${tail}\n`)}`
      expect(rowsOf(readSnapshots('slabinfo', text))).toEqual([
        { cache: 'kmem_cache', active: 53, objects: 78, objectBytes: 100, slabs: 2, bytes: 8192 },
        { cache: 'file lock cache', active: 0, objects: 42, objectBytes: 92, slabs: 1, bytes: 8192 }])
    }
  })

  test('1.0 knows objects, and slabs where it prints five numbers', () => {
    const text = 'slabinfo - version: 1.0\nkmem_cache            29     42\ndentry_cache     1189547 1263374\n'
    expect(rowsOf(readSnapshots('slabinfo', text))[1]).toEqual(
      { cache: 'dentry_cache', active: 1_189_547, objects: 1_263_374, objectBytes: null, slabs: null, bytes: null })
    const older = 'slabinfo - version: 1.0\nkmem_cache          29 42 2 3 1\n'
    expect(rowsOf(readSnapshots('slabinfo', older))).toEqual([{ cache: 'kmem_cache', active: 29, objects: 42, objectBytes: null, slabs: 3, bytes: 12_288 }])
  })

  test('rows without any header, and with the columns line alone', () => {
    const rows = slabinfoRow({ name: 'a', slabs: 2 }) + slabinfoRow({ name: 'b', slabs: 3 })
    expect(rowsOf(readSnapshots('grep', rows)).map(({ slabs }) => slabs)).toEqual([2, 3])
    const columnsLine = '# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables …\n'
    const twice = readSnapshots('tail', (columnsLine + rows).repeat(2))
    expect(twice.heads.map(({ rows: count }) => count)).toEqual([2, 2])
  })

  test('rows cut to their first columns keep slabs where they follow', () => {
    const text = 'slabinfo - version: 2.1\nkmalloc-64 100 128 64 64 1\nodd 10 65 64 64 1\n'
    expect(rowsOf(readSnapshots('awk', text)).map(({ slabs, bytes }) => [slabs, bytes])).toEqual([[2, 8192], [null, null]])
  })

  test('page size is what the slabs need: 4 KiB, 16 KiB, 64 KiB', () => {
    const page = (objectBytes: number, objectsPerSlab: number): number =>
      readSnapshots('s', slabinfoText([{ name: 'a', objectBytes, objectsPerSlab }, { name: 'b', objectBytes: 8, objectsPerSlab: 12 }])).pageBytes
    expect([page(128, 32), page(128, 128), page(128, 512), page(256, 250)]).toEqual([4096, 16384, 65536, 65536])
  })
})

describe('many snapshots in one text', () => {
  test('repeated headers without stamps', () => {
    const series = readSnapshots('s', slabinfoText([{ name: 'a' }, { name: 'b' }]).repeat(3))
    expect(series.heads.map(({ line, rows, time, uptime }) => [line, rows, time, uptime])).toEqual([[1, 2, null, null], [5, 2, null, null], [9, 2, null, null]])
  })

  test.each([
    ['=== SNAPSHOT 0 uptime=2.17 epoch=1795392000 utc=2026-11-23T00:00:00Z', at(0), 2.17],
    ['zzz ***Mon Nov 23 00:00:00 UTC 2026', at(0), null],
    ['# Mon Nov 23 00:00:00 UTC 2026', at(0), null],
    ['2026-11-23 00:00:00', at(0), null],
    ['1795392000', at(0), null],
    ['12345.67 23456.78', null, 12345.67],
    ['Mon Nov 23 00:00:00 UTC 2026\n12345.67 23456.78', at(0), 12345.67],
    ['$ date\nMon Nov 23 00:00:00 UTC 2026\n$ cat /proc/slabinfo', at(0), null]
  ])('stamp %j', (stamp, time, uptime) => {
    const { heads } = readSnapshots('s', `${stamp}\n${slabinfoText([{ name: 'a' }])}`.repeat(2))
    expect(heads.map((head) => [head.time, head.uptime])).toEqual([[time, uptime], [time, uptime]])
  })

  test('stamps below the snapshots belong to what stands above', () => {
    const text = [0, 60, 120].map((seconds) => `${slabinfoText([{ name: 'a' }])}${1_795_392_000 + seconds}\n`).join('')
    expect(readSnapshots('s', text).heads.map(({ time }) => time)).toEqual([at(0), at(60), at(120)])
  })

  test('a header that carries a stamp, and a prefix before every line', () => {
    const lines = slabinfoText([{ name: 'a b', slabs: 5 }]).split('\n').slice(0, -1)
    const text = lines.map((line) => `2026-11-23 00:00:00 ${line}\n`).join('')
    const series = readSnapshots('ts', text)
    expect(series.heads[0].time).toBe(at(0))
    expect(rowsOf(series)).toMatchObject([{ cache: 'a b', slabs: 5 }])
    expect(rowsOf(readSnapshots('mail', lines.map((line) => `> ${line}\n`).join('')))).toMatchObject([{ cache: 'a b', slabs: 5 }])
  })

  test('no headers: a snapshot starts where its first cache comes again, or after a stamp', () => {
    const pair = slabinfoRow({ name: 'a' }) + slabinfoRow({ name: 'b' })
    expect(readSnapshots('s', pair.repeat(3)).heads.map(({ rows }) => rows)).toEqual([2, 2, 2])
    const stamped = readSnapshots('s', [0, 10].map((s) => `${1_795_392_000 + s}\n${pair}`).join(''))
    expect(stamped.heads.map(({ rows, time }) => [rows, time])).toEqual([[2, at(0)], [2, at(10)]])
    expect(readSnapshots('s', slabinfoRow({ name: 'a' }).repeat(4)).heads).toHaveLength(4)
  })

  test('a name listed twice under one header stays in one snapshot', () => {
    const series = readSnapshots('s', slabinfoText([{ name: 'a' }, { name: 'b' }, { name: 'a' }]))
    expect(series.heads).toHaveLength(1)
    expect(rowsOf(series).map(({ cache }) => cache)).toEqual(['a', 'b', 'a'])
  })

  test('caches that come and go in between', () => {
    const series = readSnapshots('s', slabinfoSeries({ a: [1, 1, 1], b: [null, 2, null], c: [3, 3, 3] }))
    expect(series.heads.map((_, i) => rowsOf(series, i).map(({ cache }) => cache).join())).toEqual(['a,c', 'a,b,c', 'a,c'])
  })

  test('host names from our own stamps, uname and prompts; the date in a kernel banner is no stamp', () => {
    const body = slabinfoText([{ name: 'a' }])
    expect(readSnapshots('s', `=== SNAPSHOT 0 host=web-1 epoch=1795392000\n${body}`).heads[0]).toMatchObject({ host: 'web-1', time: at(0) })
    expect(readSnapshots('s', `Linux db2 6.1.0-50 #1 SMP Mon Nov 23 00:00:00 UTC 2026 x86_64\n${body}`).heads[0]).toMatchObject({ host: 'db2', time: null })
    expect(readSnapshots('s', `[root@gw3 ~]# cat /proc/slabinfo\n${body}`).heads[0].host).toBe('gw3')
  })
})

describe('damage', () => {
  test('a row that is none is left out and named with its line', () => {
    const text = slabinfoText([{ name: 'a' }, { name: 'b' }]).replace(/^a .*$/m, 'a 12 13 128 x : tunables 1 2 3 : slabdata 1 1 0')
    const series = readSnapshots('slabinfo.7', text)
    expect(rowsOf(series).map(({ cache }) => cache)).toEqual(['b'])
    expect(series.problems).toEqual(['slabinfo.7:3: not a slabinfo 2.1 row: found a 12 13 128 x : tunables 1 2 3 : slabdata 1 1 0'])
  })

  test('at whatever byte a recorder is killed, whole snapshots survive and no cache vanishes', () => {
    const text = slabinfoSeries({ 'kmalloc-128': [1, 2, 3], filp: [4, 5, 6], kmem_cache: [7, 8, 9] })
    const second = text.indexOf('=== SNAPSHOT 1')
    const third = text.indexOf('=== SNAPSHOT 2')
    for (let length = second; length < text.length; length++) {
      const series = readSnapshots('s', text.slice(0, length))
      const whole = length < third - 1 ? 1 : length < text.length - 1 ? 2 : 3
      // Within the last number of the last row the cut cannot be seen, and does no harm.
      expect(series.heads.length - whole, `cut at ${length}`).toBeLessThanOrEqual(Number(length >= third - 8) + Number(length >= text.length - 8))
      for (const head of series.heads) expect(head.rows, `cut at ${length}`).toBe(3)
      expect(rowsOf(series, series.heads.length - 1).map(({ slabs }) => slabs)).toEqual([1, 4, 7].map((n) => n + series.heads.length - 1))
    }
  })

  test('a torn snapshot is said', () => {
    const text = slabinfoSeries({ a: [1, 2], b: [1, 2], c: [1, 2] })
    expect(readSnapshots('s', text.slice(0, text.lastIndexOf('b '))).problems).toEqual(['s:8: snapshot left out: it breaks off after 1 of 3 rows'])
    const first = text.slice(0, text.indexOf('c ') + 30)
    expect(readSnapshots('s', first).problems).toEqual(['s:6: not a slabinfo 2.1 row: found c                     32     3', 's:2: the text ends within this snapshot; what it holds is read'])
    expect(rowsOf(readSnapshots('s', first)).map(({ cache }) => cache)).toEqual(['a', 'b'])
  })

  test('the reader goes on after a torn snapshot in the middle', () => {
    const text = slabinfoSeries({ a: [1, 2, 3], b: [1, 2, 3] })
    const torn = `${text.slice(0, text.lastIndexOf('b ', text.lastIndexOf('=== SNAPSHOT 2')) + 3)}\n${text.slice(text.lastIndexOf('=== SNAPSHOT 2'))}`
    const { heads, problems } = readSnapshots('s', torn)
    expect(heads.map(({ rows, uptime }) => [rows, uptime])).toEqual([[2, 100], [2, 220]])
    expect(problems).toEqual(['s:7: snapshot left out: it breaks off after 1 of 2 rows'])
  })

  test('empty, binary and permission-denied texts hold nothing, and say what they start with', () => {
    expect(readSnapshots('s', '')).toMatchObject({ heads: [], firstLine: '' })
    expect(readSnapshots('s', '\u0000\u0001\u0002KDUMP   \u0000')).toMatchObject({ heads: [], problems: [] })
    expect(readSnapshots('s', 'cat: /proc/slabinfo: Permission denied\n')).toMatchObject({ heads: [], firstLine: 'cat: /proc/slabinfo: Permission denied' })
    expect(readSnapshots('s', 'slabinfo - version: 2.1\n')).toMatchObject({ heads: [] })
  })

  test('pieces may be torn anywhere', () => {
    const text = slabinfoSeries({ 'kmalloc-128': [1, 2, 3], filp: [4, 5, 6] })
    const whole = readSnapshots('s', text)
    for (const size of [1, 7, 100]) {
      const reader = new SnapshotReader('s')
      for (let i = 0; i < text.length; i += size) reader.push(text.slice(i, i + size))
      expect(reader.finish()).toEqual(whole)
    }
  })
})

test('slabtop -o: sizes of slabs as printed, object size unknown, a list cut to the terminal is not complete', () => {
  const text = ` Active / Total Objects (% used)    : 110848 / 132470 (83.7%)
 Active / Total Slabs (% used)      : 3844 / 3844 (100.0%)
 Active / Total Caches (% used)     : 74 / 2 (70.5%)
 Active / Total Size (% used)       : 25728.59K / 29652.53K (86.8%)
 Minimum / Average / Maximum Object : 0.01K / 0.22K / 8.00K

  OBJS ACTIVE  USE OBJ SIZE  SLABS OBJ/SLAB CACHE SIZE NAME                   \u001b[K
 18837   6569  34%    0.10K    483       39      1932K buffer_head            
 10506   9465  90%    0.04K    103      102       412K fasync cache
`
  const series = readSnapshots('slabtop', `Mon Nov 23 00:00:00 UTC 2026\n${text}\n${text.replace('74 / 2 ', '74 / 105 ')}`)
  expect(rowsOf(series)).toEqual([
    { cache: 'buffer_head', active: 6569, objects: 18837, objectBytes: null, slabs: 483, bytes: 1932 * 1024 },
    { cache: 'fasync cache', active: 9465, objects: 10506, objectBytes: null, slabs: 103, bytes: 412 * 1024 }])
  expect(series.heads.map(({ from, complete, time, rows }) => [from, complete, time, rows])).toEqual([['slabtop', true, at(0), 2], ['slabtop', false, null, 2]])
})

describe('OOM reports', () => {
  const block = (prefix: (n: number) => string, used: number): string => ['Mem-Info:', 'Unreclaimable slab info:', 'Name                      Used          Total',
    `request_sock_TCPv6          3KB          3KB`, `kmalloc-128       ${used}KB     ${used + 10}KB`, 'Tasks state (memory values in pages):',
    '[  pid  ]   uid  tgid total_vm      rss', 'Out of memory: Killed process 77'].map((line, i) => `${prefix(i)}${line}\n`).join('')

  test('two blocks are two snapshots, stamped since boot; a clock line dates them', () => {
    const dmesg = (seconds: number) => (n: number) => `[${(seconds + n / 1e6).toFixed(6).padStart(12)}] `
    const text = block(dmesg(100), 59164) + block(dmesg(400), 99164)
    const series = readSnapshots('dmesg', text)
    expect(series.heads.map(({ from, time, uptime }) => [from, time, Math.round(uptime!)])).toEqual([['oom', null, 100], ['oom', null, 400]])
    expect(rowsOf(series, 1)).toEqual([
      { cache: 'request_sock_TCPv6', active: null, objects: null, objectBytes: null, slabs: null, bytes: 3072 },
      { cache: 'kmalloc-128', active: null, objects: null, objectBytes: null, slabs: null, bytes: 99174 * 1024 }])
    const clock = '[    1.000000] rtc_cmos 00:00: setting system clock to 2026-11-23T00:00:00 UTC (1795392000)\n'
    expect(readSnapshots('dmesg', clock + text).heads.map(({ time }) => time)).toEqual([at(99), at(399)])
  })

  test.each([
    ['syslog', () => 'Nov 23 00:00:00 web1 kernel: [330320.080190] ', at(0), 330320.08019, 'web1'],
    ['ISO syslog', () => '2026-11-23T00:00:00.000000+00:00 web1 kernel: ', at(0), null, 'web1'],
    ['dmesg -T', () => '[Mon Nov 23 00:00:00 2026] ', at(0), null, null],
    ['dmesg -r with caller', () => '<6>[  330.080190][  T123] ', null, 330.08019, null],
    ['pasted without stamps', () => '', null, null, null]
  ])('%s', (_, prefix, time, uptime, host) => {
    const series = readSnapshots('log', block(prefix, 59164), { latest: at(3600) })
    expect(series.heads).toMatchObject([{ time, uptime, host, rows: 2 }])
  })

  test('another CPU may talk in between', () => {
    const text = block(() => '', 59164).replace('kmalloc-128', 'usb 1-1: new device\nkmalloc-128')
    expect(rowsOf(readSnapshots('log', text)).map(({ cache }) => cache)).toEqual(['request_sock_TCPv6', 'kmalloc-128'])
  })
})

describeEvidence('the real series', () => {
  test.each([['x86_64-slub', 30, 154], ['x86_64-slub-6.12', 28, 188], ['x86_64-slub-debug', 30, 154], ['arm64-slab', 30, 59]])('%s', (folder, snapshots, caches) => {
    const text = gunzipSync(readFileSync(evidence(folder, 'slabinfo-series.txt.gz'))).toString()
    const series = readSnapshots(folder, text)
    expect(series.heads).toHaveLength(snapshots)
    expect(series.caches).toHaveLength(caches)
    expect(series.problems).toEqual([])
    expect(series.pageBytes).toBe(4096)
    for (const head of series.heads) expect(head).toMatchObject({ rows: caches, time: expect.any(Number) as number, uptime: expect.any(Number) as number })
    // Against the simplest reading there is.
    const plain = [...text.matchAll(/^(\S+) +(\d+) +(\d+) .*slabdata +\d+ +(\d+)/gm)]
    expect(series.rows.length).toBe(plain.length)
    plain.forEach(([, name, active, objects, slabs], row) => {
      expect([series.caches[series.rows.cache[row]], series.rows.activeObjects[row], series.rows.objects[row], series.rows.slabs[row]])
        .toEqual([name, Number(active), Number(objects), Number(slabs)])
    })
  })
})
