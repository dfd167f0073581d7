import { expect, test } from 'vitest'
import { sampledSignatures } from '../../lib/analysis/sampledSignatures.js'
import { signatures } from '../../lib/analysis/signatures.js'
import { openVmcore } from '../../lib/system/openVmcore.js'
import { describeEvidence, evidence } from '../evidence.js'

interface Row { cache: string; objects: number; share: number; shareLow: number; shareHigh: number; type: string | null; readObjects: number; askedObjects: number }

describeEvidence('signatures of a sample', () => {
  test('the largest groups are those of all objects, their true shares within the bounds; caches below the sample are read whole', async () => {
    const system = await openVmcore(evidence('x86_64-slub', 'vmcore'))
    const sampled = sampledSignatures(system, { sample: 2000 }).objects() as Row[]
    const all = signatures(system).objects() as Row[]
    const [first] = sampled
    expect(first).toMatchObject({ cache: 'kmalloc-cg-32', type: 'seq_operations', readObjects: 2000 })
    expect(first.askedObjects).toBeGreaterThan(100_000)
    for (const name of ['kmalloc-cg-32', 'kmalloc-96']) {
      const largest = (rows: Row[]): Row => rows.filter(({ cache }) => cache === name).reduce((most, row) => (row.share > most.share ? row : most))
      const [row, whole] = [largest(sampled), largest(all)]
      expect(row.shareLow).toBeLessThanOrEqual(whole.share)
      expect(row.shareHigh).toBeGreaterThanOrEqual(whole.share)
      expect(Math.abs(row.objects - whole.objects)).toBeLessThan(0.02 * row.askedObjects)
    }
    const small = sampled.filter(({ cache }) => cache === 'kmem_cache')
    expect(small.reduce((sum, { objects }) => sum + objects, 0)).toBe(small[0].askedObjects)
    expect(small.every(({ share, shareLow, shareHigh }) => share === shareLow && share === shareHigh)).toBe(true)
    expect(() => sampledSignatures(system, { sample: 0 })).toThrow('expected the `sample` option to be a positive integer, got 0')
    system.close()
  })
})
