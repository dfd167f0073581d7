import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { describeSignatures } from '../../lib/analysis/signatures.js'
import { openVmcore } from '../../lib/system/openVmcore.js'
import { describeEvidence, evidence } from '../evidence.js'

/** Where the planted objects lie, and the words by which their groups are known. */
const dumps = [
  { folder: 'x86_64-slub', operations: 'kmalloc-cg-32', sessions: 'kmalloc-96', nodes: 'kmalloc-64' },
  { folder: 'x86_64-slub-6.12', operations: 'kmalloc-cg-32', sessions: 'kmalloc-96', nodes: 'kmalloc-64' },
  { folder: 'x86_64-slub-debug', operations: 'kmalloc-cg-32', sessions: 'kmalloc-96', nodes: 'kmalloc-64' },
  { folder: 'arm64-slab', operations: 'kmalloc-128', sessions: 'kmalloc-128', nodes: 'kmalloc-128' }
]

/** Addresses by kind: O operations, S dropped sessions, L sessions on a list, N nodes of pairs. */
function planted(folder: string): Map<string, Set<bigint>> {
  const kinds = new Map<string, Set<bigint>>()
  for (const line of gunzipSync(readFileSync(evidence(folder, 'planted.txt.gz'))).toString().trim().split('\n')) {
    const [kind, address] = line.split(' ')
    if (!kinds.has(kind)) kinds.set(kind, new Set())
    kinds.get(kind)!.add(BigInt(`0x${address.replace(/^0x/, '')}`))
  }
  return kinds
}

describeEvidence('planted objects form groups of their own', () => {
  test.each(dumps)('$folder', async ({ folder, operations, sessions, nodes }) => {
    const system = await openVmcore(evidence(folder, 'vmcore'))
    try {
      const truth = planted(folder)
      const groupsOf = (cache: string) => describeSignatures(system, undefined, { cache })
      const [leak] = groupsOf(operations)
      expect(leak.type?.type).toBe('seq_operations')
      expect(leak.reach.bytes).toBe(32)
      expect(leak.words.map(({ symbol }) => symbol)).toEqual(['single_start', 'single_stop', 'single_next', 'TestMod_ProcContentSeqShow'])
      expect(leak.words[3].module).toBe('testmod')
      expect(new Set(leak.signatures.addressesOf(leak.group))).toEqual(truth.get('O'))

      for (const kind of ['S', 'L']) {
        const own = truth.get(kind)!
        const [group, ...others] = groupsOf(sessions).filter((one) => own.has(one.group.example))
        // The first and last on the list point at its head in the module's data, or are alone on it.
        expect(own.size - group.group.objects).toBeLessThanOrEqual(2)
        expect(others.reduce((sum, one) => sum + one.group.objects, 0)).toBeLessThanOrEqual(2)
        const members = group.signatures.addressesOf(group.group)
        expect([...members].filter((address) => !own.has(address))).toEqual([])
        expect(group.words.find(({ offset }) => offset === 16)).toMatchObject({ bytes: 4, value: '0x000000005e5510a7' })
      }

      const pairs = truth.get('N')
      if (pairs !== undefined) {
        const group = groupsOf(nodes).find((one) => pairs.has(one.group.example))!
        const members = [...group.signatures.addressesOf(group.group)]
        const right = members.filter((address) => pairs.has(address)).length
        expect(right / pairs.size).toBeGreaterThan(0.99)
        // A few other small structs look the same: a pointer, a number, zeros. On arm64 the cache takes everything up to 128 bytes.
        expect(right / members.length).toBeGreaterThan(0.95)
      }
    } finally {
      system.close()
    }
  })
})
