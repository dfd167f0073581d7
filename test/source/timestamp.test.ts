import { describe, expect, test } from 'vitest'
import { stampOf, timeIn, timeInName, timeWithoutYear, uptimeIn } from '../../lib/source/timestamp.js'

const at = Date.UTC(2026, 10, 23, 0, 4, 27)

describe('a time in a line', () => {
  test.each([
    '2026-11-23T00:04:27Z', '2026-11-23 00:04:27', '2026-11-23 00:04:27.000 UTC', '2026/11/23 00:04:27', '2026-11-23T08:04:27+08:00',
    '2026-11-22T19:04:27-0500', 'Mon Nov 23 00:04:27 UTC 2026', '# Mon Nov 23 00:04:27 2026', 'Mon Nov 23 01:04:27 CET 2026',
    'zzz ***Mon Nov 23 00:04:27 CST 2026', 'zzz <11/23/2026 00:04:27>  Count:1', 'Mon 23 Nov 2026 12:04:27 AM UTC',
    'Mon, 23 Nov 2026 00:04:27 +0000', '[Mon Nov 23 00:04:27 2026] text', '23/11/2026 00:04:27', '1795392267', '@1795392267',
    '# 1795392267', 'epoch=1795392267', 'epoch: 1795392267', 'timestamp: 1795392267000', '=== 1795392267 ===',
    '2026年 11月 23日 星期一 00:04:27 CST', 'Sun Nov 22 16:04:27 PST 2026', 'Date: 2026-11-23_00:04:27'
  ])('%s', (line) => expect(timeIn(line)).toBe(at))

  test.each(['', 'kmalloc-128', '2026-13-23 00:04:27', '2026-02-30 00:04:27', '2026-11-23 25:04:27', '12345678901', 'MemTotal: 1795392267 kB',
    'Nov 23 00:04:27', '00:04:27'])('no time: %s', (line) => expect(timeIn(line)).toBeNull())

  test('parts of a second, noon and midnight', () => {
    expect(timeIn('2026-11-23T00:04:27.25Z')).toBe(at + 250)
    expect(timeIn('Mon Nov 23 12:04:27 PM UTC 2026')).toBe(at + 12 * 3_600_000)
    expect(timeIn('epoch=0')).toBe(0)
  })

  test('without a year it is the last such moment before the file was written', () => {
    expect(timeWithoutYear('Nov 23 00:04:27 host kernel:', at + 5000)).toBe(at)
    expect(timeWithoutYear('Dec 31 23:59:59 host kernel:', Date.UTC(2027, 0, 1))).toBe(Date.UTC(2026, 11, 31, 23, 59, 59))
    expect(timeWithoutYear('host kernel:', at)).toBeNull()
  })
})

describe('a time in a file name', () => {
  test.each([
    ['slabinfo-20261123-000427.txt', at], ['slabinfo_2026-11-23T00:04:27Z', at], ['slabinfo.1795392267', at], ['a/20261123000427/slabinfo', at],
    ['slabinfo-2026-11-23_00-04-27.gz', at], ['slabinfo.20261123T000427Z.xz', at], ['sosreport-host-2026-11-23-abcdefg/slabinfo', Date.UTC(2026, 10, 23)],
    ['host_slabinfo_26.11.23.0004.dat', Date.UTC(2026, 10, 23, 0, 4)], ['slabinfo-2026-11-23', Date.UTC(2026, 10, 23)],
    ['slabinfo', null], ['slabinfo.7', null], ['slabinfo-6.1.0-50-cloud', null], ['slabinfo-20269999', null]
  ])('%s', (name, expected) => expect(timeInName(name)).toBe(expected))
})

test.each([
  ['=== SNAPSHOT 3 uptime=5.38 epoch=1', 5.38], ['12345.67 23456.78', 12345.67], [' 00:04:27 up 3 days,  2:03,  1 user,  load average: 0.93', 266_580],
  [' 00:04:27 up 12 min,  1 user', 720], ['Uptime: 77', 77], ['set up 3 machines', null]
])('uptime in %s', (line, expected) => expect(uptimeIn(line)).toBe(expected))

test('a stamp line holds time and uptime; a kernel banner, a row and a long text are none', () => {
  expect(stampOf('=== SNAPSHOT 0 uptime=2.17 epoch=1795392267 utc=2026-11-23T00:04:27Z')).toEqual({ time: at, uptime: 2.17 })
  expect(stampOf('Linux host 6.1.0 #1 SMP PREEMPT Mon Nov 23 00:04:27 UTC 2026 x86_64')).toBeUndefined()
  expect(stampOf('kmalloc-128        22726  24096    128   32    1 : tunables  120   60    8 : slabdata    753    753      0')).toBeUndefined()
  expect(stampOf(`2026-11-23 00:04:27 ${'x'.repeat(200)}`)).toBeUndefined()
  expect(stampOf('Unreclaimable slab info:')).toBeUndefined()
})
