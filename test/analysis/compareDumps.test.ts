import { expect, test } from 'vitest'
import { compareDumps } from '../../lib/analysis/compareDumps.js'
import { sameBoot } from '../../lib/analysis/sameBoot.js'
import { FREE, type SlabObjects } from '../../lib/slab/model.js'
import { openVmcore } from '../../lib/system/openVmcore.js'
import type { System } from '../../lib/system/system.js'
import { describeEvidence, evidence } from '../evidence.js'

interface Row { cache: string; type?: string | null; signature?: string; beforeObjects: number; afterObjects: number; newObjects: number | null; goneObjects: number | null; survivingObjects: number | null }

/** The same machine when some objects of a cache were not there yet. */
function without(system: System, cache: string, count: number): System {
  const objects = (names?: readonly string[]): SlabObjects => {
    const all = system.objects(names)
    const state = all.state.slice()
    for (let i = 0, left = count; i < all.length && left > 0; i++) {
      if (all.caches[all.cache[i]].name !== cache || state[i] === FREE) continue
      state[i] = FREE
      left--
    }
    return { ...all, state }
  }
  return new Proxy(system, { get: (target, name) => (name === 'objects' ? objects : Reflect.get(target, name, target) as unknown) })
}

describeEvidence('two dumps', () => {
  test('of the same boot are compared object by object', async () => {
    const system = await openVmcore(evidence('arm64-slab', 'vmcore'))
    const before = without(system, 'seq_file', 2)
    const { boot, table } = compareDumps(before, system)
    expect(boot).toMatchObject({ same: true, order: 'as given' })
    const rows = table.objects() as Row[]
    expect(rows.find(({ cache }) => cache === 'seq_file')).toMatchObject({ newObjects: 2, goneObjects: 0, survivingObjects: 3 })
    expect(rows.find(({ cache }) => cache === 'kmalloc-128')).toMatchObject({ newObjects: 0, goneObjects: 0, survivingObjects: 71_003 })
    const types = compareDumps(before, system, 'type').table.objects() as Row[]
    expect(types.find(({ type }) => type === 'seq_operations')).toMatchObject({ cache: 'kmalloc-128', beforeObjects: 60_006, afterObjects: 60_006, survivingObjects: 60_006 })
    system.close()
  }, 300_000)

  test('of different boots by kind only, with symbols in the place of addresses', async () => {
    const [first, second] = await Promise.all(['x86_64-slub', 'x86_64-slub-debug'].map((name) => openVmcore(evidence(name, 'vmcore'))))
    expect(sameBoot(first, first).same).toBe(true)
    const { boot, table } = compareDumps(first, second, 'signature')
    expect(boot.same).toBe(false)
    expect(boot.reasons[0]).toMatch(/the place of the kernel in memory differs/)
    const rows = table.objects() as Row[]
    const leaked = rows.filter(({ type }) => type === 'seq_operations')
    expect(leaked).toMatchObject([{
      cache: 'kmalloc-cg-32', beforeObjects: 100_006, afterObjects: 100_006, newObjects: null, goneObjects: null, survivingObjects: null,
      signature: 'single_start, single_stop, single_next, TestMod_ProcContentSeqShow'
    }])
    // Below 0xffffffff80000000 are numbers of two halves, the upper one -1.
    for (const { signature } of rows) expect(signature).not.toMatch(/0xffff(?!ffff[0-7])[0-9a-f]{12}/)
    first.close()
    second.close()
  }, 300_000)
})
