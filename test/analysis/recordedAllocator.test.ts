import { expect, test } from 'vitest'
import type { GroupFacts } from '../../lib/analysis/leakEvidence.js'
import { recordedAllocator } from '../../lib/analysis/recordedAllocator.js'
import { findSuspects } from '../../lib/analysis/suspects.js'
import { readSlabs } from '../../lib/slab/readSlabs.js'
import { openVmcore } from '../../lib/system/openVmcore.js'
import { blockMemory, machine } from '../builders/machine.js'
import { slub71 } from '../builders/slabLayouts.js'
import { SlubKernel } from '../builders/slubKernel.js'
import { varied } from '../builders/structTypes.js'
import { describeEvidence, evidence } from '../evidence.js'

describeEvidence('suspects of a dump with slub_debug', () => {
  test('say by whom the lost objects were allocated', async () => {
    const system = await openVmcore(evidence('x86_64-slub-debug', 'vmcore'))
    const [operations, sessions, nodes] = await findSuspects(system)
    expect(operations.evidence.at(-1)).toEqual({
      text: 'All 100,006 of them were allocated by single_open+0x2a, called by TestMod_ProcContentOpen+0x1b [testmod], called by proc_reg_open+0xa9: slub_debug recorded it.',
      addresses: ['0xffff8f4d812c8020'], code: expect.stringMatching(/^await allocationStacks\(await openDump\(".*vmcore"\), \{ cache: 'kmalloc-cg-32' \}\)$/) as string
    })
    expect(sessions).toMatchObject({ type: 'TestModSession', symbols: ['TestMod_SessionWork', 'TestMod_SessionOpen'], fix: expect.stringMatching(/; TestMod_SessionOpen allocates them\.$/) as string })
    // Their cache is not watched.
    expect(JSON.stringify(nodes)).not.toContain('recorded')
    system.close()
  }, 300_000)
})

test('memory allocation profiling tells the source line', () => {
  const types = varied(slub71, { slab: { obj_exts: 0x38 } }, {
    structs: {
      slabobj_ext: { bytes: 16, members: { objcg: 0, ref: [8, 8], 'ref.ct': 8 } },
      codetag: { bytes: 32, members: { flags: [0, 4], lineno: [4, 4], modname: 8, function: 16, filename: 24 } }
    }
  })
  const kernel = new SlubKernel({ types })
  const slab = kernel.slab(kernel.cache('kmalloc-256', { objectBytes: 256, slotBytes: 256 }))
  const text = (value: string): bigint => {
    const address = kernel.alloc(value.length + 1)
    kernel.writeText(address, value)
    return address
  }
  const tag = (line: number): bigint => {
    const address = kernel.alloc(32)
    kernel.set('codetag', address, { lineno: line, function: text('leaky_open'), filename: text('drivers/leaky.c'), modname: text('leaky') })
    return address
  }
  const vector = kernel.alloc(16 * slab.objects)
  const [often, once] = [tag(77), tag(78)]
  for (const [slot, site] of [[1, once], [2, often], [3, often]] as const) kernel.write(vector + BigInt(16 * slot + 8), site)
  kernel.set('slab', slab.page, { obj_exts: vector })
  const view = kernel.view()
  const system = { ...machine({ memory: blockMemory(0n, new Uint8Array(8)) }), kernel: view, slabs: readSlabs(view) }
  const of = (...slots: number[]): ReturnType<typeof recordedAllocator> => recordedAllocator({ system, files: ['vmcore'], groups: [] }, {
    cache: { name: 'kmalloc-256' }, group: { objects: slots.length }, signatures: { addressesOf: () => BigUint64Array.from(slots, (slot) => kernel.object(slab, slot)) }
  } as unknown as GroupFacts)
  expect(of(1, 2, 3, 4)).toEqual({
    function: 'leaky_open', module: 'leaky',
    item: {
      text: '2 of 4 of them were allocated at drivers/leaky.c:77, in leaky_open [leaky]: memory allocation profiling recorded it.',
      addresses: [`0x${kernel.object(slab, 2).toString(16)}`], code: 'await owners(await openDump("vmcore"), { cache: \'kmalloc-256\' })'
    }
  })
  expect(of(4, 5)).toBeUndefined()
})
