import { describe, expect, test } from 'vitest'
import { reclaimable, reclaimableByName } from '../../lib/analysis/reclaimable.js'
import { openDump } from '../../lib/dump/openDump.js'
import { describeEvidence, evidence } from '../evidence.js'

describe('whether shrinkers can take a cache back', () => {
  test('by name, only where the kernel fixes it', () => {
    expect(['dentry', 'ext4_inode_cache', 'kmalloc-rcl-96', 'radix_tree_node'].map(reclaimableByName)).toEqual([true, true, true, true])
    expect(['kmalloc-128', 'kmalloc-cg-32', 'dma-kmalloc-64', 'kmalloc-rnd-03-256', 'kmalloc-8k', 'size-64', 'task_struct'].map(reclaimableByName)).toEqual(Array(7).fill(false))
    expect(['my_cache', 'shmem_inode_cache', 'kmalloc', 'zfs_znode_cache'].map(reclaimableByName)).toEqual([null, null, null, null])
  })

  test('by what memory readings leave possible', () => {
    expect(reclaimable('my_cache', 100, 50, 500)).toBe(false)
    expect(reclaimable('my_cache', 100, 500, 50)).toBe(true)
    expect(reclaimable('my_cache', 100, 500, 500)).toBeNull()
    expect(reclaimable('my_cache', 100, null, 50)).toBeNull()
    // A reading that cannot hold the cache at all is of another moment.
    expect(reclaimable('my_cache', 1000, 50, 50)).toBeNull()
  })
})

describeEvidence('against the flags of real caches', () => {
  test.each(['arm64-slab', 'x86_64-slub', 'x86_64-slub-6.12'])('%s', async (folder) => {
    const dump = await openDump(evidence(folder, 'vmcore'))
    const known = dump.system.caches().filter((cache) => cache.reclaimable !== null)
    expect(known.length).toBeGreaterThan(50)
    const wrong = known.filter(({ name, reclaimable: truth }) => reclaimableByName(name) !== null && reclaimableByName(name) !== truth).map(({ name }) => name)
    expect(wrong).toEqual([])
    // Names that are not known stay unknown, and are few.
    expect(known.filter(({ name, reclaimable: truth }) => truth === true && reclaimableByName(name) === null).map(({ name }) => name).length).toBeLessThan(12)
  })
})
