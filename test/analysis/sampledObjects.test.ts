import { expect, test } from 'vitest'
import { SampledObjects, type ObjectsInCommon } from '../../lib/analysis/sampledObjects.js'
import { describeSignatures } from '../../lib/analysis/signatures.js'
import { openVmcore } from '../../lib/system/openVmcore.js'
import type { VmcoreSystem } from '../../lib/system/vmcoreSystem.js'
import { describeEvidence, evidence } from '../evidence.js'

const SEEDS = 40

/** Groups of the whole dump that are a part of a cache worth asking for, as a number for each object. */
function groupsOf(system: VmcoreSystem): { of: Map<bigint, number>; groups: { cache: string; share: number; objects: number }[] } {
  const of = new Map<bigint, number>()
  const groups = describeSignatures(system).map(({ cache, group, signatures }, number) => {
    for (const address of signatures.addressesOf(group)) of.set(address, number)
    return { cache: cache!.name, share: group.objects / signatures.readObjects, objects: group.objects }
  })
  return { of, groups }
}

/** The objects of a sample by the group of the whole dump that they are in. */
function partsOf({ addresses }: SampledObjects, { of, groups }: ReturnType<typeof groupsOf>): Map<number, ObjectsInCommon> {
  const lists = new Map<number, bigint[]>()
  for (const address of addresses) {
    const group = of.get(address)
    if (group === undefined) continue
    const list = lists.get(group)
    if (list === undefined) lists.set(group, [address])
    else list.push(address)
  }
  return new Map([...lists].map(([group, list]) => [group, { cache: groups[group].cache, addresses: BigUint64Array.from(list) }]))
}

describeEvidence('objects drawn at random', () => {
  test.each([['x86_64-slub', 120], ['x86_64-slub', 500], ['arm64-slab', 300], ['x86_64-slub-6.12', 300]])('tell the shares of groups within bounds: %s, %d stretches', async (name, sample) => {
    const system = await openVmcore(evidence(name, 'vmcore'))
    const whole = groupsOf(system)
    const wanted = whole.groups.map((group, number) => ({ ...group, number })).filter(({ objects }) => objects >= 1000)
    expect(wanted.length).toBeGreaterThan(3)
    let [shares, counts, tries] = [0, 0, 0]
    for (let seed = 1; seed <= SEEDS; seed++) {
      const drawn = new SampledObjects(system, { sample, seed }, undefined)
      const parts = partsOf(drawn, whole)
      const numbers = [...parts.keys()]
      const estimates = drawn.estimate([...parts.values()])
      for (const { number, share, objects } of wanted) {
        const found = estimates[numbers.indexOf(number)]
        if (found === undefined) continue
        tries++
        if (found.shareLow <= share && share <= found.shareHigh) shares++
        if (found.objects.low <= objects && objects <= found.objects.high) counts++
        expect(found.readObjects).toBeLessThanOrEqual(sample)
      }
    }
    expect(tries).toBeGreaterThan(SEEDS * 3)
    expect(shares / tries).toBeGreaterThanOrEqual(0.95)
    expect(counts / tries).toBeGreaterThanOrEqual(0.95)
    system.close()
  })
})
