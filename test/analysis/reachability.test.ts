import { expect, test } from 'vitest'
import { findReachable, reachability, REACHABLE, retainedBy, UNREACHABLE } from '../../lib/analysis/reachability.js'
import { ALLOCATED } from '../../lib/slab/model.js'
import { openVmcore } from '../../lib/system/openVmcore.js'
import { describeEvidence, evidence } from '../evidence.js'
import { plantedObjects } from '../planted.js'

/** Leaked objects that stale words of live stacks happen to name: what holds the rest, as `slablab references` shows it. */
const heldByStaleWords: Record<string, Record<string, number>> = {
  'x86_64-slub': {}, 'x86_64-slub-debug': {}, 'x86_64-slub-6.12': {}, 'arm64-slab': { O: 2 }
}
/** Objects of other code that nothing refers to: empty sysctl directories, which stay for ever. */
const mostOthers = 4

describeEvidence.each(Object.keys(heldByStaleWords))('reachability of %s', (dataset) => {
  const truth = plantedObjects(dataset)

  test('what was planted as leaked is unreachable, live twins are not, and hardly anything else is', async () => {
    const system = await openVmcore(evidence(dataset, 'vmcore'))
    const { objects, reached, doubts } = await findReachable(system)
    const positions = new Map<bigint, number>()
    objects.address.forEach((address, i) => positions.set(address, i))
    const counts: Record<string, { planted: number; reached: number }> = {}
    for (const { kind, address } of truth) {
      const position = positions.get(address)
      const count = (counts[kind] ??= { planted: 0, reached: 0 })
      count.planted++
      if (position === undefined || reached[position] !== UNREACHABLE) count.reached++
    }
    for (const kind of ['O', 'S', 'N']) expect(counts[kind].reached, kind).toBe(heldByStaleWords[dataset][kind] ?? 0)
    for (const kind of ['L', 'held']) expect(counts[kind].reached, kind).toBe(counts[kind].planted)
    const planted = new Set(truth.map(({ address }) => address))
    const others = Array.from(objects.address).filter((address, i) => reached[i] === UNREACHABLE && !planted.has(address))
    expect(others.length).toBeLessThanOrEqual(mostOthers)
    // These dumps hold every object in use.
    expect(doubts).toEqual([])
    system.close()
  })
})

describeEvidence('what a dump keeps alive', () => {
  test('each allocated object has a row; a pair that points at each other is retained by either', async () => {
    const system = await openVmcore(evidence('x86_64-slub', 'vmcore'))
    const found = await findReachable(system)
    const table = await reachability(system)
    expect(table.columnNames()).toEqual(['address', 'cache', 'reachable', 'rank'])
    let allocated = 0
    for (const state of found.objects.state) if (state === ALLOCATED) allocated++
    expect(table.numRows()).toBe(allocated)
    const node = plantedObjects('x86_64-slub').find(({ kind }) => kind === 'N')!
    const position = found.objects.address.indexOf(node.address)
    expect(retainedBy(found, [position])).toEqual({ objects: 2, bytes: 128 })
    const live = found.objects.address.indexOf(plantedObjects('x86_64-slub').find(({ kind }) => kind === 'L')!.address)
    expect(found.reached[live]).toBe(REACHABLE)
    system.close()
  })
})
