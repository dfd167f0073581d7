import type { SlabCache } from '../slab/model.js'
import type { BtfTypes } from '../type/btfTypes.js'
import { kmallocSize } from './kmallocFamily.js'

/** The struct that a dedicated cache holds, by its name: its size must be that of the cache's objects, but for what aligns it. */
export function structOfCache(cache: SlabCache, types: BtfTypes): { readonly id: number; readonly name: string } | undefined {
  if (kmallocSize(cache.name) !== undefined || cache.objectBytes === null) return undefined
  for (const name of cacheStructNames(cache)) {
    const id = types.find(`struct ${name}`)
    const bytes = id === undefined ? undefined : types.graph.bytesOf(id)
    if (id === undefined || bytes === undefined || bytes > cache.objectBytes) continue
    // Objects are padded to a cache line; those of a cache with the struct's very name may end in an array of any size (task_struct).
    if (name === cache.name || bytes > cache.objectBytes - MOST_PADDING) return { id, name }
  }
  return undefined
}

/** A cache line. */
const MOST_PADDING = 64

/** Names that a cache called `ext4_inode_cache`, `filp` or `mm_struct` may have for its struct; aliases of merged caches name strangers. */
function cacheStructNames({ name, aliases }: SlabCache): string[] {
  if (aliases.length > 0) return []
  const plain = name.replace(/_(cachep?|slab|struct)$/, '')
  const inode = plain.replace(/_inode$/, '_inode_info')
  return [...new Set([name, plain, `${plain}_struct`, inode, ...(usualNames.get(name) ?? [])])]
}

/** Caches of the core kernel that are named otherwise than their struct (fs/, kernel/, mm/ of Linux; the names have stood since 2.6). */
const usualNames = new Map([
  ['filp', ['file']], ['names_cache', []], ['inode_cache', ['inode']], ['signal_cache', ['signal_struct']], ['sighand_cache', ['sighand_struct']],
  ['files_cache', ['files_struct']], ['radix_tree_node', ['xa_node']], ['task_group', ['task_group']], ['kernfs_node_cache', ['kernfs_node']],
  ['sock_inode_cache', ['socket_alloc']], ['proc_inode_cache', ['proc_inode']], ['shmem_inode_cache', ['shmem_inode_info']], ['mnt_cache', ['mount']],
  ['skbuff_head_cache', ['sk_buff']], ['skbuff_fclone_cache', ['sk_buff_fclones']], ['anon_vma', ['anon_vma']], ['cred_jar', ['cred']],
  ['uts_namespace', ['uts_namespace']], ['bdev_cache', ['bdev_inode']], ['fs_cache', ['fs_struct']], ['dnotify_struct', ['dnotify_struct']],
  ['pool_workqueue', ['pool_workqueue']], ['lsm_inode_cache', []], ['ep_head', ['epitems_head']], ['eventpoll_epi', ['epitem']], ['eventpoll_pwq', ['eppoll_entry']]
])
