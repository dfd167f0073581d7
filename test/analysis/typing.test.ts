import { expect, test } from 'vitest'
import { identifiedShares } from '../../lib/analysis/types.js'
import { groupTypes } from '../../lib/analysis/typing.js'
import { openVmcore } from '../../lib/system/openVmcore.js'
import { describeEvidence, evidence } from '../evidence.js'
import { plantedObjects } from '../planted.js'

const planted: Readonly<Record<string, string>> = { O: 'seq_operations', held: 'seq_operations', S: 'TestModSession', L: 'TestModSession', N: 'TestModNode' }

/** Structs that the kernel keeps in general or merged caches, with how many of each a machine has at least. */
const innocent = { 'x86_64-slub': ['device_private', 'pci_dev', 'acpi_namespace_node'], 'x86_64-slub-6.12': ['device_private', 'pci_dev', 'acpi_namespace_node'], 'arm64-slab': ['device_private', 'kernfs_node'] }

describeEvidence.each(['x86_64-slub', 'x86_64-slub-6.12', 'arm64-slab'] as const)('the types of %s', (dataset) => {
  test('all planted types are found, and nothing fits as well; most of the general caches is identified', async () => {
    const system = await openVmcore(evidence(dataset, 'vmcore'))
    const found = groupTypes(system)
    const typeOf = new Map<bigint, string | null>()
    for (const { described, objects, type, rivals } of found) {
      if (objects !== described.group.objects) continue
      for (const address of described.signatures.addressesOf(described.group)) typeOf.set(address, rivals === 0 ? type : null)
    }
    const wrong = plantedObjects(dataset).filter(({ kind, address }) => typeOf.get(address) !== planted[kind])
    // A live dump is taken while objects come and go.
    expect(wrong.length).toBeLessThan(dataset === 'x86_64-slub-6.12' ? 20 : 1)

    const known = new Set(found.filter(({ rivals }) => rivals === 0).map(({ type }) => type))
    for (const type of innocent[dataset]) expect([...known]).toContain(type)

    const shares = identifiedShares(found)
    const general = shares.filter(({ of }) => of === 'general caches')
    expect(general.map(({ what }) => what)).toEqual(['one type', 'candidates', 'unknown'])
    expect(general[0].share).toBeGreaterThan(0.8)
    const all = system.caches().reduce((sum, cache) => sum + (cache.allocated ?? 0), 0)
    expect(shares.reduce((sum, { objects }) => sum + objects, 0)).toBe(all)
    system.close()
  }, 300_000)
})
