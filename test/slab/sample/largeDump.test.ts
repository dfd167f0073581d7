import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { sampleSlabs } from '../../../lib/slab/sample/sampleSlabs.js'
import { openFile } from '../../../lib/source/file.js'
import type { ByteSource } from '../../../lib/source/bytes.js'
import { openVmcore } from '../../../lib/system/openVmcore.js'
import { largeDump } from '../../builders/largeDump.js'
import { describeEvidence, evidence } from '../../evidence.js'

const GIGABYTES = 16
const SEEDS = 40

describeEvidence('a large machine', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'slablab-large-'))
  const target = path.join(folder, 'vmcore')

  afterAll(() => rmSync(folder, { recursive: true }))

  test('is known by a sample within bounds, and by little of the file', async () => {
    const truth = await largeDump(evidence('x86_64-slub', 'vmcore'), target, GIGABYTES)
    const whole = await openVmcore(target)
    for (const [name, { slabs, total, allocated }] of truth) expect(whole.caches().find((cache) => cache.name === name)).toMatchObject({ slabs, total, allocated })
    whole.close()

    let bytes = 0
    const file = openFile(target)
    const counted: ByteSource = {
      name: file.name, byteLength: file.byteLength,
      read: (offset, length) => {
        bytes += length
        return file.read(offset, length)
      }
    }
    const system = await openVmcore(counted)
    system.kernel.pageStructRuns()
    const caches = sampleSlabs(system.kernel, { sample: 20 }, () => system.slabs).slabs.table.caches.map(({ name }) => name)
    const held = new Map([...truth.keys()].map((name) => [name, 0]))
    let tightest = Infinity
    const before = bytes
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { sample, estimates } = sampleSlabs(system.kernel, { sample: 1000, seed }, () => system.slabs)
      expect(sample.population).toBe((GIGABYTES * 2 ** 18) / 64)
      for (const [name, { slabs, total, allocated }] of truth) {
        const estimate = estimates()[caches.indexOf(name)]
        expect(estimate).toMatchObject({ slabs: { low: slabs, high: slabs }, total: { low: total, high: total } })
        if (estimate.allocated.low <= allocated && allocated <= estimate.allocated.high) held.set(name, held.get(name)! + 1)
        if (name !== 'dentry') expect((estimate.allocated.high - estimate.allocated.low) / allocated).toBeLessThan(0.001)
        else tightest = Math.min(tightest, (estimate.allocated.high - estimate.allocated.low) / allocated)
      }
    }
    for (const [name, times] of held) expect(times, name).toBeGreaterThanOrEqual(0.9 * SEEDS)
    expect(tightest).toBeLessThan(0.1)
    // Each sample reads its thousand pages of page structures, and what of descriptors leads to them.
    expect((bytes - before) / SEEDS).toBeLessThan(file.byteLength / 2)
    expect(system.warnings.list()).toEqual([])
    system.close()
    file.close()
  })
})
