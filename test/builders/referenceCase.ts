import type { LeakEvidence } from '../../lib/analysis/leakEvidence.js'
import { FREE } from '../../lib/slab/model.js'
import type { System } from '../../lib/system/system.js'
import { cacheNamed, machine, sparseMemory } from './machine.js'

const slab = 0xffff80003a5b0000n
const elfTail = [
  0x0000000000000040n, 0x0000000000010b88n, 0x0038004000000000n, 0x001d001e00400009n,
  0x00010102464c457fn, 0n, 0x0000000100b70003n, 0x00000000000010e0n, 0x0000000000000040n, 0x0000000000026d78n, 0x0038004000000000n, 0x001a001b00400007n
]
const operations = [0xffff00000824edd8n, 0xffff00000824ee00n, 0xffff00000824ede8n, 0xffff000001415218n, ...elfTail]
const neighbour = [
  0n, 0xffff00001d045000n, 0x22000n, 2n, 0xffff800061795e00n, 0x21n, 0n, 0xffff0000014ab824n, ...Array.from({ length: 8 }, () => 0n)
]

/** The session of the reference case in miniature: one slab listed, three objects read, two symbols looked up, one struct printed. */
export function referenceSession(): System {
  const words = new Map<bigint, bigint>()
  for (const [i, object] of [operations, neighbour, operations].entries()) {
    object.forEach((word, at) => words.set(slab + BigInt(i * 128 + at * 8), word))
  }
  const shown = (address: bigint, name: string) => ({ address, name, type: '?', module: null, shownBytes: 1 })
  return machine({
    memory: sparseMemory(words),
    symbols: [
      { address: 0xffff00000824edd8n, name: 'single_start', type: 't', module: null, shownBytes: 1, file: '/build/linux/fs/seq_file.c', line: 541 },
      { address: 0xffff00000824ee00n, name: 'single_stop', type: 't', module: null, shownBytes: 1, file: '/build/linux/fs/seq_file.c', line: 552 },
      shown(0xffff00000824ede8n, 'single_next'), shown(0xffff000001415218n, 'TestMod_ProcContentSeqShow')
    ],
    caches: [cacheNamed('kmalloc-128', { objectBytes: null, slotBytes: 128, allocated: 1723323, total: 1723968, slabs: 53874, slabBytes: 4096, bytes: 53874 * 4096 })],
    objects: Array.from({ length: 32 }, (_, i) => ({ address: slab + BigInt(i * 128), cache: 0, ...(i % 4 === 3 ? { state: FREE } : {}) })),
    shownStructs: [{
      type: 'seq_operations', address: slab, bytes: null, members: [
        { name: 'start', value: '0xffff00000824edd8 <single_start>' }, { name: 'stop', value: '0xffff00000824ee00 <single_stop>' },
        { name: 'next', value: '0xffff00000824ede8 <single_next>' }, { name: 'show', value: '0xffff000001415218 <TestMod_ProcContentSeqShow>' }
      ]
    }]
  })
}

/** What slabinfo of the two machines says. */
export const referenceDifference: LeakEvidence['differences'][number] = {
  cache: 'kmalloc-128', beforeObjects: 22726, afterObjects: 1767698, deltaObjects: 1744972, deltaBytes: 223563776, status: 'grown',
  before: 'healthy', after: 'leaking', code: 'compare(…)'
}
