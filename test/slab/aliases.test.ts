import { describe, expect, test } from 'vitest'
import { readSlabs } from '../../lib/slab/readSlabs.js'
import { slub61 } from '../builders/slabLayouts.js'
import { SlubKernel, type TestCache } from '../builders/slubKernel.js'
import { varied } from '../builders/structTypes.js'

const KERNFS_DIR = 1
const KERNFS_LINK = 4

/** A kernel with sysfs; `parent` is how it spells a node's parent. */
function types(parent: string): ReturnType<typeof varied> {
  return varied(slub61, { kmem_cache: { 'kobj.sd': 0xa0 } }, {
    structs: {
      kernfs_node: { bytes: 128, members: { [parent]: 8, name: 16, rb: [24, 24], flags: [56, 2], priv: 64, 'dir.children': 72, 'symlink.target_kn': 72 } },
      rb_node: { bytes: 24, members: { rb_right: 8, rb_left: 16 } }
    }
  })
}

function node(kernel: SlubKernel, name: string, flags: number): bigint {
  const [address, text] = [kernel.alloc(128), kernel.alloc(name.length + 1)]
  kernel.writeText(text, name)
  kernel.set('kernfs_node', address, { name: text, flags })
  return address
}

/** Gives caches their folders in /sys/kernel/slab and puts links of the given names beside them. */
function sysfs(kernel: SlubKernel, parent: string, links: readonly [string, TestCache][]): bigint[] {
  const folder = node(kernel, 'slab', KERNFS_DIR)
  const own = new Map(kernel.caches.map((cache) => {
    const entry = node(kernel, `:${cache.name}`, KERNFS_DIR)
    kernel.set('kernfs_node', entry, { [parent]: folder, priv: kernel.at('kmem_cache', cache.address, 'kobj') })
    kernel.set('kmem_cache', cache.address, { 'kobj.sd': entry })
    return [cache, entry]
  }))
  const children = [...own.values(), ...links.map(([name, cache]) => {
    const link = node(kernel, name, KERNFS_LINK)
    kernel.set('kernfs_node', link, { 'symlink.target_kn': own.get(cache)! })
    return link
  })]
  const rb = children.map((child) => kernel.at('kernfs_node', child, 'rb'))
  kernel.set('kernfs_node', folder, { 'dir.children': rb[0] })
  rb.forEach((each, i) => kernel.set('rb_node', each, { rb_left: rb[2 * i + 1] ?? 0, rb_right: rb[2 * i + 2] ?? 0 }))
  return rb
}

describe('names of merged caches', () => {
  test.each(['parent', '__parent'])('are the links that lead to a cache\'s folder (%s)', (parent) => {
    const kernel = new SlubKernel({ types: types(parent) })
    const [one, two] = [kernel.cache('fanotify_event', { objectBytes: 56 }), kernel.cache('UDPv6', { objectBytes: 1344 })]
    sysfs(kernel, parent, [['UDPLITEv6', two], ['Acpi-Parse', one], ['fanotify_event', one], ['Acpi-Namespace', one]])
    const slabs = readSlabs(kernel.view())
    expect(slabs.caches().map(({ name, aliases }) => [name, aliases])).toEqual([['UDPv6', ['UDPLITEv6']], ['fanotify_event', ['Acpi-Namespace', 'Acpi-Parse']]])
    kernel.slab(one)
    expect(readSlabs(kernel.view()).objects(['Acpi-Parse']).length).toBe(73)
  })

  test('come as far as the tree can be read', () => {
    const kernel = new SlubKernel({ types: types('parent') })
    const cache = kernel.cache('UDPv6', { objectBytes: 1344 })
    const rb = sysfs(kernel, 'parent', [['first', cache], ['second', cache], ['third', cache]])
    kernel.set('rb_node', rb[1], { rb_left: rb[0], rb_right: 0x50 })
    const slabs = readSlabs(kernel.view())
    expect(slabs.caches()[0].aliases).toEqual(['first', 'second'])
    expect(kernel.warnings.list().map(({ message }) => message)).toEqual([expect.stringMatching(/^names of merged caches: .* not mapped$/)])
  })

  test('are none without sysfs', () => {
    const kernel = new SlubKernel({ types: types('parent') })
    kernel.cache('UDPv6', { objectBytes: 1344 })
    expect(readSlabs(kernel.view()).caches()[0].aliases).toEqual([])
  })
})
