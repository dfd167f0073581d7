import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { usedBytes } from '../../lib/source/meminfo.js'
import { readSnapshots } from '../../lib/source/snapshotReader.js'
import { slabinfoText } from '../builders/slabinfo.js'
import { describeEvidence, evidence } from '../evidence.js'

const KiB = 1024

describe('free', () => {
  const free = (text: string): unknown => readSnapshots('free', text).memory[0]

  test('procps of today and of old, in KiB', () => {
    expect(free(`               total        used        free      shared  buff/cache   available
Mem:         8007564     3000000     2000000        1234     3007564     4500000
Swap:              0           0           0
`)).toMatchObject({ from: 'free', totalBytes: 8_007_564 * KiB, freeBytes: 2_000_000 * KiB, availableBytes: 4_500_000 * KiB, cachedBytes: 3_007_564 * KiB, buffersBytes: 0 })
    expect(free(`             total       used       free     shared    buffers     cached
Mem:        261668     251968       9700          0       7368       8192
-/+ buffers/cache:     236408      25260
`)).toMatchObject({ totalBytes: 261_668 * KiB, buffersBytes: 7368 * KiB, cachedBytes: 8192 * KiB, availableBytes: null, unreclaimableBytes: null })
  })

  test('free -h, -m and -w', () => {
    expect(free('               total        used        free      shared  buff/cache   available\nMem:           7.6Gi       2.9Gi       1.9Gi       1.0Mi       2.9Gi       4.3Gi\n'))
      .toMatchObject({ totalBytes: Math.round(7.6 * 1024 ** 3), freeBytes: Math.round(1.9 * 1024 ** 3) })
    expect(free('              total        used        free      shared  buff/cache   available\nMem:           7819        2929        1953           1        2937        4394\n'))
      .toMatchObject({ totalBytes: 7819 * 1024 ** 2 })
    expect(free('               total        used        free      shared     buffers       cache   available\nMem:         8007564     3000000     2000000        1234       7564     3000000     4500000\n'))
      .toMatchObject({ buffersBytes: 7564 * KiB, cachedBytes: 3_000_000 * KiB })
  })

  test('a Mem: line of something else is none', () => {
    expect(readSnapshots('s', 'Mem:  31571968 18669568 12902400        0    24576 12156928\n').memory).toEqual([])
  })
})

describe('meminfo', () => {
  const meminfo = 'MemTotal:         183032 kB\nMemFree:          155640 kB\nBuffers:               4 kB\nCached:             4580 kB\nActive(anon):       4324 kB\nSlab:              13820 kB\nSReclaimable:        384 kB\nSUnreclaim:        13436 kB\nHugePages_Total:       0\n'

  test('beside snapshots in one text, each takes the stamp of the snapshot it stands with', () => {
    const text = [0, 60].map((s) => `=== SNAPSHOT uptime=${s + 1} epoch=${1_795_392_000 + s}\n${slabinfoText([{ name: 'a' }])}${meminfo}`).join('')
    const { memory, heads } = readSnapshots('s', text)
    expect(heads).toHaveLength(2)
    expect(memory.map(({ time, uptime }) => [time, uptime])).toEqual([[1_795_392_000_000, 1], [1_795_392_060_000, 61]])
    expect(memory[0]).toMatchObject({ slabBytes: 13_820 * KiB, reclaimableBytes: 384 * KiB, unreclaimableBytes: 13_436 * KiB, availableBytes: null })
    expect(usedBytes(memory[0])).toBe((183_032 - 155_640 - 4 - 4580) * KiB)
    const before = readSnapshots('s', text.replace(/(===.*\n)([^M]*)(Mem[^=]*)/g, '$1$3$2'))
    expect(before.memory.map(({ time }) => time)).toEqual(memory.map(({ time }) => time))
    expect(before.heads.map(({ time }) => time)).toEqual(memory.map(({ time }) => time))
  })

  test('what it does not say stays unknown', () => {
    const [reading] = readSnapshots('s', 'MemTotal:   1000 kB\nMemFree:  10 kB\n').memory
    expect(reading).toMatchObject({ totalBytes: 1000 * KiB, cachedBytes: null })
    expect(usedBytes(reading)).toBeNull()
  })
})

describeEvidence('the real meminfo', () => {
  test.each(['arm64-slab', 'x86_64-slub', 'x86_64-slub-6.12', 'x86_64-slub-debug'])('%s', (folder) => {
    const text = readFileSync(evidence(folder, 'meminfo'), 'utf8')
    const [reading] = readSnapshots(folder, text).memory
    expect(reading.slabBytes).toBe(reading.reclaimableBytes! + reading.unreclaimableBytes!)
    expect(reading.totalBytes).toBe(Number(/^MemTotal: +(\d+)/m.exec(text)![1]) * KiB)
  })
})
