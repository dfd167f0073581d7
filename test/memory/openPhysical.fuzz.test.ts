import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { SlablabError } from '../../lib/errors.js'
import { openPhysical } from '../../lib/memory/openPhysical.js'
import { bytesOf } from '../../lib/source/bytes.js'
import { fileKind } from '../../lib/source/fileKind.js'
import { Warnings } from '../../lib/warnings.js'
import { samplePage } from '../builders/bytes.js'
import { elfCore } from '../builders/elfCore.js'
import { flattenedFile } from '../builders/flattened.js'
import { kdumpFile, type KdumpPage } from '../builders/kdump.js'
import { fuzzRounds, fuzzTimeout, mutated } from '../builders/mutate.js'
import { packings } from '../builders/packers.js'
import { randomFrom } from '../builders/random.js'

const pages = new Map<number, KdumpPage>(Array.from({ length: 15 }, (_, i) => [i * 2, { data: samplePage(i), packing: packings[i % 5] }]))
const prstatus = new Uint8Array(336)
const notes = [{ name: 'CORE', type: 1, content: prstatus }, { name: 'VMCOREINFO', content: 'OSRELEASE=6.1.0\nPAGESIZE=4096\nSYMBOL(_stext)=ffffffff81000000\n' }, { name: 'QEMU', content: new Uint8Array(440) }]
const kdump = kdumpFile(pages, { blocks: 60, excluded: [1, 50], vmcoreinfo: 'OSRELEASE=6.1.0\nPAGESIZE=4096\n', notes: new Uint8Array(64), eraseinfo: 'x' })
const elf = elfCore([{ physical: 0x1000, data: samplePage(1, 9000), memoryBytes: 20_000 }, { physical: 0x2000, data: samplePage(2) }, { physical: 2 ** 33, data: samplePage(3) }], { notes })
const third = kdump.length >> 2

const inputs: [string, Uint8Array, number][] = [
  ['kdump-compressed', kdump, 0x1d0],
  ['kdump-compressed, sub-header and descriptors', kdump, 4096 * 4 + 15 * 24],
  ['kdump-compressed, big-endian', kdumpFile(pages, { littleEndian: false }), 4200],
  ['kdump-compressed, 32 bits', kdumpFile(pages, { layout: 'arm', vmcoreinfo: 'OSRELEASE=5\n' }), 4200],
  ['a part of a split dump', kdumpFile(pages, { split: { start: 4, end: 20 } }), 4200],
  ['blocks of 64 KiB', kdumpFile(new Map([[1, { data: samplePage(1, 65536), packing: 'zlib' }]]), { blockBytes: 65536, vmcoreinfo: 'PAGESIZE=4096\n' }), 0x1d0],
  ['ELF', elf, 64 + 4 * 56],
  ['ELF, 32 bits, count in a section', elfCore([{ physical: 0, data: samplePage(1) }], { bits: 32, countInSection: true, notes }), 300],
  ['flattened', flattenedFile([[third, kdump.subarray(third)], [0, kdump.subarray(0, third)], [8, kdump.subarray(8, 16)]]), 4200],
  ['flattened ELF', flattenedFile([[0, elf]]), 4500]
]

async function readSome(bytes: Uint8Array): Promise<void> {
  fileKind(bytes.subarray(0, 65536))
  const { physical, cpus, qemuCpus, vmcoreinfo } = await openPhysical(bytesOf('fuzz', bytes), { warnings: new Warnings(), cacheBytes: 1 << 20, searchVmcoreinfo: bytes.length % 3 === 0 })
  let runs = 0
  for (const { start, end } of physical.presentRuns()) {
    if (!(start < end && end <= physical.frames)) expect.fail(`run ${start} to ${end} of ${physical.frames}`)
    for (const frame of [start, end - 1]) {
      const page = physical.page(frame)
      if (typeof page !== 'string' && page.length !== physical.pageBytes) expect.fail(`page of ${page.length} bytes`)
      if (!physical.has(frame)) expect.fail(`frame ${frame} is in a run and not there`)
    }
    if (++runs > 200) break
  }
  for (const frame of [0, 1, 50, physical.frames - 1, physical.frames, 2 ** 40]) {
    const page = physical.page(frame)
    if (typeof page !== 'string' && !physical.has(frame)) expect.fail(`frame ${frame} has a page and is not there`)
  }
  vmcoreinfo?.symbol('_stext')
  void [cpus, qemuCpus]
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const MOST_HELD = 512 << 20

/** Bytes of buffers in use; what is only waiting to be collected is not counted. */
function heldBytes(before: number): number {
  const held = process.memoryUsage().arrayBuffers - before
  if (held < MOST_HELD) return held
  collect()
  return process.memoryUsage().arrayBuffers - before
}

describe('damaged dumps', () => {
  test.each(inputs)('%s: an error of ours or a dump, in bounded memory and time', async (name, bytes, headBytes) => {
    const random = randomFrom(name.length * 7919)
    await readSome(bytes)
    const before = process.memoryUsage().arrayBuffers
    let most = 0
    let slowest = 0
    let refused = 0
    for (let i = 0, rounds = fuzzRounds(400); i < rounds; i++) {
      const input = mutated(bytes, random, headBytes)
      const start = process.cpuUsage()
      try {
        await readSome(input)
      } catch (error) {
        if (!(error instanceof SlablabError)) throw new Error(`round ${i}: ${(error as Error).stack}`, { cause: error })
        refused++
      }
      slowest = Math.max(slowest, process.cpuUsage(start).user / 1000)
      most = Math.max(most, heldBytes(before))
    }
    expect(refused).toBeGreaterThan(0)
    // A hang, not a slow machine.
    expect(slowest).toBeLessThan(30_000)
    expect(most).toBeLessThan(MOST_HELD)
  }, fuzzTimeout)
})
