import { FaultError } from '../errors.js'
import { readCString, readU64 } from '../memory/memory.js'
import type { KernelView } from './kernelView.js'
import type { KmemCache } from './kmemCache.js'
import { StructReader } from './structReader.js'

/** Nodes of one sysfs folder; also what bounds the depth of its tree. */
const MOST_NODES = 1 << 18
const LONGEST_NAME = 256
/** A node's type bits (include/linux/kernfs.h, enum kernfs_node_type). */
const KERNFS_LINK = 4

/**
 * The names that merged caches were created under, by address of the cache they became: SLUB keeps a symbolic link for each in
 * /sys/kernel/slab, whose directory the caches' own kobjects lead to. Without sysfs, and in SLAB, the kernel forgets them.
 */
export function readAliases(view: KernelView, caches: readonly KmemCache[]): ReadonlyMap<bigint, string[]> {
  const aliases = new Map<bigint, string[]>()
  const cache = new StructReader(view.memory, view.types, 'kmem_cache')
  if (!cache.has('kobj.sd')) return aliases
  const kobject = BigInt(cache.offset('kobj'))
  const byKobject = new Map(caches.map((record) => [record.address + kobject, record]))
  try {
    for (const { name, target } of links(view, folderOf(view, cache, caches))) {
      const record = byKobject.get(target)
      if (record === undefined || record.name === name) continue
      aliases.set(record.address, [...(aliases.get(record.address) ?? []), name])
    }
  } catch (error) {
    if (!(error instanceof FaultError)) throw error
    view.warnings.add(`names of merged caches: ${error.message}`)
  }
  for (const names of aliases.values()) names.sort()
  return aliases
}

/** The folder in which caches have theirs; 0 where no cache has one. */
function folderOf(view: KernelView, cache: StructReader, caches: readonly KmemCache[]): bigint {
  const node = new StructReader(view.memory, view.types, 'kernfs_node')
  // `__parent` since Linux commit 633488947ef6 ("kernfs: Use RCU to access kernfs_node::parent.") in v6.15.
  const parent = node.spelled('parent', '__parent')
  if (parent === undefined) return 0n
  for (const { address } of caches) {
    const own = cache.pointer(address, 'kobj.sd')
    if (own !== 0n) return node.pointer(own, parent)
  }
  return 0n
}

/** The symbolic links of a kernfs folder: a red-black tree, walked with a bounded stack. */
function* links(view: KernelView, folder: bigint): Generator<{ name: string; target: bigint }> {
  const node = new StructReader(view.memory, view.types, 'kernfs_node')
  if (folder === 0n || !node.has('dir.children') || !node.has('symlink.target_kn')) return
  const link = BigInt(node.offset('rb'))
  const [left, right] = ['rb_left', 'rb_right'].map((member) => BigInt(view.types.member('rb_node', member)?.offset ?? 0))
  const open = [readU64(view.memory, folder + BigInt(node.offset('dir.children')), 'rb_root')]
  const seen = new Set<bigint>()
  while (open.length > 0 && seen.size < MOST_NODES) {
    const rb = open.pop()!
    if (rb === 0n || seen.has(rb)) continue
    seen.add(rb)
    const kn = rb - link
    if ((node.number(kn, 'flags') & KERNFS_LINK) !== 0) {
      const target = node.pointer(kn, 'symlink.target_kn')
      yield {
        name: readCString(view.memory, node.pointer(kn, 'name'), LONGEST_NAME, 'kernfs_node.name'),
        target: target === 0n ? 0n : node.pointer(target, 'priv')
      }
    }
    open.push(readU64(view.memory, rb + left, 'rb_node'), readU64(view.memory, rb + right, 'rb_node'))
  }
}
