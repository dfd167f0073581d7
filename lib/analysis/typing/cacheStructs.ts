import type { SlabCache } from '../../slab/model.js'
import type { System } from '../../system/system.js'
import type { BtfTypes } from '../../type/btfTypes.js'
import { kmallocSize } from '../kmallocFamily.js'

/** What the name of a cache, and the names of those merged into it, say of its objects. */
export interface CacheStructs {
  /** The one struct that the cache holds, and nothing else. */
  readonly only: number | null
  /** Structs that objects of a merged cache may be, by its names: others may share the cache under names that the kernel forgot. */
  readonly named: readonly number[]
  /** Arrays that objects may be, by the same names: `bio_vec[]`. */
  readonly arrays: readonly string[]
}

/** A cache line: objects are padded to one. */
const MOST_PADDING = 64

const known = new WeakMap<System, Map<SlabCache, CacheStructs>>()

/**
 * The structs that a cache is named after. Its size must be that of the cache's objects, but for what aligns it. A cache into which others
 * were merged holds theirs as well: its names are candidates then and prove nothing.
 */
export function structsOfCache(system: System, cache: SlabCache, types: BtfTypes): CacheStructs {
  let kept = known.get(system)
  if (kept === undefined) known.set(system, (kept = new Map<SlabCache, CacheStructs>()))
  let found = kept.get(cache)
  if (found === undefined) kept.set(cache, (found = find(system, cache, types)))
  return found
}

function find(system: System, cache: SlabCache, types: BtfTypes): CacheStructs {
  if (kmallocSize(cache.name) !== undefined || cache.objectBytes === null) return { only: null, named: [], arrays: [] }
  const isMerged = cache.aliases.length > 0 || sharedBy(system, cache) > 1
  const named = [cache.name, ...cache.aliases].flatMap((name) => structNamed(name, cache.objectBytes!, types) ?? [])
  const arrays = [cache.name, ...cache.aliases].flatMap((name) => arrayCaches.find(({ pattern }) => pattern.test(name))?.type ?? [])
  return { only: !isMerged && named.length > 0 ? named[0] : null, named: [...new Set(named)], arrays: [...new Set(arrays)] }
}

/** How many caches share this one: SLAB keeps no names of those it merged, but counts them. */
function sharedBy({ slabs }: System, { address }: SlabCache): number {
  const count = slabs?.table.caches.find((record) => record.address === address)?.refcount ?? 1
  // -1 for the caches of the allocator itself, which are never merged.
  return count | 0
}

/** The struct that a cache of this name and size is named after. */
export function structNamed(cache: string, objectBytes: number, types: BtfTypes): number | undefined {
  for (const name of structNames(cache)) {
    const id = types.find(`struct ${name}`) ?? types.find(`union ${name}`)
    const bytes = id === undefined ? undefined : types.graph.bytesOf(id)
    if (id === undefined || bytes === undefined) continue
    // A cache of the struct's very name may hold more (an array of any size behind it) or less of it (task_struct without all of the FPU's state).
    if (name === cache || (bytes <= objectBytes && bytes > objectBytes - MOST_PADDING)) return id
  }
  return undefined
}

/** Names that a cache called `ext4_inode_cache`, `filp` or `mm_struct` may have for its struct. */
function structNames(cache: string): string[] {
  const plain = cache.replace(/_(cachep?|slab|struct|jar)$/, '')
  const inode = plain.replace(/_inode$/, '_inode_info')
  return [...new Set([cache, plain, `${plain}_struct`, inode, ...(usualNames.get(cache) ?? [])])]
}

/** Caches of arrays, one for each usual length (block/bio.c, lib/sg_pool.c, fs/namei.c of Linux). */
const arrayCaches = [
  { pattern: /^biovec-/, type: 'bio_vec[]' }, { pattern: /^sgpool-/, type: 'scatterlist[]' }, { pattern: /^names_cache$/, type: 'char[]' }
]

/** Caches of the kernel that are named otherwise than their struct (fs/, kernel/, mm/, net/, drivers/acpi of Linux). */
const usualNames = new Map([
  ['filp', ['file']], ['names_cache', []], ['inode_cache', ['inode']], ['signal_cache', ['signal_struct']], ['sighand_cache', ['sighand_struct']],
  ['files_cache', ['files_struct']], ['radix_tree_node', ['xa_node']], ['kernfs_node_cache', ['kernfs_node']], ['kernfs_iattrs_cache', ['kernfs_iattrs']],
  ['sock_inode_cache', ['socket_alloc']], ['proc_inode_cache', ['proc_inode']], ['shmem_inode_cache', ['shmem_inode_info']], ['mnt_cache', ['mount']],
  ['skbuff_head_cache', ['sk_buff']], ['skbuff_fclone_cache', ['sk_buff_fclones']], ['skbuff_ext_cache', ['skb_ext']], ['cred_jar', ['cred']],
  ['bdev_cache', ['bdev_inode']], ['fs_cache', ['fs_struct']], ['lsm_inode_cache', []], ['ep_head', ['epitems_head']], ['dax_cache', ['dax_device']],
  ['eventpoll_epi', ['epitem']], ['eventpoll_pwq', ['eppoll_entry']], ['shared_policy_node', ['sp_node']], ['numa_policy', ['mempolicy']],
  ['Acpi-Operand', ['acpi_operand_object']], ['Acpi-Namespace', ['acpi_namespace_node']], ['Acpi-State', ['acpi_generic_state']], ['Acpi-Parse', ['acpi_parse_obj_common']],
  ['TCP', ['tcp_sock']], ['TCPv6', ['tcp6_sock']], ['UDP', ['udp_sock']], ['UDPv6', ['udp6_sock']], ['UDP-Lite', ['udp_sock']], ['RAW', ['raw_sock']], ['RAWv6', ['raw6_sock']],
  ['UNIX', ['unix_sock']], ['PING', ['inet_sock']], ['request_sock_TCP', ['tcp_request_sock']], ['tw_sock_TCP', ['tcp_timewait_sock']], ['ip_dst_cache', ['rtable']],
  ['ip6_dst_cache', ['rt6_info']], ['fib6_nodes', ['fib6_node']], ['tcp_bind_bucket', ['inet_bind_bucket']], ['tcp_bind2_bucket', ['inet_bind2_bucket']],
  ['net_namespace', ['net']], ['blkdev_ioc', ['io_context']], ['aio_kiocb', ['aio_kiocb']], ['posix_timers_cache', ['k_itimer']], ['uid_cache', ['user_struct']],
  ['file_lock_cache', ['file_lock']], ['file_lock_ctx', ['file_lock_context']], ['mqueue_inode_cache', ['mqueue_inode_info']], ['fanotify_mark', ['fsnotify_mark']],
  ['ext4_groupinfo_4k', ['ext4_group_info']], ['jbd2_journal_head', ['journal_head']], ['jbd2_journal_handle', ['jbd2_journal_handle']], ['jbd2_inode', ['jbd2_inode']],
  ['key_jar', ['key']], ['ip_fib_alias', ['fib_alias']], ['ip_fib_trie', ['tnode']], ['inet_peer_cache', ['inet_peer']], ['task_delay_info', ['task_delay_info']],
  ['fuse_inode', ['fuse_inode']], ['fuse_request', ['fuse_req']], ['ksm_rmap_item', ['ksm_rmap_item', 'rmap_item']], ['ksm_stable_node', ['ksm_stable_node', 'stable_node']],
  ['ksm_mm_slot', ['ksm_mm_slot']], ['hugetlbfs_inode_cache', ['hugetlbfs_inode_info']], ['bio_integrity_payload', ['bio_integrity_payload']], ['audit_buffer', ['audit_buffer']],
  ['xfs_inode', ['xfs_inode']], ['nf_conntrack', ['nf_conn']], ['btrfs_inode', ['btrfs_inode']], ['kmem_cache', ['kmem_cache']], ['debug_objects_cache', ['debug_obj']]
])
