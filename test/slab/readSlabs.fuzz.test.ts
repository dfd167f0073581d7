import { expect, test } from 'vitest'
import { SlablabError } from '../../lib/errors.js'
import { Owners } from '../../lib/slab/owners.js'
import { ALLOCATED, objectStates, UNKNOWN } from '../../lib/slab/model.js'
import { readSlabs } from '../../lib/slab/readSlabs.js'
import { Tracks } from '../../lib/slab/tracks.js'
import { DIRECT_MAP, VMEMMAP, type MiniKernel } from '../builders/miniKernel.js'
import { fuzzRounds, fuzzTimeout } from '../builders/mutate.js'
import { randomFrom } from '../builders/random.js'
import { SlabKernel } from '../builders/slabKernel.js'
import { slab61, slub61, slub71 } from '../builders/slabLayouts.js'
import { SlubKernel } from '../builders/slubKernel.js'

const frames = 96

function slubMachine(types: typeof slub61): MiniKernel {
  const kernel = new SlubKernel({ types, frames })
  for (const [name, objectBytes, order] of [['kmalloc-256', 256, 0], ['dentry', 192, 1], ['inode', 1000, 2]] as const) {
    const cache = kernel.cache(name, { objectBytes, slotBytes: Math.ceil(objectBytes / 8) * 8, order })
    const slabs = [kernel.slab(cache, [1, 2]), kernel.slab(cache), kernel.slab(cache, [0])]
    if (types === slub71) {
      const pointer = kernel.sheaves(cache, 8)
      kernel.set('slub_percpu_sheaves', kernel.perCpu(pointer, 0), { main: kernel.sheaf(cache, [kernel.object(slabs[1], 3)]), rcu_free: kernel.sheaf(cache, [kernel.object(slabs[1], 2)]) })
    } else {
      kernel.cpuSlab(1, slabs[1], [3])
      kernel.cpuPartial(0, [slabs[0], slabs[2]])
    }
  }
  return kernel
}

function slabMachine(): MiniKernel {
  const kernel = new SlabKernel({ types: slab61, frames })
  for (const [name, objectBytes, num] of [['kmalloc-256', 256, 15], ['dentry', 192, 20]] as const) {
    const cache = kernel.cache(name, { objectBytes, num })
    const slab = kernel.slab(cache, [1, 2])
    kernel.slab(cache)
    kernel.arrayCache(kernel.cpuCache(cache, 0), [kernel.object(slab, 5)])
  }
  return kernel
}

/** Values that damage does most with: small and large numbers, and addresses of this machine. */
function value(random: () => number): bigint {
  const kinds = [
    () => BigInt(Math.floor(random() * 64)), () => BigInt(Math.floor(random() * 2 ** 32)), () => (1n << 64n) - 1n - BigInt(Math.floor(random() * 4096)),
    () => DIRECT_MAP + BigInt(Math.floor(random() * frames * 512) * 8), () => VMEMMAP + BigInt(Math.floor(random() * frames * 64)), () => 0n
  ]
  return kinds[Math.floor(random() * kinds.length)]()
}

test.each([['SLUB', () => slubMachine(slub61)], ['SLUB with sheaves', () => slubMachine(slub71)], ['SLAB', slabMachine]] as const)('damage to %s costs no more than a warning', (_, make) => {
  for (let round = 0; round < fuzzRounds(200); round++) {
    const random = randomFrom(round)
    const kernel = make()
    for (let hit = 0; hit < 1 + random() * 30; hit++) {
      const address = random() < 0.4 ? VMEMMAP + BigInt(Math.floor(random() * frames * 8) * 8) : DIRECT_MAP + BigInt(Math.floor(random() * frames * 512) * 8)
      if (random() < 0.1) kernel.dropped.add(Math.floor(random() * frames))
      else kernel.write(address, value(random), random() < 0.5 ? 8 : 4)
    }
    const view = kernel.view()
    try {
      const slabs = readSlabs(view)
      const caches = slabs.caches()
      const objects = slabs.objects()
      for (let i = 1; i < objects.length; i++) expect(objects.address[i] > objects.address[i - 1], `round ${round}, row ${i}`).toBe(true)
      expect([...objects.state].every((state) => state < objectStates.length)).toBe(true)
      caches.forEach(({ allocated, total }, row) => {
        const states = objects.state.filter((_, i) => objects.cache[i] === row)
        expect(total).toBe(states.length)
        // What is counted is what is listed, but for slabs of which a list broke off.
        if (states.includes(UNKNOWN)) expect(allocated! <= total!, `round ${round}`).toBe(true)
        else expect(allocated, `round ${round}`).toBe(states.filter((state) => state === ALLOCATED).length)
      })
      for (let i = 0; i < objects.length; i += 37) expect(slabs.find(objects.address[i])?.object).toBe(objects.address[i])
      slabs.slabs()
      const tracks = new Tracks(view, slabs.table)
      const owners = new Owners(view, slabs.table)
      caches.forEach((_, row) => tracks.groups(row, 'alloc', new Set([0])))
      for (let slab = 0; slab < slabs.table.length; slab++) if (slabs.table.objects[slab] > 0) owners.cgroup(slab, 0)
    } catch (error) {
      // Where no cache is left to be found, that is said.
      if (!(error instanceof SlablabError)) throw new Error(`round ${round}`, { cause: error })
      expect(error.message).toMatch(/slab_caches|not in the evidence/)
    }
  }
}, fuzzTimeout)
