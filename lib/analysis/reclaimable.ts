/**
 * Caches that the kernel creates with SLAB_RECLAIM_ACCOUNT: shrinkers can empty them under pressure. Names as in the kernel's calls of
 * kmem_cache_create; a file system's inode cache may be accounted or not, so only names that are known stand here.
 */
const known: ReadonlySet<string> = new Set([
  'dentry', 'dentry_cache', 'inode_cache', 'proc_inode_cache', 'sock_inode_cache', 'bdev_cache', 'rpc_inode_cache', 'radix_tree_node', 'buffer_head',
  'ext2_inode_cache', 'ext3_inode_cache', 'ext4_inode_cache', 'ext4_extent_status', 'extent_status', 'mbcache', 'mb_cache_entry', 'xfs_inode', 'btrfs_inode', 'f2fs_inode_cache',
  'nfs_inode_cache', 'fuse_inode', 'fat_inode_cache', 'fat_cache', 'isofs_inode_cache', 'udf_inode_cache', 'jfs_ip', 'squashfs_inode_cache', 'ovl_inode',
  'dquot', 'dax_cache', 'tracefs_inode_cache', 'ceph_inode_info', 'cifs_inode_cache', 'gfs2_inode', 'erofs_inode', 'v9fs_inode_cache'
])

/** kmalloc caches of requests with __GFP_RECLAIMABLE (since Linux 4.20). */
const reclaimableKmalloc = /^kmalloc-rcl-/
/** All other kmalloc caches, by their names since 2.6, are created without SLAB_RECLAIM_ACCOUNT (mm/slab_common.c). */
const otherKmalloc = /^(?:(?:dma-)?kmalloc-(?:rnd-\d\d-)?(?:cg-|dma-|node-|\d)|size-\d)/
/** The allocator's own, and what processes are made of: created without it in every kernel. */
const never: ReadonlySet<string> = new Set([
  'kmem_cache', 'kmem_cache_node', 'task_struct', 'mm_struct', 'vm_area_struct', 'vmap_area', 'maple_node', 'filp', 'files_cache', 'signal_cache', 'sighand_cache',
  'cred_jar', 'pid', 'anon_vma', 'anon_vma_chain', 'seq_file', 'skbuff_head_cache', 'skbuff_fclone_cache', 'TCP', 'TCPv6', 'UDP', 'UDPv6'
])

/**
 * Whether shrinkers can take a cache's memory back, by its name: true or false only where the kernel's source fixes it, else null.
 * Merging keeps this apart: caches merge only with their like (SLAB_MERGE_SAME).
 *
 * @example reclaimableByName('kmalloc-128') // false
 */
export function reclaimableByName(cache: string): boolean | null {
  if (known.has(cache) || reclaimableKmalloc.test(cache)) return true
  return otherKmalloc.test(cache) || never.has(cache) ? false : null
}

/**
 * Whether shrinkers can take a cache's memory back, by its name and by what memory readings leave possible: a cache larger than all
 * reclaimable slab is not reclaimable, one larger than all unreclaimable slab is.
 */
export function reclaimable(cache: string, bytes: number, reclaimableBytes: number | null, unreclaimableBytes: number | null): boolean | null {
  if (reclaimableBytes !== null && unreclaimableBytes !== null && bytes <= reclaimableBytes + unreclaimableBytes) {
    if (bytes > reclaimableBytes) return false
    if (bytes > unreclaimableBytes) return true
  }
  return reclaimableByName(cache)
}
