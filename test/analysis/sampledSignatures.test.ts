import { expect, test } from 'vitest'
import { sampleFacts } from '../../lib/analysis/sampleFacts.js'
import { sampledSignatures } from '../../lib/analysis/sampledSignatures.js'
import { sampledTypes } from '../../lib/analysis/sampledTypes.js'
import { signatures } from '../../lib/analysis/signatures.js'
import { types } from '../../lib/analysis/types.js'
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

  test.each(['x86_64-slub', 'arm64-slab'])('are those of all objects where the sample holds all: %s', async (name) => {
    const system = await openVmcore(evidence(name, 'vmcore'))
    const all = signatures(system).objects() as Row[]
    const sampled = sampledSignatures(system, { sample: 1_000_000 }).objects() as Row[]
    expect(sampled.map(({ cache, objects, share, type }) => ({ cache, objects, share, type }))).toEqual(all.map(({ cache, objects, share, type }) => ({ cache, objects, share, type })))
    expect(sampled.every(({ share, shareLow, shareHigh }) => share === shareLow && share === shareHigh)).toBe(true)
    const kinds = ['cache', 'objects', 'bytes', 'type', 'rivals'] as const
    const only = (rows: Record<string, unknown>[]): unknown[] => rows.map((row) => kinds.map((kind) => row[kind])).sort()
    expect(only(sampledTypes(system, { sample: 1_000_000 }).objects() as Record<string, unknown>[])).toEqual(only(types(system).objects() as Record<string, unknown>[]))
    system.close()
  })

  test('of a part of memory: the leak is the largest group and has its type, in signatures and in types', async () => {
    const system = await openVmcore(evidence('x86_64-slub', 'vmcore'))
    const truth = (types(system).objects() as Row[]).find(({ type }) => type === 'seq_operations')!
    for (const table of [sampledSignatures(system, { sample: 200, seed: 3 }), sampledTypes(system, { sample: 200, seed: 3 })]) {
      const rows = table.objects() as (Row & { objectsLow: number; objectsHigh: number })[]
      const leak = rows.find(({ type }) => type === 'seq_operations')!
      expect(leak).toMatchObject({ cache: 'kmalloc-cg-32', readObjects: 200 })
      expect(leak.objectsLow).toBeLessThanOrEqual(truth.objects)
      expect(leak.objectsHigh).toBeGreaterThanOrEqual(truth.objects)
    }
    const [only] = sampledTypes(system, { sample: 200, cache: 'kmalloc-cg-32' }).objects() as Row[]
    expect(only.cache).toBe('kmalloc-cg-32')
    expect(() => sampledTypes(system, { sample: 200, cache: 'nonesuch' })).toThrow('no cache named nonesuch')
    // The sample is asked about the kernel's own pointers too: what lies outside of it has a cache still.
    const words = (sampledSignatures(system, { sample: 200, cache: 'dentry' }).objects() as { words: { cache: string | null }[] }[]).flatMap((row) => row.words)
    expect(words.some(({ cache }) => cache === 'dentry' || cache === 'inode_cache')).toBe(true)
    system.close()
  })

  test('say what was looked at', async () => {
    const system = await openVmcore(evidence('x86_64-slub', 'vmcore'))
    expect(sampleFacts(system, { sample: 100 })).toEqual({
      seed: 1, stretches: 100, allStretches: 1024, stretchPages: 64, whole: false, countedCaches: system.caches().length, caches: system.caches().length
    })
    expect(sampleFacts(system, { sample: 5000 })).toMatchObject({ whole: true, stretches: null })
    system.close()
  })
})
