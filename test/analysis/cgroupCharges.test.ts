import { expect, test } from 'vitest'
import { cgroupCharges, chargesItem } from '../../lib/analysis/cgroupCharges.js'
import { removedCgroups } from '../../lib/analysis/rules/removedCgroups.js'
import { readSlabs } from '../../lib/slab/readSlabs.js'
import { blockMemory, machine } from '../builders/machine.js'
import { slub61 } from '../builders/slabLayouts.js'
import { SlubKernel } from '../builders/slubKernel.js'
import { varied } from '../builders/structTypes.js'

const types = varied(slub61, { slab: { memcg_data: 0x38 } }, {
  structs: {
    obj_cgroup: { bytes: 48, members: { 'refcnt.percpu_count_ptr': 0, memcg: 16 } },
    mem_cgroup: { bytes: 64, members: { 'css.cgroup': 0 } },
    cgroup: { bytes: 64, members: { kn: 24, nr_dying_descendants: [32, 4] } },
    kernfs_node: { bytes: 64, members: { parent: 8, name: 16 } }
  }
})

/** A kernel of which a slab's objects are charged, by slot: to a living cgroup, or to one that was removed. */
function charged(dying: number, slots: Readonly<Record<number, 'living' | 'removed'>>): { system: ReturnType<typeof machine>; addresses: BigUint64Array } {
  const kernel = new SlubKernel({ types })
  const slab = kernel.slab(kernel.cache('kmalloc-cg-256', { objectBytes: 256, slotBytes: 256 }))
  const node = (name: string, parent: bigint): bigint => {
    const [address, text] = [kernel.alloc(64), kernel.alloc(16)]
    kernel.writeText(text, name)
    kernel.set('kernfs_node', address, { parent, name: text })
    return address
  }
  const [cgroup, memcg] = [kernel.alloc(64), kernel.alloc(64)]
  kernel.set('cgroup', cgroup, { kn: node('app', node('', 0n)), nr_dying_descendants: dying }).set('mem_cgroup', memcg, { 'css.cgroup': cgroup })
  kernel.write(kernel.symbol('root_mem_cgroup', kernel.alloc(8)), memcg)
  const objcg = (count: bigint): bigint => {
    const address = kernel.alloc(48)
    kernel.set('obj_cgroup', address, { 'refcnt.percpu_count_ptr': count, memcg })
    return address
  }
  const charges = { living: objcg(0x6000n), removed: objcg(0x6003n) }
  const vector = kernel.alloc(8 * slab.objects)
  for (const [slot, which] of Object.entries(slots)) kernel.write(vector + BigInt(8 * Number(slot)), charges[which])
  kernel.set('slab', slab.page, { memcg_data: vector | 1n })
  const view = kernel.view()
  const system = { ...machine({ memory: blockMemory(0n, new Uint8Array(8)) }), memory: view.memory, types: view.types, kernel: view, slabs: readSlabs(view) }
  return { system, addresses: BigUint64Array.from(Object.keys(slots), (slot) => kernel.object(slab, Number(slot))) }
}

test('objects whose cgroup was removed are told by their charges, with its parent', () => {
  const { system, addresses } = charged(0, { 1: 'removed', 2: 'living', 3: 'removed' })
  const charges = cgroupCharges(system, addresses)!
  expect(charges).toMatchObject({ objects: 3, cgroups: [{ path: '/app', objects: 1 }], removed: { objects: 2, parents: ['/app'], examples: [addresses[0], addresses[2]] } })
  const [item] = chargesItem({ system, files: ['vmcore'], groups: [] }, 'kmalloc-cg-256', charges)
  expect(item.text).toBe('2 of 3 of them are charged to cgroups that were removed (below /app): whoever allocated them is gone.')
  expect(item.code).toBe('await owners(await openDump("vmcore"), { cache: \'kmalloc-cg-256\' })')
})

test('a living cgroup is named, and the root is nobody', () => {
  const { system, addresses } = charged(0, { 1: 'living', 2: 'living' })
  const machineFacts = { system, files: ['vmcore'], groups: [] }
  expect(chargesItem(machineFacts, 'kmalloc-cg-256', cgroupCharges(system, addresses)!)[0].text).toBe('All 2 of them are charged to the cgroup /app.')
})

test('thousands of removed cgroups that are kept are worth a look, some are ordinary', async () => {
  const of = async (dying: number): Promise<unknown> => removedCgroups.find({ machines: [{ system: charged(dying, { 1: 'living' }).system, files: ['vmcore'], groups: [] }], growth: [], differences: [] })
  expect(await of(400)).toEqual([])
  expect(await of(4000)).toMatchObject([{ verdict: 'maybe', confidence: 'weak', type: 'mem_cgroup', objects: 4000, hypothesis: '4,000 cgroups were removed and are still in memory: something that is charged to each is not freed.' }])
})
